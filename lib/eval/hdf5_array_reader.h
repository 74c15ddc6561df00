// Reads one HDF5 file that may be anything: every size, type and place is checked before bytes are
// taken. Private to the score file's sources.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "lib/eval/hdf5_handle.h"

namespace reel3d {

// Every failure is an input error that names the file and what is wrong with it.
class Hdf5ArrayReader {
 public:
  explicit Hdf5ArrayReader(const std::filesystem::path& path);

  [[noreturn]] void Fail(const std::string& why) const { context_.Fail(why); }

  // Attributes of the root.
  int64_t Integer(const char* name) const;
  std::string Text(const char* name) const;

  // A one-axis data set of texts of at most 4096 bytes each.
  std::vector<std::string> Strings(const char* name) const;
  // Entries on each axis of a data set with this many axes.
  std::vector<hsize_t> Shape(const char* name, size_t num_axes) const;
  // All values of a data set that has this shape and exactly the stored type.
  template <class Value>
  std::vector<Value> Values(const char* name, hid_t stored_type, hid_t memory_type,
                            const std::vector<hsize_t>& shape) const {
    size_t count = 1;
    for (const hsize_t extent : shape) {
      count *= extent;
    }
    const Dataset dataset = OpenExactly(name, stored_type, shape);
    std::vector<Value> values(count);
    Read(dataset, name, memory_type, values.data());
    return values;
  }

 private:
  struct Dataset {
    Hdf5Handle handle;
    Hdf5Handle type;
    std::vector<hsize_t> shape;
  };

  Hdf5Handle OpenAttribute(const char* name) const;
  // Takes only data that is stored here, whole and plainly: not in another file, behind a filter,
  // or promised by a header that no bytes stand behind.
  Dataset Open(const char* name, size_t num_axes) const;
  Dataset OpenExactly(const char* name, hid_t stored_type, const std::vector<hsize_t>& shape) const;
  void RequirePlainStorage(const Hdf5Handle& dataset, const char* name) const;
  void RequireBytes(const Dataset& dataset, const char* name) const;
  void Read(const Dataset& dataset, const char* name, hid_t memory_type, void* values) const;
  size_t StringWidth(const Hdf5Handle& type, const char* name) const;

  Hdf5Context context_;
  uint64_t file_size_bytes_;
  Hdf5Handle file_;
};

}  // namespace reel3d

// Reads HDF5 files of plain data sets without trusting them. It allocates no memory for sizes that
// the file does not have. It reads only files whose own structures carry checksums (the format of
// HDF5 1.8, 2008), so that damage is found. A file that somebody forged with matching checksums can
// still crash the library, which has known faults of that kind. One object belongs to one thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/input_file.h"
#include "lib/hdf5/hdf5_call.h"

namespace reel3d {

// The place of a data set's bytes in the file.
struct Hdf5Extent {
  uint64_t offset_bytes = 0;
  uint64_t size_bytes = 0;
};

using Hdf5Shape = std::vector<uint64_t>;

// Throws input errors that name the file, and an environment error if another file took its name
// while it was opened. From then on the reader reads the file that it opened. Data sets must be
// contiguous and lie inside this file; links to elsewhere, filters and other types than requested
// are refused.
class Hdf5Reader {
 public:
  explicit Hdf5Reader(const std::filesystem::path& file);

  bool HasAttribute(const std::string& name) const;
  std::string Text(const std::string& attribute) const;
  int64_t Integer(const std::string& attribute) const;  // an attribute of any integer type

  // Returns whether the file holds `name`. The group that would hold it must exist.
  bool Has(const std::string& name) const;
  // These return all values of a data set, row major. Without `shape` the data set must have a
  // single axis, else exactly this shape.
  template <class T>
  std::vector<T> Values(const std::string& name) const;
  template <class T>
  std::vector<T> Values(const std::string& name, const Hdf5Shape& shape) const;
  std::vector<std::string> Strings(const std::string& name) const;
  // Returns the place of a data set's values of type T. The bytes in the file are as in memory.
  template <class T>
  Hdf5Extent Extent(const std::string& name) const;
  // Does the same for a data set that must have exactly this shape.
  template <class T>
  Hdf5Extent Extent(const std::string& name, const Hdf5Shape& shape) const;

  // The bytes of the same file, for values whose Extent() is known. Any thread may read them.
  const InputFile& bytes() const { return *bytes_; }
  // The same, for an object that outlives the reader.
  const std::shared_ptr<const InputFile>& shared_bytes() const { return bytes_; }

  [[noreturn]] void Fail(const std::string& why) const;

 private:
  struct Dataset {
    Hdf5Id id, type;
    Hdf5Shape shape;
    Hdf5Extent extent;
  };
  void RequireChecksums() const;
  void RequireSameFile() const;
  Hdf5Id OpenAttribute(const std::string& name) const;
  std::string Unpadded(const std::string& padded, const std::string& name) const;
  Dataset Open(const std::string& name) const;
  Dataset Open(const std::string& name, int64_t type) const;
  template <class T>
  std::vector<T> Read(const Dataset& dataset, const std::string& name) const;
  void RequireAxes(const Dataset& dataset, size_t num_axes, const std::string& name) const;
  void RequireShape(const Dataset& dataset, const Hdf5Shape& shape, const std::string& name) const;

  const std::string file_name_;
  const std::shared_ptr<const InputFile> bytes_;
  Hdf5Id file_;
};

}  // namespace reel3d

// Writes one HDF5 file: plain arrays, fixed-length strings, attributes of the root. The same calls
// give the same bytes. Private to the score file's sources.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "lib/eval/hdf5_handle.h"

namespace reel3d {

// Every failure is an environment error that calls the file `name`, whatever its path.
class Hdf5ArrayWriter {
 public:
  Hdf5ArrayWriter(const std::filesystem::path& path, const std::string& name);

  void Group(const char* name);
  // `values` hold the product of `shape` elements of `type`, row major.
  void Data(const char* name, hid_t type, const std::vector<hsize_t>& shape, const void* values);
  void Strings(const char* name, const std::vector<std::string>& strings);
  void Attribute(const char* name, int64_t value);
  void Attribute(const char* name, const std::string& text);
  // Writes the attribute complete=1 after everything else has been flushed, and closes.
  void Finish();

 private:
  // Time stamps would make equal files differ.
  Hdf5Handle WithoutTimes(hid_t property_class) const;
  Hdf5Handle Create(const std::filesystem::path& path) const;
  void Attribute(const char* name, hid_t type, const void* value);

  Hdf5Context context_;
  Hdf5Handle dataset_properties_, group_properties_;
  Hdf5Handle file_;
};

}  // namespace reel3d

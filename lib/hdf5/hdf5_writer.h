// Writes HDF5 files of plain data sets. The same calls give the same bytes: nothing in them depends
// on the time of day. One object belongs to one thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "lib/hdf5/hdf5_call.h"

namespace reel3d {

// Throws environment errors, because only the disk can fail here. The errors name the file
// `called`, because users do not know the temporary name `file`.
class Hdf5Writer {
 public:
  Hdf5Writer(const std::filesystem::path& file, const std::string& called);

  void Attribute(const std::string& name, const std::string& text);
  void Attribute(const std::string& name, uint32_t value);
  void Attribute(const std::string& name, uint8_t value);
  void Attribute(const std::string& name, int64_t value);

  void Group(const std::string& name);

  // Data sets are contiguous, and aligned to 4096 bytes if they have at least that many. T is one
  // of uint8_t, uint16_t, uint32_t, uint64_t, int32_t.
  template <class T>
  void Values(const std::string& name, const std::vector<T>& values);
  // Writes a data set of shape [values.size() / num_columns, num_columns], row major.
  void Rows(const std::string& name, const std::vector<float>& values, size_t num_columns);
  // Writes fixed-length UTF-8 texts, padded with NUL to the length of the longest.
  void Strings(const std::string& name, const std::vector<std::string>& strings);

  // Begins a data set of `size_bytes` bytes. AppendBytes() then writes its content in pieces, in
  // order.
  void BeginBytes(const std::string& name, uint64_t size_bytes);
  void AppendBytes(const void* bytes, uint64_t size_bytes);

  void Flush();
  // Completes the file.
  void Close();

 private:
  Hdf5Id Creation(int64_t property_class) const;
  void Create(const std::string& name, int64_t type, const std::vector<uint64_t>& shape);
  void Attribute(const std::string& name, int64_t type, const void* value);
  void Write(const std::string& name, int64_t type, const std::vector<uint64_t>& shape,
             const void* values);

  const std::string file_name_;
  Hdf5Id file_;
  Hdf5Id dataset_;  // made by the last Create
  uint64_t bytes_written_ = 0;
};

}  // namespace reel3d

// Reads and writes the safetensors file format (huggingface.co/docs/safetensors), without torch: a
// length, a JSON header of names, types, shapes and offsets, then the bytes of all tensors end to
// end.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace reel3d {

struct SafetensorsEntry {
  std::string name;
  std::string type;  // "F32", "BF16", "I64", ...
  std::vector<int64_t> shape;
  uint64_t size_bytes = 0;
  uint64_t offset = 0;  // from the first tensor's first byte
};

struct SafetensorsHeader {
  std::vector<SafetensorsEntry> entries;  // in the order of their bytes
  std::map<std::string, std::string> metadata;
};

// Use one reader per thread.
class SafetensorsReader {
 public:
  // Reads and checks the header. Throws an input error that names `file` unless it is well formed.
  // The header must lie within the file and have at most 100 MB. Types must be known, names unique,
  // and sizes must match shapes. Tensors must fill the rest of the file without gap or overlap.
  explicit SafetensorsReader(std::filesystem::path file);

  const SafetensorsHeader& header() const { return header_; }

  // Copies the tensor's size_bytes into `bytes`. `entry` is one of header()'s.
  void Read(const SafetensorsEntry& entry, void* bytes);

 private:
  std::filesystem::path path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  SafetensorsHeader header_;
  uint64_t first_byte_ = 0;  // of the first tensor
};

// Writes header and tensors. `bytes_of(i)` is called once for each of `entries` and returns its
// bytes, which must last until the next call. Larger types come first, because readers want tensors
// aligned; otherwise the order stays. `size_bytes` and `offset` of the entries are computed here
// and need not be set. Writing is not atomic, so pass a temporary path. Throws an environment error
// if the disk refuses.
void WriteSafetensors(const std::filesystem::path& file, const SafetensorsHeader& header,
                      const std::function<const void*(size_t)>& bytes_of);

}  // namespace reel3d

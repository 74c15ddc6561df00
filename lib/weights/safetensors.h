// The safetensors file format (huggingface.co/docs/safetensors), without torch: a length, a JSON
// header of names, types, shapes and offsets, then the bytes of all tensors end to end.
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

// One thread.
class SafetensorsReader {
 public:
  // Reads and checks the header. Throws an input error that names `file` unless it is well formed:
  // a header within the file and of at most 100 MB, known types, names once each, as many bytes as
  // a shape says, and tensors that fill the rest of the file without gap or overlap.
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

// Writes header and tensors; `bytes_of(i)` gives the bytes of entries[i], called once each, and
// they must last until the next call. Larger types come first, as readers want tensors aligned;
// else the order stays. Sets size_bytes and offset by itself. Not atomic: pass a temporary path.
// Throws an environment error where the disk refuses.
void WriteSafetensors(const std::filesystem::path& file, const SafetensorsHeader& header,
                      const std::function<const void*(size_t)>& bytes_of);

}  // namespace reel3d

// Reads the weights in a .pth, .pt or .tar file of Python's torch.save, or in a TorchScript file:
// names, shapes, types, and on request the bytes. Nothing in the file is executed. It does without
// torch.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "lib/weights/input_file.h"
#include "lib/weights/pth_container.h"

namespace reel3d {

// A view into a storage, which several tensors may share. It need not be contiguous.
struct PthTensor {
  std::string name;
  std::string type;  // as of safetensors: "F32", "BF16", "I64", ...
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;  // in values
  int64_t first = 0;             // value of the storage
  std::string storage;           // its key
};

// Holds the first names of entries that are not read, and the number of such entries.
struct PassedOver {
  std::vector<std::string> names;
  size_t count = 0;

  void Add(const std::string& name);
};

struct PthHeader {
  std::string format;  // "torch.save, zip", "torch.save, legacy" or "TorchScript"
  // Other entries of a complete checkpoint that are whole numbers or text, such as epoch, arch.
  std::map<std::string, std::string> notes;
  std::string entry;                // of the state dict: "model"; empty: the file itself is it
  std::vector<std::string> others;  // entries that hold other state dicts, as keys
  PassedOver passed_over;           // entries of the state dict that are no tensors
  std::vector<PthTensor> tensors;   // in the order of the file
};

class PthReader {
 public:
  // Reads a state dict, plain or as any entry of a checkpoint; `key` names one of several
  // (pth_states.h). Other objects of Python beside it are ignored. Throws an input error that names
  // `file` and its fault: something malformed, an object of Python in the state dict, or a tensor
  // that reaches out of its storage. It is also a fault if all tensors together are more than four
  // times as large as the file (many views of the same values).
  explicit PthReader(std::filesystem::path file, const std::string& key = "");

  const PthHeader& header() const { return header_; }

  // Return a storage's size, and read all its bytes, which are checked if the file has a checksum.
  uint64_t StorageBytes(const std::string& key) const;
  void ReadStorage(const std::string& key, void* bytes) const;

 private:
  InputFile file_;
  PthContainer container_;
  PthHeader header_;
};

}  // namespace reel3d

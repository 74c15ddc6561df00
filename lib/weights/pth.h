// Reads the weights in a .pth, .pt or .tar file of Python's torch.save, or in a TorchScript file:
// names, shapes, types, and on request the bytes. Nothing in the file is executed. This file does
// not use torch.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "lib/base/input_file.h"
#include "lib/weights/pth_container.h"

namespace reel3d {

// A tensor is a view into a storage, which several tensors may share. The view need not be
// contiguous.
struct PthTensor {
  std::string name;
  std::string type;  // as in safetensors: "F32", "BF16", "I64", ...
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;  // in values
  int64_t first = 0;             // index of the tensor's first value in the storage
  std::string storage;           // the storage's key
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
  std::string entry;                // of the state dict: "model"; empty: the file is the dict
  std::vector<std::string> others;  // keys of other state dicts in the file
  PassedOver passed_over;           // entries of the state dict that are not tensors
  std::vector<PthTensor> tensors;   // in the order of the file
};

class PthReader {
 public:
  // Reads a state dict: the file itself, or any entry of a checkpoint. If the file holds several,
  // `key` chooses one (ChooseState in pth_states.h). Other Python objects in the file are ignored.
  // Throws an input error that names `file` and its fault: something malformed, a Python object in
  // the state dict, or a tensor that reaches out of its storage. It is also a fault if all tensors
  // together are more than four times as large as the file (many views of the same values).
  explicit PthReader(std::filesystem::path file, const std::string& key = "");

  const PthHeader& header() const { return header_; }

  // These return the size of the storage `key`, and read all its bytes. Bytes of a zip archive are
  // compared with its checksum.
  uint64_t StorageBytes(const std::string& key) const;
  void ReadStorage(const std::string& key, void* bytes) const;

 private:
  InputFile file_;
  PthContainer container_;
  PthHeader header_;
};

}  // namespace reel3d

// The weights in a .pth, .pt or .tar file of Python's torch.save, or in a TorchScript file: names,
// shapes, types, and on request their bytes. Nothing in the file is executed. Without torch.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "lib/model/input_file.h"
#include "lib/model/pth_container.h"

namespace reel3d {

// A view into a storage, which several may share; not necessarily contiguous.
struct PthTensor {
  std::string name;
  std::string type;  // as of safetensors: "F32", "BF16", "I64", ...
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;  // in values
  int64_t first = 0;             // value of the storage
  std::string storage;           // its key
};

struct PthHeader {
  std::string format;  // "torch.save, zip", "torch.save, legacy" or "TorchScript"
  // Of a whole checkpoint: its other entries that are whole numbers or text, such as epoch, arch.
  std::map<std::string, std::string> notes;
  std::vector<PthTensor> tensors;  // in the order of the file
};

class PthReader {
 public:
  // Reads a state dict, plain or as the entry `state_dict`, `model_state_dict` or `model` of a
  // checkpoint. Throws an input error that names `file` and what is wrong: anything malformed, a
  // pickle of more than plain data, tensors that reach out of their storage, or that altogether are
  // more than four times as large as the file (views of the same values again and again).
  explicit PthReader(std::filesystem::path file);

  const PthHeader& header() const { return header_; }

  // A storage's size, and all its bytes, which are checked where the file holds a checksum.
  uint64_t StorageBytes(const std::string& key) const;
  void ReadStorage(const std::string& key, void* bytes) const;

 private:
  InputFile file_;
  PthContainer container_;
  PthHeader header_;
};

}  // namespace reel3d

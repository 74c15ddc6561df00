// The weights in a .pth, .pt or .tar file of Python's torch.save, or in a TorchScript file: names,
// shapes, types, and on request their bytes. Nothing in the file is executed. Without torch.
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

// A view into a storage, which several may share; not necessarily contiguous.
struct PthTensor {
  std::string name;
  std::string type;  // as of safetensors: "F32", "BF16", "I64", ...
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;  // in values
  int64_t first = 0;             // value of the storage
  std::string storage;           // its key
};

// What is left out: the first of the names, and how many there are.
struct PassedOver {
  std::vector<std::string> names;
  size_t count = 0;

  void Add(const std::string& name);
};

struct PthHeader {
  std::string format;  // "torch.save, zip", "torch.save, legacy" or "TorchScript"
  // Of a whole checkpoint: its other entries that are whole numbers or text, such as epoch, arch.
  std::map<std::string, std::string> notes;
  std::string entry;                // of the state dict: "model"; empty: the file itself is it
  std::vector<std::string> others;  // entries that hold other state dicts, as keys
  PassedOver passed_over;           // entries of the state dict that are no tensors
  std::vector<PthTensor> tensors;   // in the order of the file
};

class PthReader {
 public:
  // Reads a state dict, plain or as any entry of a checkpoint; `key` says which of several
  // (pth_states.h). Other objects of Python beside it are passed over. Throws an input error that
  // names `file` and what is wrong: anything malformed, an object of Python in the state dict,
  // tensors that reach out of their storage, or that altogether are more than four times as large
  // as the file (views of the same values again and again).
  explicit PthReader(std::filesystem::path file, const std::string& key = "");

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

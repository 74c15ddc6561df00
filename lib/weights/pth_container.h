// Reads the container that torch.save puts around tensors: a pickle of the objects, and beside it
// the storages that hold the tensors' values. The container has two forms: a zip archive (torch 1.6
// and later, TorchScript too), and the older one, five pickles followed by the storages end to end.
// Nothing is executed. This file does not use torch.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "lib/base/error.h"
#include "lib/base/input_file.h"
#include "lib/weights/pickle.h"
#include "lib/weights/zip_reader.h"

namespace reel3d {

struct PthStorage {
  std::string type;  // as in safetensors: "F32", "BF16", ...
  uint64_t type_bytes = 0;
  uint64_t num_values = 0;
  uint64_t offset = 0;            // of its first byte in the file
  std::optional<ZipEntry> entry;  // of a zip archive, with its checksum; nothing in the older form

  uint64_t size_bytes() const { return type_bytes * num_values; }
};

struct PthContainer {
  std::string format;  // "torch.save, zip", "torch.save, legacy" or "TorchScript"
  Pickle objects;
  std::map<std::string, PthStorage> storages;  // by the key that a persistent id names
};

// Returns the key of the storage that a kPersistent value of `objects` describes. Throws an input
// error that begins with `source` if the value describes none.
std::string StorageKey(const Pickle& objects, const PickleValue& persistent,
                       const std::string& source);

// Returns the input error for a value that is a Python object (kOpaque) where weights are expected.
// `what` names that place in the file `source`.
Error OpaqueObject(const std::string& source, const std::string& what, const PickleValue& opaque);

// Throws an input error if the file is malformed or of another kind. For known other kinds (Caffe,
// Lua, a pickled module) the error says how to convert the file.
PthContainer ReadPthContainer(const InputFile& file);

// Reads the storage's size_bytes() bytes. Throws an input error if they do not match a checksum.
void ReadPthStorage(const InputFile& file, const PthStorage& storage, void* bytes);

}  // namespace reel3d

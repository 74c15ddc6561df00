// What torch.save puts around tensors: a pickle of the objects, and beside it the storages that the
// tensors look into. Two forms: a zip archive (torch 1.6 and later, TorchScript too), and the older
// one, five pickles and then the storages end to end. Nothing is executed. Without torch.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>

#include "lib/base/error.h"
#include "lib/weights/input_file.h"
#include "lib/weights/pickle.h"
#include "lib/weights/zip_reader.h"

namespace reel3d {

struct PthStorage {
  std::string type;  // as of safetensors: "F32", "BF16", ...
  uint64_t type_bytes = 0;
  uint64_t num_values = 0;
  uint64_t offset = 0;            // of its first byte in the file
  std::optional<ZipEntry> entry;  // in a zip archive: says its checksum

  uint64_t size_bytes() const { return type_bytes * num_values; }
};

struct PthContainer {
  std::string format;  // "torch.save, zip", "torch.save, legacy" or "TorchScript"
  Pickle objects;
  std::map<std::string, PthStorage> storages;  // by the key that a persistent id names
};

// Of a kPersistent value of `objects`: the key of its storage. Throws an input error that begins
// with `source` unless it describes one.
std::string StorageKey(const Pickle& objects, const PickleValue& persistent,
                       const std::string& source);

// The input error on a kOpaque value that stands where weights should; `what` names the place.
Error OpaqueObject(const std::string& source, const std::string& what, const PickleValue& opaque);

// Throws an input error that says what is wrong, and what to convert the file with where it is of
// another kind that is known (Caffe, Lua, a module that was pickled whole).
PthContainer ReadPthContainer(const InputFile& file);

// The storage's size_bytes(); an input error where a checksum says that they are damaged.
void ReadPthStorage(const InputFile& file, const PthStorage& storage, void* bytes);

}  // namespace reel3d

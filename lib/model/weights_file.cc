// SPDX-License-Identifier: Apache-2.0
#include "lib/model/weights_file.h"

#include <torch/types.h>

#include <map>
#include <utility>

#include "lib/weights/pth.h"
#include "lib/weights/published_names.h"
#include "lib/weights/weights_header.h"
#include "lib/weights/weights_name.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// Maps names in the file to our names; tensors without an entry are not loaded.
using Names = std::map<std::string, std::string>;

NamedTensors LoadPth(const WeightsName& source, const Names& names) {
  const PthReader reader(source.file, source.entry);
  std::map<std::string, at::Tensor> storages;
  NamedTensors tensors;
  for (const PthTensor& view : reader.header().tensors) {
    const auto name = names.find(view.name);
    if (name == names.end()) {
      continue;
    }
    const at::ScalarType type = TensorType(view.type, source.file, view.name);
    at::Tensor& storage = storages[view.storage];
    if (!storage.defined()) {
      const auto num_values =
          static_cast<int64_t>(reader.StorageBytes(view.storage) / c10::elementSize(type));
      storage = at::empty({num_values}, type);
      reader.ReadStorage(view.storage, storage.mutable_data_ptr());
    }
    tensors.emplace_back(name->second,
                         storage.as_strided(view.shape, view.strides, view.first).contiguous());
  }
  return tensors;
}

NamedTensors LoadSafetensors(const fs::path& file, const Names& names) {
  NamedTensors tensors;
  for (auto& [stored, tensor] : LoadTensors(file)) {
    const auto name = names.find(stored);
    if (name != names.end()) {
      tensors.emplace_back(name->second, std::move(tensor));
    }
  }
  return tensors;
}

}  // namespace

NamedTensors LoadWeights(const fs::path& name) {
  const WeightsHeader header = ReadWeightsHeader(name);
  Names names;
  for (size_t i = 0; i < header.tensors.size(); ++i) {
    names[header.stored_names[i]] = header.tensors[i].name;
  }
  const WeightsName source = SplitWeightsName(name);
  return IsSafetensors(source.file) ? LoadSafetensors(source.file, names) : LoadPth(source, names);
}

void SavePth(const fs::path& file, const NamedTensors& tensors,
             const std::optional<PthCheckpoint>& checkpoint) {
  std::vector<SafetensorsEntry> entries;
  for (const auto& [name, tensor] : tensors) {
    entries.push_back({name, TensorTypeName(tensor.scalar_type()), tensor.sizes().vec()});
  }
  at::Tensor current;  // keeps the bytes alive while they are written
  const auto bytes_of = [&](size_t index) {
    current = tensors[index].second.detach().cpu().contiguous();
    return current.const_data_ptr();
  };
  WritePth(file, entries, bytes_of, checkpoint);
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "lib/model/weights_file.h"

#include <torch/types.h>

#include <map>

#include "lib/model/pth.h"
#include "lib/model/published_names.h"
#include "lib/model/weights_header.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

NamedTensors LoadPth(const fs::path& file) {
  const PthReader reader(file);
  std::map<std::string, at::Tensor> storages;
  NamedTensors tensors;
  for (const PthTensor& view : reader.header().tensors) {
    const at::ScalarType type = TensorType(view.type, file, view.name);
    at::Tensor& storage = storages[view.storage];
    if (!storage.defined()) {
      const auto num_values =
          static_cast<int64_t>(reader.StorageBytes(view.storage) / c10::elementSize(type));
      storage = at::empty({num_values}, type);
      reader.ReadStorage(view.storage, storage.mutable_data_ptr());
    }
    tensors.emplace_back(view.name,
                         storage.as_strided(view.shape, view.strides, view.first).contiguous());
  }
  return tensors;
}

}  // namespace

NamedTensors LoadWeights(const fs::path& file) {
  NamedTensors tensors = IsSafetensors(file) ? LoadTensors(file) : LoadPth(file);
  std::vector<TensorHeader> names = HeadersOf(tensors);
  UseOurNames(&names);
  for (size_t i = 0; i < tensors.size(); ++i) {
    tensors[i].first = names[i].name;
  }
  return tensors;
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

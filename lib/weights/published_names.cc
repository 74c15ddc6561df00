// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/published_names.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "lib/weights/family.h"
#include "lib/weights/tensor_shapes.h"

namespace reel3d {
namespace {

std::string Renamed(std::string name, const OtherNames& other_names) {
  for (const auto& [theirs, ours] : other_names.renamings) {
    const size_t at = name.find(theirs);
    if (at == 0 || (at != std::string::npos && theirs[0] == '.')) {
      name.replace(at, theirs.size(), ours);
    }
  }
  return name;
}

// Returns the other names of the first family whose other names the tensors have; null if none.
const OtherNames* FindOtherNames(const std::vector<TensorHeader>& headers) {
  const TensorShapes tensors(headers);
  for (const Family& family : Families()) {
    if (family.other_names.are_in != nullptr && family.other_names.are_in(tensors)) {
      return &family.other_names;
    }
  }
  return nullptr;
}

void TakeOffPrefix(std::vector<TensorHeader>* tensors) {
  constexpr std::string_view kDataParallel = "module.";
  const auto has_it = [&](const TensorHeader& tensor) {
    return tensor.name.compare(0, kDataParallel.size(), kDataParallel) == 0;
  };
  while (!tensors->empty() && std::all_of(tensors->begin(), tensors->end(), has_it)) {
    for (TensorHeader& tensor : *tensors) {
      tensor.name.erase(0, kDataParallel.size());
    }
  }
}

}  // namespace

void UseOurNames(std::vector<TensorHeader>* tensors) {
  TakeOffPrefix(tensors);
  const OtherNames* const other_names = FindOtherNames(*tensors);
  if (other_names == nullptr) {
    return;
  }
  std::vector<TensorHeader> renamed = *tensors;
  std::set<std::string> names;
  for (TensorHeader& tensor : renamed) {
    tensor.name = Renamed(tensor.name, *other_names);
    names.insert(tensor.name);
  }
  // If two tensors get the same name, the file mixes both forms, and no tensor is renamed.
  if (names.size() == renamed.size()) {
    *tensors = std::move(renamed);
  }
}

}  // namespace reel3d

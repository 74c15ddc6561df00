// SPDX-License-Identifier: Apache-2.0
#include "lib/model/tensor_io.h"

#include <fmt/format.h>
#include <torch/types.h>

#include "lib/base/error.h"
#include "lib/weights/safetensors.h"

namespace reel3d {
namespace {

const std::map<std::string, at::ScalarType>& Types() {
  static const std::map<std::string, at::ScalarType> types = {
      {"BOOL", at::kBool}, {"U8", at::kByte},   {"I8", at::kChar},  {"I16", at::kShort},
      {"I32", at::kInt},   {"I64", at::kLong},  {"F16", at::kHalf}, {"BF16", at::kBFloat16},
      {"F32", at::kFloat}, {"F64", at::kDouble}};
  return types;
}

}  // namespace

at::ScalarType TensorType(const std::string& name, const std::filesystem::path& file,
                          const std::string& tensor) {
  const auto type = Types().find(name);
  if (type == Types().end()) {
    throw InputError(fmt::format("{}: tensor {} is of type {}, which reel3d does not use",
                                 file.string(), tensor, name));
  }
  return type->second;
}

std::string TensorTypeName(at::ScalarType type) {
  for (const auto& [name, known] : Types()) {
    if (known == type) {
      return name;
    }
  }
  throw Error(ErrorKind::kInternal, fmt::format("no safetensors type for {}", toString(type)));
}

std::vector<TensorHeader> HeadersOf(const NamedTensors& tensors) {
  std::vector<TensorHeader> headers;
  for (const auto& [name, tensor] : tensors) {
    headers.push_back({name, TensorTypeName(tensor.scalar_type()), tensor.sizes().vec()});
  }
  return headers;
}

void SaveTensors(const std::filesystem::path& file, const NamedTensors& tensors,
                 const std::map<std::string, std::string>& metadata) {
  SafetensorsHeader header;
  header.metadata = metadata;
  for (const auto& [name, tensor] : tensors) {
    header.entries.push_back({name, TensorTypeName(tensor.scalar_type()), tensor.sizes().vec()});
  }
  at::Tensor current;  // keeps the bytes alive while they are written
  WriteSafetensors(file, header, [&](size_t index) {
    current = tensors[index].second.detach().cpu().contiguous();
    return current.const_data_ptr();
  });
}

NamedTensors LoadTensors(const std::filesystem::path& file) {
  NamedTensors tensors;
  SafetensorsReader reader(file);
  for (const SafetensorsEntry& entry : reader.header().entries) {
    at::Tensor tensor = at::empty(entry.shape, TensorType(entry.type, file, entry.name));
    reader.Read(entry, tensor.mutable_data_ptr());
    tensors.emplace_back(entry.name, std::move(tensor));
  }
  return tensors;
}

}  // namespace reel3d

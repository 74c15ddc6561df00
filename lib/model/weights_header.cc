// SPDX-License-Identifier: Apache-2.0
#include "lib/model/weights_header.h"

#include "lib/model/input_file.h"
#include "lib/model/pth.h"
#include "lib/model/published_names.h"
#include "lib/model/safetensors.h"

namespace reel3d {

// Its header's length, of which the upper bytes are 0, then the header, a JSON object.
bool IsSafetensors(const std::filesystem::path& file) {
  const InputFile input(file);
  return input.size_bytes() > 8 && input.ReadText(4, 5) == std::string("\0\0\0\0{", 5);
}

namespace {

WeightsHeader ReadAsNamed(const std::filesystem::path& file) {
  WeightsHeader header;
  if (IsSafetensors(file)) {
    const SafetensorsReader reader(file);
    header.format = "safetensors";
    header.notes = reader.header().metadata;
    for (const SafetensorsEntry& entry : reader.header().entries) {
      header.tensors.push_back({entry.name, entry.type, entry.shape});
    }
    return header;
  }
  const PthReader reader(file);
  header.format = reader.header().format;
  header.notes = reader.header().notes;
  for (const PthTensor& tensor : reader.header().tensors) {
    header.tensors.push_back({tensor.name, tensor.type, tensor.shape});
  }
  return header;
}

}  // namespace

WeightsHeader ReadWeightsHeader(const std::filesystem::path& file) {
  WeightsHeader header = ReadAsNamed(file);
  UseOurNames(&header.tensors);
  return header;
}

}  // namespace reel3d

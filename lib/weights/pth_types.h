// Lists element types, with their names in torch.save's storages and in safetensors.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace reel3d {

struct PthType {
  std::string_view storage;  // the class torch.<storage>Storage
  std::string_view name;     // as in safetensors
  uint64_t size_bytes;
};

constexpr std::array<PthType, 10> kPthTypes = {{{"Float", "F32", 4},
                                                {"Half", "F16", 2},
                                                {"BFloat16", "BF16", 2},
                                                {"Double", "F64", 8},
                                                {"Long", "I64", 8},
                                                {"Int", "I32", 4},
                                                {"Short", "I16", 2},
                                                {"Char", "I8", 1},
                                                {"Byte", "U8", 1},
                                                {"Bool", "BOOL", 1}}};

}  // namespace reel3d

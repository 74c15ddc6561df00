// Holds the choice of --precision, without torch. lib/model/precision.h applies the choice.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "lib/base/option_binder.h"

namespace reel3d {

// Chooses how precisely convolutions compute.
enum class Precision { kFloat32, kTf32, kBf16 };
inline std::vector<NamedChoice<Precision>> ChoicesOf(Precision /*type*/) {
  return {{Precision::kFloat32, "float32", ""},
          {Precision::kTf32, "tf32", "11 significant bits, on NVIDIA GPUs"},
          {Precision::kBf16, "bf16",
           "8 significant bits and half the memory, faster on GPUs and on processors with "
           "AVX512_BF16 or AMX; each shape of convolution is checked at the start"}};
}

struct PrecisionOptions {
  Precision precision = Precision::kFloat32;

  // Binds --precision.
  void Bind(OptionBinder& binder);
};

}  // namespace reel3d

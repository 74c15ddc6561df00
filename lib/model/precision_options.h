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

// Chooses how the first convolution, over the 3 channels of a clip, computes. Its sums have the
// same products in every case.
enum class Stem { kAuto, kAsWritten };
inline std::vector<NamedChoice<Stem>> ChoicesOf(Stem /*type*/) {
  return {{Stem::kAuto, "auto",
           "pixels and frames become channels, for which kernels are several times faster, on GPUs "
           "and in bf16 on processors with AMX; a clip then takes 11 MB more in bf16"},
          {Stem::kAsWritten, "as-written", "over 3 channels everywhere"}};
}

struct PrecisionOptions {
  Precision precision = Precision::kFloat32;
  Stem stem = Stem::kAuto;

  // Binds --precision and --stem.
  void Bind(OptionBinder& binder);
};

}  // namespace reel3d

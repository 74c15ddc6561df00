// SPDX-License-Identifier: Apache-2.0
#include "lib/model/reference_arch.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "lib/base/error.h"
#include "lib/weights/channels.h"

namespace reel3d {
namespace {

// The options of master's main.py. CVPR2018 knows neither those of the stem nor resnet2p1d.
struct ReferenceFamily {
  const char* ours;
  const char* theirs;
  const char* width;  // its option for --width; null: there is just one width
  double width_factor;
  int64_t stem_2020, stem_2018;  // channels at width 1; 0: the branch lacks the family
};
constexpr std::array<ReferenceFamily, 6> kFamilies = {{
    {"r3d", "resnet", "resnet_widen_factor", 1, 64, 0},
    {"preact", "preresnet", nullptr, 1, 64, 0},
    {"wide", "wideresnet", "wide_resnet_k", 2, 128, 64},
    {"resnext", "resnext", nullptr, 1, 128, 64},
    {"r2p1d", "resnet2p1d", "resnet_widen_factor", 1, 64, 0},
    {"densenet", "densenet", nullptr, 1, 64, 0},
}};

const ReferenceFamily& FamilyOf(const NetworkOptions& options) {
  const auto* const found =
      std::find_if(kFamilies.begin(), kFamilies.end(),
                   [&](const ReferenceFamily& family) { return family.ours == options.model; });
  if (found == kFamilies.end()) {
    throw UsageError(
        fmt::format("the authors' Python has no network like {}; a plain .pth file holds its "
                    "weights for torch.load",
                    Describe(options)));
  }
  return *found;
}

bool HasWidth(const ReferenceFamily& family, double width) {
  // k is a whole number; a widening factor is any.
  return width == 1 || (family.width != nullptr &&
                        (family.width_factor == 1 ||
                         std::trunc(width * family.width_factor) == width * family.width_factor));
}

// The branch whose stem has the network's channels; empty: none.
std::string BranchOf(const ReferenceFamily& family, const NetworkOptions& options) {
  const bool published_stem = options.stem_frames == 7 && options.stem_stride == 1 &&
                              options.max_pool && options.channels == 3;
  if (!HasWidth(family, options.width)) {
    return "";
  }
  if (options.StemChannels() == ScaledChannels(family.stem_2020, options.width)) {
    return "master";
  }
  return options.StemChannels() == family.stem_2018 && published_stem ? "CVPR2018" : "";
}

}  // namespace

ReferenceArch ReferenceArchOf(const NetworkOptions& options) {
  const ReferenceFamily& family = FamilyOf(options);
  ReferenceArch arch;
  arch.branch = BranchOf(family, options);
  if (arch.branch.empty()) {
    throw UsageError(
        fmt::format("the authors' Python has {} networks, but not this one ({}, first convolution "
                    "of {} channels); a plain .pth file holds its weights for torch.load",
                    family.theirs, Describe(options), options.StemChannels()));
  }
  arch.name = fmt::format("{}-{}", family.theirs, options.depth);
  arch.arguments = fmt::format("--model {} --model_depth {}", family.theirs, options.depth);
  if (options.model != "densenet") {
    arch.arguments += options.shortcut == "a" ? " --resnet_shortcut A" : " --resnet_shortcut B";
  }
  if (family.width != nullptr && (options.width != 1 || family.width_factor != 1)) {
    arch.arguments += fmt::format(" --{} {}", family.width, options.width * family.width_factor);
  }
  if (options.stem_frames != 7) {
    arch.arguments += fmt::format(" --conv1_t_size {}", options.stem_frames);
  }
  if (options.stem_stride != 1) {
    arch.arguments += fmt::format(" --conv1_t_stride {}", options.stem_stride);
  }
  arch.arguments += options.max_pool ? "" : " --no_max_pool";
  return arch;
}

}  // namespace reel3d

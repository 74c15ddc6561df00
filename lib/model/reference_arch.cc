// SPDX-License-Identifier: Apache-2.0
#include "lib/model/reference_arch.h"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "lib/base/error.h"
#include "lib/weights/channels.h"
#include "lib/weights/family.h"

namespace reel3d {
namespace {

const AuthorsFamily& AuthorsFamilyOf(const NetworkOptions& options) {
  const std::optional<AuthorsFamily>& authors = FamilyOf(options.model).authors;
  if (!authors) {
    throw UsageError(
        fmt::format("the authors' Python has no network like {}; a plain .pth file holds its "
                    "weights for torch.load",
                    Describe(options)));
  }
  return *authors;
}

bool HasWidth(const AuthorsFamily& family, double width) {
  // wide_resnet_k must be a whole number, resnet_widen_factor may be any number.
  return width == 1 || (!family.width_option.empty() &&
                        (family.width_factor == 1 ||
                         std::trunc(width * family.width_factor) == width * family.width_factor));
}

// Returns the branch whose code can make the network: "master" or "CVPR2018"; empty: neither can.
std::string BranchOf(const AuthorsFamily& family, const NetworkOptions& options) {
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
  const AuthorsFamily& family = AuthorsFamilyOf(options);
  ReferenceArch arch;
  arch.branch = BranchOf(family, options);
  if (arch.branch.empty()) {
    throw UsageError(
        fmt::format("the authors' Python has {} networks, but not this one ({}, first convolution "
                    "of {} channels); a plain .pth file holds its weights for torch.load",
                    family.name, Describe(options), options.StemChannels()));
  }
  arch.name = fmt::format("{}-{}", family.name, options.depth);
  arch.arguments = fmt::format("--model {} --model_depth {}", family.name, options.depth);
  if (FamilyOf(options.model).has_shortcuts) {
    arch.arguments +=
        options.shortcut == ShortcutType::kA ? " --resnet_shortcut A" : " --resnet_shortcut B";
  }
  if (!family.width_option.empty() && (options.width != 1 || family.width_factor != 1)) {
    arch.arguments +=
        fmt::format(" --{} {}", family.width_option, options.width * family.width_factor);
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

// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/evaluation_options.h"

#include "lib/data/video_groups.h"

namespace reel3d {

void AveragingOptions::Bind(OptionBinder& binder) {
  static const std::string help =
      "rule that combines the scores of a video's clips into one score per class. " +
      AveragingHelp();
  binder.Choice("average", &average, AveragingNames(), help.c_str());
}

void ClipReadingOptions::Bind(OptionBinder& binder) {
  averaging.Bind(binder);
  binder.Bind("min-distinct", &min_distinct, IntRange{1, 65535},
              "discard clips with fewer different frames than this, such as a looped tail. A video "
              "that has only such clips keeps them. 1: keep all");
}

void IntervalOptions::Bind(OptionBinder& binder) {
  binder.Bind("group-regex", &group_regex,
              "draw groups of videos for the confidence intervals. The first ( ) of this regular "
              "expression finds the group in a video's id, such as a person or a source. Empty: "
              "draw single videos");
  binder.Bind("seed", &seed, IntRange{0, INT64_MAX},
              "seed of the random draws for the confidence intervals");
}

void IntervalOptions::Check() const {
  if (!group_regex.empty()) {
    CheckGroupRegex(group_regex);
  }
}

}  // namespace reel3d

// Decides whether a trained network is applied to data that differ from those of its training
// (lib/data/frame_facts.h). A difference that changes answers is an error, unless --allow names it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/base/option_binder.h"
#include "lib/data/frame_facts.h"
#include "lib/data/passport.h"
#include "pipeline/support/preparation_options.h"

namespace reel3d {

struct AllowedDifferences {
  std::vector<std::string> names;

  // Binds --allow.
  void Bind(OptionBinder& binder);
  // Throws a usage error on a name that no difference has.
  void Check() const;
  bool Has(const std::string& name) const;
};

// Compares frames with those that the network learned from, and returns `others` with what differs.
// `data` names the data. If one side is not known, frames are not compared, and a line of the log
// says so. Throws an input error that states both sides and what to do, if a difference is neither
// minor nor allowed. Otherwise logs all differences as a warning.
std::vector<TrainingDifference> RequireLikeTraining(const std::string& data,
                                                    const std::optional<FrameFacts>& here,
                                                    const std::optional<Passport>& trained_on,
                                                    std::vector<TrainingDifference> others,
                                                    const AllowedDifferences& allowed);

// Returns how videos are prepared for a network: `options` if they have a height or a short side.
// Otherwise these are those of the training, if known, and so are values that have their defaults.
// Throws an input error if no video can be prepared like those of the training.
PreparationOptions PreparationFor(const PreparationOptions& options,
                                  const std::optional<Passport>& trained_on);

}  // namespace reel3d

// The stage behind explain-mistakes: computes where a network sees the wrong class in the clips of
// wrongly answered videos, for report-run, which has no network.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/cli/tool.h"
#include "pipeline/support/compute_options.h"
#include "pipeline/support/network_source.h"

namespace reel3d {

struct ExplainMistakesOptions {
  NetworkSource network;
  std::string shards_dir, run_dir;
  int strips = 12;  // clips; as in report-run
  int finer = 2;    // stages_left of NetworkImpl::FeaturesOf()
  ComputeOptions compute{8};

  void Bind(OptionBinder& binder);
  void Check() const {}
};

// Writes RUN_DIR/heat.json (pipeline/support/heat_file.h) for the videos of which report-run shows
// frames, and replaces an older one. A video whose heat cannot be computed, such as one with
// damaged frames, is discarded with a warning. Throws an input error if the network or the shards
// are not those of RUN_DIR/scores, or if frames were scored in random order.
ToolResult RunExplainMistakes(const ExplainMistakesOptions& options);

}  // namespace reel3d

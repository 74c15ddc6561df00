// Reads frames of wrongly answered videos from shards, for the strips of a report. Frames are cut
// and resized as the network saw them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "lib/base/option_binder.h"
#include "lib/report/read/run_record.h"

namespace reel3d {

struct StripOptions {
  std::string shards;  // folder; empty: RUN_DIR/shards or the folder that was scored
  int most = 12;       // strips of each run

  void Bind(OptionBinder& binder);
};

// Fills `strips` and `strips_note` of the run. Pictures get heat if the run's folder has heat.json
// (pipeline/support/heat_file.h) of the clips that were scored. They take at most `most_bytes`
// in the page; strips that would take more are not shown. If the shards are gone, are not those
// that were scored, or hold a damaged frame, or the machine cannot read them, a sentence says so
// instead.
void AddStrips(const StripOptions& options, int64_t most_bytes, report::RunRecord* run);

}  // namespace reel3d

// States what the files of a run prove about it: that stages are complete, that every video was
// scored, that checksums agree. Only what stands in the files is stated; nothing is computed again.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "lib/report/read/run_record.h"

namespace reel3d::report {

// Returns the facts of a run whose other fields are filled. A fact that no file speaks of is left
// out. Reads videos.tsv and shards.tsv of the run's folder, for their checksums.
std::vector<CheckedFact> FactsOf(const RunRecord& run);

}  // namespace reel3d::report

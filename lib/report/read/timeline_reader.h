// Reads the tables of classify-video --timeline.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "lib/report/read/run_record.h"

namespace reel3d::report {

// Throws an input error if the file cannot be read, or has no row that can be shown. A sentence in
// `missing` reports damaged rows.
Timeline ReadTimeline(const std::filesystem::path& file, std::vector<std::string>* missing);

// Reads every .tsv file in the folder, by name; nothing if there is no folder. A sentence in
// `missing` reports files that cannot be read.
std::vector<Timeline> ReadTimelines(const std::filesystem::path& folder,
                                    std::vector<std::string>* missing);

}  // namespace reel3d::report

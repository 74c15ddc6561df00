// Names the files that every stage writes into its folder. pipeline/support/stage_output.h
// describes their content.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace reel3d {

constexpr const char* kSettingsFile = "settings.ini";
constexpr const char* kConfigFile = "config.ini";
constexpr const char* kFailedFile = "failed.tsv";
constexpr const char* kReportFile = "report.json";
constexpr const char* kDoneFile = "DONE";
constexpr const char* kLeasesFolder = "leases";  // of tasks that share the work

// The member of the report of a stage whose work was shared: the number of slices.
constexpr const char* kSharedSlices = "shared_slices";

}  // namespace reel3d

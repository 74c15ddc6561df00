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

// Members of every report: when the work began and ended, in seconds since 1970. A joined report
// has the first beginning and the last end of its tasks.
constexpr const char* kBeganAt = "began_s";
constexpr const char* kEndedAt = "ended_s";

// The member of the report of shared slices: attempts at them that ended before they were finished.
constexpr const char* kEndedAttempts = "ended_attempts";

}  // namespace reel3d

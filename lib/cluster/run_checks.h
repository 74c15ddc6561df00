// Runs all checks of a cluster, and formats what they found.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/cluster/check.h"
#include "lib/cluster/history.h"

namespace reel3d {

// Returns the checks in the order in which they run: cheap ones first.
std::vector<ClusterCheck> AllChecks();

struct CheckedRow {
  std::string name;
  Finding finding;
};

// Runs one check. Collective; returns the same on every rank.
Finding RunCheck(const ClusterCheck& check, const ClusterProbe& probe, const ClusterNeeds& needs);

// Collective; returns the same on every rank. `begins` is called before each check with its name.
std::vector<CheckedRow> RunChecks(const ClusterProbe& probe, const ClusterNeeds& needs,
                                  const std::function<void(const std::string&)>& begins);

// Returns the figures of all rows. `ranks` and `hosts` are left to the caller.
FigureRecord FiguresOf(const std::vector<CheckedRow>& rows);

// Turns a row whose figure is far below that of earlier runs into a warning.
void CompareRows(const std::vector<FigureRecord>& history, const FigureRecord& record,
                 std::vector<CheckedRow>* rows);

// Returns the worst verdict.
Verdict WorstOf(const std::vector<CheckedRow>& rows);

std::string FormatRows(const std::vector<CheckedRow>& rows);
nlohmann::ordered_json RowsToJson(const std::vector<CheckedRow>& rows);

}  // namespace reel3d

// Groups and names ranks, for the texts of findings.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lib/cluster/check.h"

namespace reel3d {

// Groups the ranks by the result of `key` for their observations.
std::map<std::string, std::vector<int>> RanksBy(
    const Observations& ranks, const std::function<std::string(const nlohmann::json&)>& key);

// Returns the ranks of each host.
std::map<std::string, std::vector<int>> RanksByHost(const Observations& ranks);

// Returns "rank 3 (n2)".
std::string NameRank(const Observations& ranks, int rank);

// Returns "ranks 0 (n1), 2 (n1), 5 (n2)". Names at most eight ranks, then says how many more there
// are.
std::string NameRanks(const Observations& ranks, const std::vector<int>& which);

// Returns the ready option "--exclude=n2,n5" for the hosts of these ranks.
std::string ExcludeOption(const Observations& ranks, const std::vector<int>& which);

// Returns whether the observation of any rank holds an "error". If so, sets `finding` to a failure
// that names these ranks and has the text of the first one.
bool FindErrors(const Observations& ranks, Finding* finding);

}  // namespace reel3d

// Reads rates that were measured: from the folder of an earlier run, or from a correction that
// plan-run wrote.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/plan/run_plan.h"

namespace reel3d {

struct MeasuredRates {
  // Has the keys of plan::ForEachRate, and start_s and save_s of plan::Cluster.
  std::map<std::string, double> by_key;
  double height = 0, quality = 0;  // of the stored frames; 0: not known
  std::vector<std::string> notes;  // sentences on what is left out
  // Origins of the rates that were not measured, by key.
  std::map<std::string, plan::Origin> origins;

  plan::Origin OriginOf(const std::string& key) const {
    const auto found = origins.find(key);
    return found == origins.end() ? plan::Origin::kMeasured : found->second;
  }
};

// Returns true if a plan can use the number as this rate. Only straggling_ms, validation_ms,
// start_s and save_s may be 0: if ranks are never late, the run does not validate, or another rate
// contains these times.
bool IsRate(const std::string& key, double value);

// Reads the height and quality of a saved plan or correction. `source` names the file in errors.
// Throws an input error if no prepared frames can have them.
void ReadFrameShape(const nlohmann::ordered_json& json, const std::string& source,
                    MeasuredRates* rates);

// Notes the origin that a saved plan or correction names for a rate. `source` names the file in
// errors. Throws an input error if there is no such origin.
void SetOrigin(const std::string& key, const std::string& origin, const std::string& source,
               MeasuredRates* rates);

// `source` is a run's folder (with prepared/, shards/, train/ or scores/) or a correction. Stages
// that have not run give no rates. Throws an input error if it is neither, or is damaged.
MeasuredRates ReadMeasuredRates(const std::filesystem::path& source);

// Fills each rate of `request` that is 0. The last of `sources` that has the rate gives it,
// converted from the source's height and quality to the planned ones, with the origin that it has
// in the source. Without such a source, the published rate is used. A rate that is only derived
// from another one, such as the time of a validation window from that of a scored clip, is assumed.
// Also fills the times to start and to save of `request.cluster`, unless they were given.
void FillRates(const std::vector<MeasuredRates>& sources, plan::Request* request);

// Returns the content of a correction, which ReadMeasuredRates() reads.
nlohmann::ordered_json CorrectionJson(const MeasuredRates& rates,
                                      const std::map<std::string, double>& ratios);

}  // namespace reel3d

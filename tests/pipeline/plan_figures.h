// Looks up figures of a plan by stage and key (docs/reference/formats.md).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace reel3d::test {

inline double Value(const nlohmann::ordered_json& plan, const char* stage, const char* key) {
  return plan.at("figures").at(stage).at(key).at("value");
}

// Returns where the figure comes from: "given", "measured" or "assumed".
inline std::string From(const nlohmann::ordered_json& plan, const char* stage, const char* key) {
  return plan.at("figures").at(stage).at(key).at("from");
}

}  // namespace reel3d::test

// SPDX-License-Identifier: Apache-2.0
#include "lib/report/read/run_record.h"

#include <cmath>

namespace reel3d::report {

std::optional<double> NumberOf(const Json& object, const char* key) {
  if (!object.is_object()) {
    return std::nullopt;
  }
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number()) {
    return std::nullopt;
  }
  const auto number = found->get<double>();
  return std::isfinite(number) ? std::optional<double>(number) : std::nullopt;
}

std::string TextOf(const Json& object, const char* key) {
  if (!object.is_object()) {
    return "";
  }
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

const Json& ReportOf(const RunRecord& run, const std::string& tool) {
  static const Json none = Json::object();
  for (const StageRecord& stage : run.stages) {
    if (stage.tool == tool) {
      return stage.report;
    }
  }
  return none;
}

std::string SettingOf(const RunRecord& run, const std::string& stage, const std::string& key) {
  for (const Setting& setting : run.settings) {
    if (setting.stage == stage && setting.key == key) {
      return setting.value;
    }
  }
  return "";
}

}  // namespace reel3d::report

// SPDX-License-Identifier: Apache-2.0
#include "lib/train/log/metrics_log.h"

#include <fmt/format.h>

#include <sstream>
#include <string>

#include "lib/base/error.h"
#include "lib/base/file.h"

namespace reel3d {
namespace {

std::string LinesUpTo(const std::filesystem::path& file, int64_t last_step) {
  std::istringstream lines(ReadFile(file));
  std::string kept;
  for (std::string line; std::getline(lines, line);) {
    const auto object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    const auto step = object.is_object() ? object.find("step") : object.end();
    if (step != object.end() && step->is_number_integer() && step->get<int64_t>() <= last_step) {
      kept += line + "\n";
    }
  }
  return kept;
}

}  // namespace

std::string DescribeEpoch(const nlohmann::ordered_json& line, int num_epochs) {
  const auto value = [&](const char* name) { return line.at(name).get<double>(); };
  std::string text = fmt::format("epoch {} of {}: ", line.at("epoch").get<int>(), num_epochs);
  text += line.contains("train_loss") ? fmt::format("loss {:.3f}, top-1 {:.1f} %",
                                                    value("train_loss"), 100 * value("train_top1"))
                                      : "every step was left out";
  if (line.contains("validation_loss")) {
    text += fmt::format("; validation {:.3f}, {:.1f} %", value("validation_loss"),
                        100 * value("validation_top1"));
  }
  return text + fmt::format("; lr {:.3g}", value("lr"));
}

MetricsLog::MetricsLog(const std::filesystem::path& file, int64_t last_step) {
  WriteFileAtomically(file, std::filesystem::exists(file) ? LinesUpTo(file, last_step) : "");
  file_.emplace(file);
}

void MetricsLog::Append(const nlohmann::ordered_json& line) { file_->Append(line.dump() + "\n"); }

}  // namespace reel3d

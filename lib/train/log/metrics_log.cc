// SPDX-License-Identifier: Apache-2.0
#include "lib/train/log/metrics_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <sstream>
#include <string>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/log.h"

namespace reel3d {
namespace {

using Lines = std::map<int64_t, nlohmann::ordered_json>;  // by step

void AddLine(const nlohmann::ordered_json& line, int64_t last_step, Lines* lines) {
  const auto step = line.is_object() ? line.find("step") : line.end();
  if (step != line.end() && IsWithin<int64_t>(*step) && step->get<int64_t>() <= last_step) {
    lines->emplace(step->get<int64_t>(), line);
  }
}

Lines LinesUpTo(const std::filesystem::path& file, int64_t last_step) {
  Lines lines;
  std::istringstream text(std::filesystem::exists(file) ? ReadFile(file) : "");
  for (std::string line; std::getline(text, line);) {
    AddLine(nlohmann::ordered_json::parse(line, nullptr, /*allow_exceptions=*/false), last_step,
            &lines);
  }
  return lines;
}

// Returns 0 for a line without an epoch.
int EpochOf(const nlohmann::ordered_json& line) {
  const auto epoch = line.find("epoch");
  return epoch != line.end() && IsWithin<int>(*epoch) ? epoch->get<int>() : 0;
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

int LastEpochIn(const std::filesystem::path& file) {
  int last = 0;
  for (const auto& [step, line] : LinesUpTo(file, std::numeric_limits<int64_t>::max())) {
    last = std::max(last, EpochOf(line));
  }
  return last;
}

MetricsLog::MetricsLog(const std::filesystem::path& file, int64_t last_step,
                       const std::vector<nlohmann::ordered_json>& known)
    : path_(file) {
  Lines lines = LinesUpTo(file, last_step);
  for (const auto& [step, line] : lines) {
    epochs_.push_back(EpochOf(line));
  }
  const size_t num_found = lines.size();
  for (const nlohmann::ordered_json& line : known) {
    AddLine(line, last_step, &lines);
  }
  num_put_back_ = static_cast<int>(lines.size() - num_found);
  std::string text;
  for (const auto& [step, line] : lines) {
    text += line.dump() + "\n";
  }
  WriteFileAtomically(file, text);
  file_.emplace(file);
}

void MetricsLog::WarnOfLostEpochs(int num_epochs) const {
  std::vector<int> lost;
  for (int epoch = 1; epoch <= num_epochs; ++epoch) {
    if (std::find(epochs_.begin(), epochs_.end(), epoch) == epochs_.end()) {
      lost.push_back(epoch);
    }
  }
  if (lost.empty()) {
    return;
  }
  const std::string range = lost.size() == 1 ? fmt::format("epoch {}", lost.front())
                                             : fmt::format("{} epochs between {} and {}",
                                                           lost.size(), lost.front(), lost.back());
  const std::string put_back =
      num_put_back_ > 0 ? fmt::format("; {} of them put back from checkpoints", num_put_back_) : "";
  LogWarn(fmt::format("{} has lost the lines of {}{}. Training goes on as if they were there",
                      path_.string(), range, put_back));
}

void MetricsLog::Append(const nlohmann::ordered_json& line) { file_->Append(line.dump() + "\n"); }

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/plan_outcome.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/json.h"
#include "lib/data/names.h"
#include "pipeline/stages/measured_rates.h"
#include "pipeline/stages/plan_text.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using plan::Unit;
using Json = nlohmann::ordered_json;

struct Compared {
  const char* key;
  const char* text;
  Unit unit;
};

constexpr Compared kCompared[] = {
    {"data.frames", "frames", Unit::kCount},
    {"prepare.core_s", "prepare: core time", Unit::kSeconds},
    {"prepare.wall_s", "prepare: time", Unit::kSeconds},
    {"prepare.bytes", "prepare: bytes", Unit::kBytes},
    {"pack.wall_s", "pack: time", Unit::kSeconds},
    {"pack.bytes", "pack: bytes", Unit::kBytes},
    {"pack.shards", "pack: shards", Unit::kCount},
    {"train.wall_s", "train: time", Unit::kSeconds},
    {"score.windows", "score: windows", Unit::kCount},
    {"score.wall_s", "score: time", Unit::kSeconds},
};

struct SavedPlan {
  MeasuredRates rates;
  std::map<std::string, double> figures;  // "stage.key"
};

bool IsComparable(double value) { return value >= 1e-9 && value <= 1e24; }

SavedPlan ReadPlan(const fs::path& file) {
  const Json json = ReadJsonObject(file);
  const std::string name = Escaped(file.string());
  SavedPlan plan;
  UseJson(name, [&] {
    if (json.value("format", "") != kPlanFormat) {
      throw InputError(
          fmt::format("{} is not a plan that plan-run wrote: its format is '{}' "
                      "instead of '{}'",
                      name, Escaped(json.value("format", "")), kPlanFormat));
    }
    ReadFrameShape(json, name, &plan.rates);
    for (const auto& [key, rate] : json.at("rates").items()) {
      plan.rates.by_key[key] = rate.at("value");
      SetOrigin(key, rate.at("from"), name, &plan.rates);
      if (!IsRate(key, plan.rates.by_key[key])) {
        throw InputError(fmt::format("{}: the rate {} is {} but must be 1e-9 to 1e9", name,
                                     Escaped(key), plan.rates.by_key[key]));
      }
    }
    for (const auto& [stage, figures] : json.at("figures").items()) {
      for (const auto& [key, figure] : figures.items()) {
        plan.figures[stage + "." + key] = figure.at("value");
      }
    }
  });
  return plan;
}

// Multiplies `rate` by the ratio of `figure` to the power of `power`, if both exist.
void Correct(const std::map<std::string, double>& ratios, const char* figure, const char* rate,
             double power, MeasuredRates* rates) {
  const auto ratio = ratios.find(figure);
  const auto found = rates->by_key.find(rate);
  if (ratio != ratios.end() && found != rates->by_key.end()) {
    found->second *= std::pow(ratio->second, power);
  }
}

// Corrects the rates by the ratios measured / planned. First divides ratios that grow with the
// number of frames by the ratio of the frames, which is no fault of a rate.
void CorrectAll(std::map<std::string, double> ratios, MeasuredRates* rates) {
  const auto frames = ratios.find("data.frames");
  if (frames != ratios.end()) {
    for (const char* key : {"prepare.core_s", "prepare.bytes", "pack.bytes"}) {
      if (const auto ratio = ratios.find(key); ratio != ratios.end()) {
        ratio->second /= frames->second;
      }
    }
  }
  const bool is_packed = ratios.count("pack.bytes") > 0;
  Correct(ratios, "prepare.core_s", "prep_ms", 1, rates);
  Correct(ratios, is_packed ? "pack.bytes" : "prepare.bytes", "frame_kb", 1, rates);
  Correct(ratios, "pack.wall_s", "pack_mb_per_s", -1, rates);
  if (is_packed) {
    Correct(ratios, "pack.bytes", "pack_mb_per_s", 1, rates);
    Correct(ratios, "data.frames", "pack_mb_per_s", 1, rates);
  }
  Correct(ratios, "train.wall_s", "train_clips_per_s", -1, rates);
  Correct(ratios, "train.wall_s", "loader_clips_per_s", -1, rates);
  Correct(ratios, "train.wall_s", "validation_ms", 1, rates);
  Correct(ratios, "train.wall_s", "straggling_ms", 1, rates);
  Correct(ratios, "score.wall_s", "score_clips_per_s", -1, rates);
  Correct(ratios, "score.windows", "score_clips_per_s", 1, rates);
}

// Returns the rates with which the plan would have been right. The rate that decides the time or
// size of a stage was now measured. Other rates keep their origin: the time of training says
// nothing about each of them alone. Assumed rates that the outcome does not correct are left out.
MeasuredRates CorrectedRates(const MeasuredRates& planned,
                             const std::map<std::string, double>& ratios) {
  MeasuredRates rates = planned;
  CorrectAll(ratios, &rates);
  static constexpr std::pair<const char*, const char*> kDecided[] = {
      {"prepare.core_s", "prep_ms"},
      {"prepare.bytes", "frame_kb"},
      {"pack.bytes", "frame_kb"},
      {"pack.wall_s", "pack_mb_per_s"},
      {"train.wall_s", "train_clips_per_s"},
      {"score.wall_s", "score_clips_per_s"}};
  for (const auto& [figure, rate] : kDecided) {
    if (ratios.count(figure) > 0) {
      rates.origins.erase(rate);
    }
  }
  for (const auto& [key, value] : planned.by_key) {
    if (rates.OriginOf(key) == plan::Origin::kAssumed && rates.by_key.at(key) == value) {
      rates.by_key.erase(key);
      rates.origins.erase(key);
    }
  }
  return rates;
}

// Collects the rows of the comparison.
class Comparison {
 public:
  void Add(const std::string& key, const char* text, Unit unit, double planned, double measured) {
    if (!IsComparable(planned) || !IsComparable(measured)) {
      return;
    }
    const double ratio = measured / planned;
    text_ += fmt::format("{:<18} {:>18} {:>18} {:>20.3f}\n", text, FormatValue(unit, planned),
                         FormatValue(unit, measured), ratio);
    json_[key] = {{"planned", planned}, {"measured", measured}, {"ratio", ratio}};
    ratios_[key] = ratio;
    const std::string ending = ".wall_s";
    if (key.size() > ending.size() &&
        key.compare(key.size() - ending.size(), ending.size(), ending) == 0) {
      planned_s_ += planned;
      measured_s_ += measured;
    }
  }

  // Adds a row with the sum of the times above, without the time in queues.
  void AddTotal() {
    if (planned_s_ > 0) {
      Add("stages", "these: time", Unit::kSeconds, planned_s_, measured_s_);
    }
  }

  const std::map<std::string, double>& ratios() const { return ratios_; }
  const std::string& text() const { return text_; }
  const Json& json() const { return json_; }

 private:
  std::string text_ =
      fmt::format("{:<18} {:>18} {:>18} {:>20}\n", "", "planned", "measured", "measured / planned");
  Json json_ = Json::object();
  std::map<std::string, double> ratios_;
  double planned_s_ = 0, measured_s_ = 0;
};

double ValueOf(const std::map<std::string, double>& values, const char* key) {
  const auto found = values.find(key);
  return found == values.end() ? 0 : found->second;
}

}  // namespace

PlanOutcome ComparePlan(const fs::path& plan_file, const fs::path& run_folder) {
  const SavedPlan plan = ReadPlan(plan_file);
  const RunOutcome run = ReadRunOutcome(run_folder);
  Comparison comparison;
  for (const Compared& row : kCompared) {
    comparison.Add(row.key, row.text, row.unit, ValueOf(plan.figures, row.key),
                   ValueOf(run.by_key, row.key));
  }
  if (comparison.ratios().empty()) {
    throw InputError(fmt::format("{} and {} have no stage in common: plan the run that is compared",
                                 Escaped(plan_file.string()), Escaped(run_folder.string())));
  }
  comparison.AddTotal();
  PlanOutcome outcome;
  outcome.text = comparison.text();
  for (const std::string& note : run.notes) {
    outcome.text += note + "\n";
  }
  outcome.json = {{"figures", comparison.json()}, {"notes", run.notes}};
  const auto& ratios = comparison.ratios();
  outcome.correction = CorrectionJson(CorrectedRates(plan.rates, ratios), ratios);
  return outcome;
}

}  // namespace reel3d

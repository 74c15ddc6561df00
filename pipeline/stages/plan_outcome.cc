// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/plan_outcome.h"

#include <fmt/format.h>

#include <cmath>
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
    plan.rates.height = json.at("height");
    plan.rates.quality = json.at("quality");
    for (const auto& [key, rate] : json.at("rates").items()) {
      plan.rates.by_key[key] = rate.at("value");
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

// Multiplies a rate, if its stage has a ratio.
void Correct(const std::map<std::string, double>& ratios, const char* figure, const char* rate,
             double power, MeasuredRates* rates) {
  const auto ratio = ratios.find(figure);
  const auto found = rates->by_key.find(rate);
  if (ratio != ratios.end() && found != rates->by_key.end()) {
    found->second *= std::pow(ratio->second, power);
  }
}

// Times of work follow from frames too: only what a frame takes is a matter of the rate.
MeasuredRates CorrectedRates(MeasuredRates rates, std::map<std::string, double> ratios) {
  const auto frames = ratios.find("data.frames");
  if (frames != ratios.end()) {
    for (const char* key : {"prepare.core_s", "prepare.bytes", "pack.bytes", "score.wall_s"}) {
      if (const auto ratio = ratios.find(key); ratio != ratios.end()) {
        ratio->second /= frames->second;
      }
    }
  }
  const bool is_packed = ratios.count("pack.bytes") > 0;
  Correct(ratios, "prepare.core_s", "prep_ms", 1, &rates);
  Correct(ratios, is_packed ? "pack.bytes" : "prepare.bytes", "frame_kb", 1, &rates);
  Correct(ratios, "pack.wall_s", "pack_mb_per_s", -1, &rates);
  if (is_packed) {
    Correct(ratios, "pack.bytes", "pack_mb_per_s", 1, &rates);
    if (frames != ratios.end()) {
      rates.by_key["pack_mb_per_s"] *= frames->second;
    }
  }
  Correct(ratios, "train.wall_s", "train_clips_per_s", -1, &rates);
  Correct(ratios, "train.wall_s", "loader_clips_per_s", -1, &rates);
  Correct(ratios, "train.wall_s", "validation_ms", 1, &rates);
  Correct(ratios, "train.wall_s", "straggling_ms", 1, &rates);
  Correct(ratios, "score.wall_s", "score_clips_per_s", -1, &rates);
  return rates;
}

}  // namespace

PlanOutcome ComparePlan(const fs::path& plan_file, const fs::path& run_folder) {
  const SavedPlan plan = ReadPlan(plan_file);
  const RunOutcome run = ReadRunOutcome(run_folder);
  std::map<std::string, double> ratios;
  PlanOutcome outcome;
  outcome.text =
      fmt::format("{:<18} {:>18} {:>18} {:>20}\n", "", "planned", "measured", "measured / planned");
  for (const Compared& row : kCompared) {
    const auto planned = plan.figures.find(row.key);
    const auto measured = run.by_key.find(row.key);
    if (planned == plan.figures.end() || measured == run.by_key.end() ||
        !IsComparable(planned->second) || !IsComparable(measured->second)) {
      continue;
    }
    ratios[row.key] = measured->second / planned->second;
    outcome.text += fmt::format("{:<18} {:>18} {:>18} {:>20.3f}\n", row.text,
                                FormatValue(row.unit, planned->second),
                                FormatValue(row.unit, measured->second), ratios[row.key]);
    outcome.json["figures"][row.key] = {
        {"planned", planned->second}, {"measured", measured->second}, {"ratio", ratios[row.key]}};
  }
  if (ratios.empty()) {
    throw InputError(fmt::format("{} and {} have no stage in common: plan the run that is compared",
                                 Escaped(plan_file.string()), Escaped(run_folder.string())));
  }
  for (const std::string& note : run.notes) {
    outcome.text += note + "\n";
  }
  outcome.json["notes"] = run.notes;
  outcome.correction = CorrectionJson(CorrectedRates(plan.rates, ratios), ratios);
  return outcome;
}

}  // namespace reel3d

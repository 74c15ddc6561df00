// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/plan_outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/json.h"
#include "lib/data/names.h"
#include "pipeline/stages/measured_rates.h"
#include "pipeline/stages/plan_text.h"
#include "pipeline/stages/run_outcome.h"

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
    {"prepare.core_s", "prepare: time of cores", Unit::kSeconds},
    {"prepare.wall_s", "prepare: time", Unit::kSeconds},
    {"prepare.bytes", "prepare: bytes", Unit::kBytes},
    {"pack.wall_s", "pack: time", Unit::kSeconds},
    {"pack.bytes", "pack: bytes", Unit::kBytes},
    {"pack.shards", "pack: shards", Unit::kCount},
    {"pack in groups.core_s", "groups: time of cores, preparing", Unit::kSeconds},
    {"pack in groups.packing_s", "groups: time of tasks, packing", Unit::kSeconds},
    {"pack in groups.wall_s", "groups: time", Unit::kSeconds},
    {"pack in groups.bytes", "groups: bytes", Unit::kBytes},
    {"pack in groups.shards", "groups: shards", Unit::kCount},
    {"train.work_s", "train: steps, validation", Unit::kSeconds},
    {"train.saves_s", "train: saving", Unit::kSeconds},
    {"train.lost_s", "train: work done again", Unit::kSeconds},
    {"train.waiting_for_requeues_s", "train: queued again", Unit::kSeconds},
    {"train.jobs", "train: jobs", Unit::kRate},
    {"train.goodput", "train: share that is kept work", Unit::kShare},
    {"train.wall_s", "train: time", Unit::kSeconds},
    {"score.windows", "score: windows", Unit::kCount},
    {"score.rank_s", "score: time of ranks", Unit::kSeconds},
    {"score.wall_s", "score: time", Unit::kSeconds},
};

constexpr Compared kOfTheRun[] = {
    {"run.queues_s", "in queues, after the first", Unit::kSeconds},
    {"run.after_queue_s", "from first start to end", Unit::kSeconds},
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

double ValueOf(const std::map<std::string, double>& values, const char* key) {
  const auto found = values.find(key);
  return found == values.end() ? 0 : found->second;
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
// number of frames by the ratio of the frames, which is no fault of a rate. `planned` are the
// figures of the plan.
void CorrectAll(std::map<std::string, double> ratios, const std::map<std::string, double>& planned,
                MeasuredRates* rates) {
  const auto frames = ratios.find("data.frames");
  if (frames != ratios.end()) {
    for (const char* key : {"prepare.core_s", "prepare.bytes", "pack.bytes",
                            "pack in groups.core_s", "pack in groups.bytes"}) {
      if (const auto ratio = ratios.find(key); ratio != ratios.end()) {
        ratio->second /= frames->second;
      }
    }
  }
  const bool in_groups = ratios.count("pack in groups.bytes") > 0;
  const char* const packed = in_groups ? "pack in groups.bytes" : "pack.bytes";
  const char* const pack_time = in_groups ? "pack in groups.packing_s" : "pack.wall_s";
  const bool is_packed = ratios.count(packed) > 0;
  Correct(ratios, in_groups ? "pack in groups.core_s" : "prepare.core_s", "prep_ms", 1, rates);
  Correct(ratios, is_packed ? packed : "prepare.bytes", "frame_kb", 1, rates);
  if (ratios.count(pack_time) > 0) {
    Correct(ratios, pack_time, "pack_mb_per_s", -1, rates);
    Correct(ratios, packed, "pack_mb_per_s", 1, rates);
    Correct(ratios, "data.frames", "pack_mb_per_s", is_packed ? 1 : 0, rates);
  }
  const char* const training = ratios.count("train.work_s") > 0 ? "train.work_s" : "train.wall_s";
  Correct(ratios, training, "train_clips_per_s", -1, rates);
  Correct(ratios, training, "loader_clips_per_s", -1, rates);
  Correct(ratios, training, "validation_ms", 1, rates);
  Correct(ratios, training, "straggling_ms", 1, rates);
  if (ratios.count("score.rank_s") > 0) {
    // The plan's figures may be slower than its rate, because loaders or the storage limited them.
    const double windows = ValueOf(planned, "score.windows");
    if (IsComparable(windows)) {
      rates->by_key["score_clips_per_s"] = windows / ValueOf(planned, "score.rank_s");
    }
    Correct(ratios, "score.rank_s", "score_clips_per_s", -1, rates);
    Correct(ratios, "score.windows", "score_clips_per_s", 1, rates);
  }
}

// Returns the rates with which the plan would have been right. The rate that decides the time or
// size of a stage was now measured. Other rates keep their origin: the time of training says
// nothing about each of them alone. Assumed rates that the outcome does not correct are left out.
MeasuredRates CorrectedRates(const SavedPlan& planned,
                             const std::map<std::string, double>& ratios) {
  MeasuredRates rates = planned.rates;
  CorrectAll(ratios, planned.figures, &rates);
  static constexpr std::pair<const char*, const char*> kDecided[] = {
      {"prepare.core_s", "prep_ms"},
      {"prepare.bytes", "frame_kb"},
      {"pack.bytes", "frame_kb"},
      {"pack.wall_s", "pack_mb_per_s"},
      {"pack in groups.core_s", "prep_ms"},
      {"pack in groups.bytes", "frame_kb"},
      {"pack in groups.packing_s", "pack_mb_per_s"},
      {"train.work_s", "train_clips_per_s"},
      {"train.wall_s", "train_clips_per_s"},
      {"score.rank_s", "score_clips_per_s"}};
  for (const auto& [figure, rate] : kDecided) {
    if (ratios.count(figure) > 0) {
      rates.origins.erase(rate);
    }
  }
  for (const auto& [key, value] : planned.rates.by_key) {
    if (rates.OriginOf(key) == plan::Origin::kAssumed && rates.by_key.at(key) == value) {
      rates.by_key.erase(key);
      rates.origins.erase(key);
    }
  }
  return rates;
}

// Leaves out the times of stages that were interrupted: they do not tell how fast the work was.
std::map<std::string, double> RatiosOfRates(std::map<std::string, double> ratios,
                                            const RunOutcome& run) {
  for (const std::string& key : run.with_pauses) {
    ratios.erase(key);
  }
  return ratios;
}

// Adds what the run measured of starting and saving, which a plan does not hold among its rates.
MeasuredRates WithWaits(MeasuredRates rates, const fs::path& run_folder) {
  const MeasuredRates measured = ReadMeasuredRates(run_folder);
  for (const char* key : {"start_s", "save_s"}) {
    if (const auto found = measured.by_key.find(key); found != measured.by_key.end()) {
      rates.by_key[key] = found->second;
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
    text_ += fmt::format("{:<32} {:>16} {:>16} {:>20.3f}\n", text, FormatValue(unit, planned),
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
      fmt::format("{:<32} {:>16} {:>16} {:>20}\n", "", "planned", "measured", "measured / planned");
  Json json_ = Json::object();
  std::map<std::string, double> ratios_;
  double planned_s_ = 0, measured_s_ = 0;
};

}  // namespace

PlanOutcome ComparePlan(const fs::path& plan_file, const fs::path& run_folder) {
  const SavedPlan plan = ReadPlan(plan_file);
  const RunOutcome run = ReadRunOutcome(run_folder);
  Comparison comparison;
  const auto add = [&](const Compared& row) {
    comparison.Add(row.key, row.text, row.unit, ValueOf(plan.figures, row.key),
                   ValueOf(run.by_key, row.key));
  };
  std::for_each(std::begin(kCompared), std::end(kCompared), add);
  if (comparison.ratios().empty()) {
    throw InputError(fmt::format("{} and {} have no stage in common: plan the run that is compared",
                                 Escaped(plan_file.string()), Escaped(run_folder.string())));
  }
  comparison.AddTotal();
  std::for_each(std::begin(kOfTheRun), std::end(kOfTheRun), add);
  PlanOutcome outcome;
  outcome.text = comparison.text();
  for (const std::string& note : run.notes) {
    outcome.text += note + "\n";
  }
  outcome.json = {{"figures", comparison.json()}, {"notes", run.notes}};
  outcome.correction = CorrectionJson(
      WithWaits(CorrectedRates(plan, RatiosOfRates(comparison.ratios(), run)), run_folder),
      comparison.ratios());
  return outcome;
}

}  // namespace reel3d

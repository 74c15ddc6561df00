// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/measured_rates.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "lib/base/error.h"
#include "lib/base/json.h"
#include "lib/data/names.h"
#include "lib/plan/figures.h"
#include "lib/plan/frame_cost.h"
#include "pipeline/stages/run_measurements.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "reel3d-plan-correction";

void Keep(const char* key, std::optional<double> value, MeasuredRates* rates) {
  if (value.has_value() && IsRate(key, *value)) {
    rates->by_key[key] = *value;
  }
}

// Keeps the milliseconds of a core for each of `frames`, which took `threads` cores this time.
void KeepPrep(double seconds, double threads, double frames, MeasuredRates* rates) {
  if (frames > 0) {
    Keep("prep_ms", 1000 * seconds * threads / frames, rates);
  }
}

void ReadFrames(const PrepMeasured& prep, const PackMeasured& pack, MeasuredRates* rates) {
  if (prep.times.seconds && prep.threads) {
    KeepPrep(*prep.times.seconds, *prep.threads, prep.frames, rates);
  } else if (pack.prepare_s) {
    KeepPrep(*pack.prepare_s, pack.threads, pack.frames, rates);
  }
  if (pack.bytes > 0 && pack.frames > 0) {
    Keep("frame_kb", pack.bytes / pack.frames / 1000, rates);
  } else if (prep.bytes > 0 && prep.frames > 0) {
    Keep("frame_kb", prep.bytes / prep.frames / 1000, rates);
  }
  const std::optional<double> pack_s = pack.in_groups ? pack.packing_s : pack.times.seconds;
  if (pack_s && *pack_s > 0) {
    Keep("pack_mb_per_s", pack.bytes / *pack_s / 1e6, rates);
  }
}

// Without a ledger the time between epochs cannot be told apart: it holds starts and saves too.
void ReadTimesBetweenEpochs(const TrainMeasured& train, MeasuredRates* rates) {
  double between_s = 0;
  if (train.goodput) {
    const Goodput& goodput = *train.goodput;
    between_s = In(goodput.parts, Part::kValidation);
    Keep("start_s", In(goodput.parts, Part::kStart) / static_cast<double>(goodput.jobs.size()),
         rates);
    if (train.saves > 0) {
      Keep("save_s", In(goodput.parts, Part::kSaves) / train.saves, rates);
    }
  } else if (train.seconds) {
    between_s = std::max(0.0, *train.seconds - train.steps_s);
    if (train.windows > 0) {  // validation_ms holds these times
      Keep("start_s", 0, rates);
      Keep("save_s", 0, rates);
    }
  } else {
    return;
  }
  if (train.windows > 0) {
    Keep("validation_ms", 1000 * between_s * train.ranks / train.windows, rates);
  }
}

void ReadTraining(const TrainMeasured& train, MeasuredRates* rates) {
  if (train.compute_s > 0) {
    Keep("train_clips_per_s", train.clips / train.compute_s, rates);
  }
  if (train.load_s > 0) {
    Keep("loader_clips_per_s", train.clips / train.load_s, rates);
  }
  if (train.ranks > 1 && train.steps > 0) {
    const double wait_s = train.waiting_s / train.ranks / train.steps;
    Keep("straggling_ms", 1000 * wait_s / (plan::HarmonicNumber(train.ranks) - 1), rates);
  }
  ReadTimesBetweenEpochs(train, rates);
  if (train.parameters > 0) {
    Keep("parameters", train.parameters / 1e6, rates);
  }
}

void SetFrameShape(double height, double quality, const std::string& source, MeasuredRates* rates) {
  const bool has_height = height == 0 || (height >= 16 && height <= 8192);
  const bool has_quality = quality == 0 || (quality >= 1 && quality <= 100);
  if (!has_height || !has_quality) {
    throw InputError(fmt::format(
        "{}: no prepared frames have height {} and quality {}: they must be 16 to 8192 and 1 to "
        "100, or 0 if they are not known",
        source, height, quality));
  }
  rates->height = height;
  rates->quality = quality;
}

MeasuredRates RatesOfRun(const fs::path& folder) {
  const RunMeasured run = ReadRunMeasurements(folder);
  MeasuredRates rates;
  SetFrameShape(run.prep.height, run.prep.quality, Escaped(folder.string()), &rates);
  rates.notes = run.notes;
  ReadFrames(run.prep, run.pack, &rates);
  ReadTraining(run.train, &rates);
  if (run.score.times.seconds && *run.score.times.seconds > 0) {
    Keep("score_clips_per_s", run.score.clips / *run.score.times.seconds, &rates);
  }
  return rates;
}

MeasuredRates RatesOfCorrection(const fs::path& file) {
  const Json json = ReadJsonObject(file);
  MeasuredRates rates;
  UseJson(Escaped(file.string()), [&] {
    if (json.value("format", "") != kFormat) {
      throw InputError(fmt::format(
          "{} is not a correction that plan-run wrote: its format is '{}' instead of '{}'",
          Escaped(file.string()), Escaped(json.value("format", "")), kFormat));
    }
    ReadFrameShape(json, Escaped(file.string()), &rates);
    for (const auto& [key, value] : json.at("rates").items()) {
      const double rate = value.get<double>();
      if (!IsRate(key, rate)) {
        throw InputError(fmt::format("{}: the rate {} is {} but must be a rate of 1e-9 to 1e9",
                                     Escaped(file.string()), Escaped(key), rate));
      }
      rates.by_key[key] = rate;
    }
    const Json from = json.value("from", Json::object());
    for (const auto& [key, origin] : from.items()) {
      SetOrigin(key, origin.get<std::string>(), Escaped(file.string()), &rates);
    }
  });
  return rates;
}

// Returns the published rates.
plan::Rates AssumedRates(const plan::Request& request) {
  const double height = request.settings.height.value;
  const double quality = request.settings.quality.value;
  plan::Rates rates;
  rates.prep_ms.value =
      plan::PrepMilliseconds(request.videos.lines.value, height, request.videos.shape.value);
  rates.frame_kb.value = plan::FrameBytes(height, quality) / 1000;
  rates.pack_mb_per_s.value = 200;
  rates.train_clips_per_s.value = 1960;
  rates.score_clips_per_s.value = 4180;
  rates.loader_clips_per_s.value = plan::LoaderClipsPerSecond(height, quality);
  rates.parameters.value = 33.4;
  return rates;
}

// Returns the factor that converts a measured rate to the planned height and quality.
double CarriedBy(const std::string& key, const MeasuredRates& measured,
                 const plan::Request& request) {
  if (measured.height == 0 || measured.quality == 0) {  // not known
    return 1;
  }
  const double height = request.settings.height.value;
  const double quality = request.settings.quality.value;
  if (key == "prep_ms") {
    const plan::Videos& videos = request.videos;
    return plan::PrepMilliseconds(videos.lines.value, height, videos.shape.value) /
           plan::PrepMilliseconds(videos.lines.value, measured.height, videos.shape.value);
  }
  if (key == "frame_kb") {
    const double size_bytes = 1000 * measured.by_key.at(key);
    return plan::ConvertFrameBytes(size_bytes, {measured.height, measured.quality},
                                   {height, quality}) /
           size_bytes;
  }
  if (key == "loader_clips_per_s") {
    return plan::LoaderClipsPerSecond(height, quality) /
           plan::LoaderClipsPerSecond(measured.height, measured.quality);
  }
  return 1;
}

// Returns the last source that measured the rate, else the last that was given it, else the last
// that assumed it; nullptr if none has it.
const MeasuredRates* BestSource(const std::vector<MeasuredRates>& sources, const std::string& key) {
  const MeasuredRates* best = nullptr;
  for (const MeasuredRates& source : sources) {
    if (source.by_key.count(key) != 0 &&
        (best == nullptr || source.OriginOf(key) <= best->OriginOf(key))) {
      best = &source;
    }
  }
  return best;
}

// Replaces an assumed time by a measured one.
void FillWait(const std::vector<MeasuredRates>& sources, const char* key, plan::Known* seconds) {
  const MeasuredRates* source = BestSource(sources, key);
  if (source != nullptr && seconds->origin == plan::Origin::kAssumed) {
    *seconds = {source->by_key.at(key), source->OriginOf(key)};
  }
}

}  // namespace

bool IsRate(const std::string& key, double value) {
  const bool may_be_zero =
      key == "straggling_ms" || key == "validation_ms" || key == "start_s" || key == "save_s";
  return (value >= 1e-9 && value <= 1e9) || (may_be_zero && value == 0);
}

void ReadFrameShape(const nlohmann::ordered_json& json, const std::string& source,
                    MeasuredRates* rates) {
  SetFrameShape(json.at("height"), json.at("quality"), source, rates);
}

void SetOrigin(const std::string& key, const std::string& origin, const std::string& source,
               MeasuredRates* rates) {
  const std::optional<plan::Origin> found = FindChoice<plan::Origin>(origin);
  if (!found) {
    throw InputError(fmt::format("{}: the rate {} is from '{}' but must be from one of {}", source,
                                 Escaped(key), Escaped(origin),
                                 fmt::join(ChoiceNames<plan::Origin>(), ", ")));
  }
  if (*found != plan::Origin::kMeasured) {
    rates->origins[key] = *found;
  }
}

MeasuredRates ReadMeasuredRates(const fs::path& source) {
  std::error_code ignored;
  return fs::is_regular_file(source, ignored) ? RatesOfCorrection(source) : RatesOfRun(source);
}

void FillRates(const std::vector<MeasuredRates>& sources, plan::Request* request) {
  plan::Rates assumed = AssumedRates(*request);
  std::map<std::string, double> published;
  plan::ForEachRate(&assumed, [&](const char* key, const char*, plan::Known* rate) {
    published[key] = rate->value;
  });
  plan::ForEachRate(&request->rates, [&](const char* key, const char*, plan::Known* rate) {
    const MeasuredRates* source = BestSource(sources, key);
    if (rate->value > 0) {
      rate->origin = plan::Origin::kGiven;
    } else if (source != nullptr) {
      *rate = {source->by_key.at(key) * CarriedBy(key, *source, *request), source->OriginOf(key)};
    } else {
      *rate = {published[key], plan::Origin::kAssumed};
    }
  });
  FillWait(sources, "start_s", &request->cluster.start_s);
  FillWait(sources, "save_s", &request->cluster.save_s);
  plan::Known& validation_ms = request->rates.validation_ms;
  if (validation_ms.origin == plan::Origin::kAssumed && validation_ms.value == 0) {
    validation_ms.value = 1000 / request->rates.score_clips_per_s.value;
  }
}

Json CorrectionJson(const MeasuredRates& rates, const std::map<std::string, double>& ratios) {
  Json from = Json::object();
  for (const auto& [key, origin] : rates.origins) {
    from[key] = NameOf(origin);
  }
  return {{"format", kFormat},
          {"version", 1},
          {"height", rates.height},
          {"quality", rates.quality},
          {"rates", rates.by_key},
          {"from", from},
          {"measured_over_planned", ratios}};
}

}  // namespace reel3d

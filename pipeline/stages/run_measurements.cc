// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/run_measurements.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/plural.h"
#include "lib/base/text_lines.h"
#include "lib/data/names.h"
#include "lib/ledger/start_record.h"
#include "lib/report/read/run_record.h"
#include "lib/report/read/tolerant.h"
#include "pipeline/support/stage_files.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

bool Exists(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

double Number(const Json& object, const char* key) {
  return report::NumberOf(object, key).value_or(0);
}

// Returns a setting of the stage's config.ini as a number; `otherwise` if it is absent.
double Setting(const fs::path& stage, const std::string& key, double otherwise) {
  if (!Exists(stage / "config.ini")) {
    return otherwise;
  }
  const std::string text = ReadFile(stage / "config.ini", uint64_t{1} << 20);
  TextLines lines(text, (stage / "config.ini").string());
  const std::string begin = key + " = ";
  for (std::string_view line; lines.Next(&line);) {
    if (line.substr(0, begin.size()) == begin) {
      return report::ParseNumber(line.substr(begin.size())).value_or(otherwise);
    }
  }
  return otherwise;
}

// Returns the size of the files with this ending in the folder and its sub-folders.
double SizeOfFiles(const fs::path& folder, const char* ending) {
  double size_bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator file(folder, error), end; !error && file != end;
       file.increment(error)) {
    std::error_code ignored;
    if (file->path().extension() == ending && file->is_regular_file(ignored)) {
      size_bytes += static_cast<double>(file->file_size(ignored));
    }
  }
  if (error) {
    throw ReadError("cannot list " + Escaped(folder.string()), error.value());
  }
  return size_bytes;
}

// Returns the number of tasks of a stage: eight if there is a folder tasks/0003-of-0008.
double NumTasks(const fs::path& stage) {
  std::error_code ignored;
  for (fs::directory_iterator task(stage / "tasks", ignored), end; !ignored && task != end;
       task.increment(ignored)) {
    const std::string name = task->path().filename().string();
    const size_t of = name.find("-of-");
    if (of != std::string::npos) {
      return std::max(1.0, report::ParseNumber(name.substr(of + 4)).value_or(1));
    }
  }
  return 1;
}

class Reader {
 public:
  explicit Reader(const fs::path& folder) : folder_(folder) {}

  RunMeasured Read() {
    ReadStage("prepared", [this](const auto& stage, const Json& json) { ReadPrep(stage, json); });
    ReadStage("shards", [this](const auto& stage, const Json& json) { ReadPack(stage, json); });
    ReadStage("train", [this](const auto& stage, const Json& json) { ReadTrain(stage, json); });
    ReadStage("scores", [this](const auto& stage, const Json& json) { ReadScore(stage, json); });
    if (num_stages_ == 0) {
      throw InputError(fmt::format(
          "{} is not the folder of a run: it has no report.json in prepared/, shards/, train/ or "
          "scores/; name the RUN of Makefile.workflow",
          Escaped(folder_.string())));
    }
    return std::move(run_);
  }

 private:
  template <class Use>
  void ReadStage(const char* name, const Use& use) {
    const fs::path stage = folder_ / name;
    if (Exists(stage / "report.json")) {
      ++num_stages_;
      use(stage, ReadJsonObject(stage / "report.json"));
    }
  }

  // Returns the stage's times. `kept` is the key in report.json that counts work of an earlier run.
  StageTimes TimesOf(const fs::path& stage, const Json& json, const char* kept) {
    StageTimes times;
    times.tasks = NumTasks(stage);
    times.is_shared = Number(json, kSharedSlices) > 0;
    times.began_s = Number(json, kBeganAt);
    times.ended_s = Number(json, kEndedAt);
    const bool has_moments = times.began_s > 0 && times.ended_s >= times.began_s;
    if (Number(json, kept) > 0) {
      run_.notes.push_back(
          fmt::format("{}: the last run continued an earlier one, so the time of the work is not "
                      "known, and the clock runs from the first start",
                      Escaped(stage.string())));
      times.began_s = std::min(times.began_s, FirstStart(stage, times.began_s));
    } else {
      times.seconds = report::NumberOf(json, "seconds");
    }
    if (has_moments) {
      times.wall_s = times.ended_s - times.began_s;
    } else if (times.tasks == 1) {
      times.wall_s = times.seconds;
    }
    if (const double ended = Number(json, kEndedAttempts); ended > 0) {
      run_.notes.push_back(
          fmt::format("{}: {} ended before {} slice was done", Escaped(stage.string()),
                      Count(static_cast<int64_t>(std::min(ended, 1e15)), "attempt"),
                      ended == 1 ? "its" : "their"));
    }
    return times;
  }

  // Returns when the first run in the folder wrote its settings, or `otherwise`.
  static double FirstStart(const fs::path& stage, double otherwise) {
    struct stat settings {};
    return stat((stage / kSettingsFile).c_str(), &settings) == 0
               ? static_cast<double>(settings.st_mtime)
               : otherwise;
  }

  // Returns the number of threads per task. `threads = 0` (all cores) in config.ini gives no
  // number: the machine that prepared may have had other cores than this one.
  std::optional<double> PrepThreads(const fs::path& stage, const Json& json, double tasks) {
    const double workers = Number(json, "workers");  // the sum over tasks
    const double threads = workers > 0 ? workers / tasks : Setting(stage, "threads", 0);
    if (threads > 0) {
      return std::min(threads, std::max(1.0, Number(json, "num_videos")));
    }
    run_.notes.push_back(fmt::format(
        "{}: neither `workers` in report.json nor `threads` in config.ini says how many "
        "threads prepared, so the time of a core is not known; give --prep-ms",
        Escaped(stage.string())));
    return std::nullopt;
  }

  void ReadPrep(const fs::path& stage, const Json& json) {
    PrepMeasured& prep = run_.prep;
    prep.times = TimesOf(stage, json, "num_skipped");
    prep.threads = PrepThreads(stage, json, prep.times.tasks);
    prep.frames = prep.times.seconds ? Number(json, "num_frames") : 0;
    prep.bytes = SizeOfFiles(stage, ".mkv");
    prep.height = Setting(stage, "height", 0);
    prep.quality = Setting(stage, "quality", 0);
  }

  void ReadPack(const fs::path& stage, const Json& json) {
    PackMeasured& pack = run_.pack;
    pack.in_groups = Exists(stage / "groups");
    pack.times = TimesOf(stage, json, pack.in_groups ? "num_groups_kept" : "num_shards_kept");
    pack.frames = Number(json, "num_frames");
    pack.shards = Number(json, "num_shards");
    pack.bytes = SizeOfFiles(stage, ".h5");
    if (pack.in_groups) {
      ReadGroups(stage, json);
    }
  }

  void ReadGroups(const fs::path& stage, const Json& json) {
    PackMeasured& pack = run_.pack;
    run_.prep.height = Setting(stage, "height", 0);
    run_.prep.quality = Setting(stage, "quality", 0);
    pack.threads = Number(json, "workers") / pack.times.tasks;
    if (pack.times.seconds) {
      pack.prepare_s = report::NumberOf(json, "prepare_seconds");
      pack.packing_s = report::NumberOf(json, "pack_seconds");
    }
    if (!pack.prepare_s || !pack.packing_s || pack.threads <= 0) {
      run_.notes.push_back(fmt::format(
          "{}: report.json does not say how long pack-videos prepared, and packed, all groups, so "
          "their rates are not known",
          Escaped(stage.string())));
    }
  }

  void ReadTrain(const fs::path& stage, const Json& json) {
    TrainMeasured& train = run_.train;
    std::vector<std::string> damaged;
    const std::vector<Json> lines = report::ReadJsonLines(stage / "times.jsonl", &damaged);
    for (const Json& epoch : lines) {
      AddEpoch(epoch);
    }
    run_.notes.insert(run_.notes.end(), damaged.begin(), damaged.end());
    train.ranks = std::max(1.0, Number(json, "ranks"));
    train.steps = Number(json, "steps");
    const double epochs =
        std::max(1.0, report::NumberOf(json, "epochs").value_or(static_cast<double>(lines.size())));
    if (const double every = Setting(stage, "validation-every", 1); every > 0) {
      train.windows = Number(json, "validation_videos") * Setting(stage, "validation-clips", 3) *
                      std::max(1.0, std::floor(epochs / every));
    }
    if (const double every = Setting(stage, "checkpoint-epochs", 1); every > 0) {
      train.saves = std::max(1.0, std::floor(epochs / every));
    }
    if (const double minutes = Setting(stage, "checkpoint-minutes", 30); minutes > 0) {
      for (const Json& line : lines) {
        train.saves += std::floor(Number(line, "seconds") / (60 * minutes));
      }
    }
    if (const double every = Setting(stage, "checkpoint-steps", 0); every > 0) {
      train.saves += std::floor(train.steps / every);
    }
    ReadTimesOfTraining(stage, json);
    std::error_code absent;
    const auto weights = fs::file_size(stage / "checkpoints/latest/model.safetensors", absent);
    train.parameters = absent ? 0 : static_cast<double>(weights) / sizeof(float);
  }

  void ReadTimesOfTraining(const fs::path& stage, const Json& json) {
    TrainMeasured& train = run_.train;
    train.goodput = ReadGoodput(stage);
    if (train.goodput && train.goodput->first_step == 0 && train.goodput->wall_s > 0) {
      train.seconds = train.goodput->wall_s - In(train.goodput->jobs.front().parts, Part::kQueue);
      return;
    }
    train.goodput.reset();
    train.seconds = report::NumberOf(json, "seconds");
    if (train.seconds && *train.seconds < train.steps_s) {
      train.seconds.reset();
      run_.notes.push_back(fmt::format(
          "{}: training went on after an interruption, and {} does not have all starts, so the "
          "time of all is not known",
          Escaped(stage.string()), kStartsFile));
    }
  }

  void AddEpoch(const Json& epoch) {
    TrainMeasured& train = run_.train;
    train.clips += Number(epoch, "clips");
    train.steps_s += Number(epoch, "seconds");
    const auto ranks = epoch.find("ranks");
    if (ranks == epoch.end() || !ranks->is_array()) {
      return;
    }
    for (const Json& rank : *ranks) {
      train.load_s += Number(rank, "read_s") + Number(rank, "decode_s");
      const auto phases = rank.is_object() ? rank.find("phases_s") : rank.end();
      if (phases == rank.end() || !phases->is_object()) {
        continue;
      }
      for (const auto& [phase, value] : phases->items()) {
        const double seconds = value.is_number() ? value.get<double>() : 0;
        if (phase == "waiting for other ranks") {
          train.waiting_s += seconds;
        } else if (phase != "waiting for data" && phase != "starting") {
          train.compute_s += seconds;
        }
      }
    }
  }

  void ReadScore(const fs::path& stage, const Json& json) {
    run_.score.times = TimesOf(stage, json, "parts_kept");
    run_.score.clips = Number(json, "clips");
  }

  const fs::path folder_;
  int num_stages_ = 0;
  RunMeasured run_;
};

}  // namespace

RunMeasured ReadRunMeasurements(const fs::path& folder) {
  RequireFolder(folder, "a run's folder");
  return Reader(folder).Read();
}

}  // namespace reel3d

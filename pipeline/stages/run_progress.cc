// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/run_progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "lib/base/json.h"
#include "lib/base/progress.h"
#include "pipeline/support/stage_files.h"
#include "pipeline/support/stage_tasks.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;
constexpr double kQuiet_s = 60;                    // a stage without a change for so long is quiet
constexpr int64_t kMostItems = 1'000'000'000'000;  // more are a damaged number

bool IsThere(const fs::path& path) { return ChangedAt(path).has_value(); }

std::string Share(const Json& json, const char* key) {
  const auto value = json.find(key);
  const bool is_known = value != json.end() && value->is_number();
  return is_known ? fmt::format("{:.1f} %", 100 * value->get<double>()) : "unknown";
}

// Returns the "seconds" of a report. Only its beginning is read: the rest may have a line for each
// video.
std::optional<double> SecondsIn(const fs::path& report) {
  constexpr std::string_view kKey = "\"seconds\": ";
  constexpr size_t kHead_bytes = 4096;
  constexpr double kMost_s = 1e11;
  const std::string head = ReadHead(report, kHead_bytes);
  const size_t place = head.find(kKey);
  if (place == std::string::npos) {
    return std::nullopt;
  }
  const char* number = head.c_str() + place + kKey.size();
  char* end = nullptr;
  const double seconds = std::strtod(number, &end);
  const bool is_sound = end != number && seconds >= 0 && seconds <= kMost_s;
  return is_sound ? std::optional<double>(seconds) : std::nullopt;
}

// Counts tasks and the items that failed in them.
void LookAtTasks(const fs::path& folder, StageProgress* stage) {
  std::error_code absent;
  if (!fs::is_directory(folder / "tasks", absent)) {
    return;
  }
  try {
    stage->tasks = TasksOfLatestRun(folder);
    for (int task = 0; task < stage->tasks && stage->state != StageState::kDone; ++task) {
      const TaskDone done = ReadTaskDone(FolderOfTask(folder, task, stage->tasks) / kDoneFile);
      stage->tasks_done += done.work_id.empty() ? 0 : 1;
      stage->num_failed += std::clamp<int64_t>(done.num_failed, 0, kMostItems);
    }
    if (stage->state == StageState::kDone) {
      stage->tasks_done = stage->tasks;
    }
  } catch (const std::exception&) {
    stage->tasks = stage->tasks_done = 0;  // the folder was removed meanwhile
  }
}

// Decides from DONE, report and dates what has become of a stage that has begun. DONE may become
// visible some seconds after the report, over a network later than the report itself.
StageState StateOf(const fs::path& folder, double begun_s, double changed_s, double quiet_s,
                   double now_s) {
  constexpr double kUntilDone_s = 10;
  const double reported_s = ChangedAt(folder / kReportFile).value_or(0);
  if (IsThere(folder / kDoneFile)) {
    return StageState::kDone;
  }
  if (reported_s >= begun_s && now_s - reported_s > kUntilDone_s) {
    return StageState::kFailed;
  }
  return now_s - changed_s > quiet_s ? StageState::kQuiet : StageState::kAtWork;
}

// Says what became of a training that has no DONE, and is not at work.
void JudgeEnd(const fs::path& folder, double begun_s, const TrainProgress& training,
              StageProgress* stage) {
  const bool has_report = ChangedAt(folder / kReportFile).value_or(0) >= begun_s;
  const Json report = has_report ? ReadJsonIfThere(folder / kReportFile) : Json::object();
  stage->state = StageState::kStopped;
  if (has_report && MemberOr(report, "stopped_early", false)) {
    stage->note = "stopped at a checkpoint";
  } else if (has_report) {
    stage->state = StageState::kFailed;
    stage->note = "too many damaged videos: see train/failed.tsv";
  } else if (training.lock.has_ended) {
    stage->note = "killed: its process on " + training.lock.host + " has ended";
  } else if (training.lock.is_there) {
    stage->note = fmt::format("killed or hanging: {} gives no sign of life",
                              training.lock.host.empty() ? "its host" : training.lock.host);
  } else {
    stage->note = "ended without a report: its log says why";
  }
}

std::string LastFigures(const TrainProgress& training) {
  if (training.rows.empty()) {
    return "";
  }
  const EpochRow& last = training.rows.back();
  std::string text;
  if (last.train_loss && last.train_top1) {
    text = fmt::format("loss {:.3f}, top-1 {:.1f} %", *last.train_loss, 100 * *last.train_top1);
  }
  if (last.validation_loss && last.validation_top1) {
    text += fmt::format("{}validation loss {:.3f}, top-1 {:.1f} %", text.empty() ? "" : "; ",
                        *last.validation_loss, 100 * *last.validation_top1);
  }
  return text;
}

}  // namespace

const StageProgress* RunProgress::Current() const {
  const StageProgress* current = nullptr;
  for (const StageProgress& stage : stages) {
    if (stage.state == StageState::kAtWork) {
      return &stage;
    }
    if (stage.state != StageState::kNotBegun && stage.state != StageState::kQueued) {
      current = &stage;
    }
  }
  return current;
}

double RunProgress::ChangedAt() const {
  double changed_s = 0;
  for (const StageProgress& stage : stages) {
    changed_s = std::max(changed_s, stage.changed_s);
  }
  return changed_s;
}

// Returns true if train-r3d alone works, or has worked, in the folder. It takes the lock before it
// writes its settings, and the first line of metrics.jsonl comes with the end of the first epoch.
// Other stages lock their folders too, so settings without `epochs` are not of a training.
bool IsOfTraining(const fs::path& folder) {
  const bool has_settings = IsThere(folder / kConfigFile);
  return IsThere(folder / "metrics.jsonl") || (IsThere(folder / "lock.holder") && !has_settings) ||
         !SettingIn(ReadIfThere(folder / kConfigFile), "epochs").empty();
}

bool LooksLikeRun(const fs::path& folder) {
  for (const char* name : {"videos.tsv", "settings/prep.ini", "slurm/jobs.tsv",
                           "prepared/config.ini", "shards/config.ini", "train/config.ini",
                           "scores/config.ini", "evaluation/config.ini", "videos/config.ini"}) {
    if (IsThere(folder / name)) {
      return true;
    }
  }
  return IsOfTraining(folder);
}

RunReader::RunReader(fs::path folder, Clock clock)
    : folder_(std::move(folder)),
      clock_(std::move(clock)),
      is_training_alone_(IsOfTraining(folder_)) {
  train_folder_ = is_training_alone_ ? folder_ : folder_ / "train";
  const fs::path index = train_folder_.parent_path() / "shards" / "index.tsv";
  training_ = std::make_unique<TrainReader>(train_folder_, index, clock_);
}

StageProgress RunReader::LookAtList() {
  StageProgress stage;
  stage.name = "list";
  stage.unit = "video";
  const fs::path table = folder_ / "videos.tsv";
  if (const std::optional<int64_t> num_videos = rows_.Count(table)) {
    stage.state = StageState::kDone;
    stage.done = stage.total = *num_videos;
    stage.changed_s = stage.made_s = ChangedAt(table).value_or(0);
  }
  return stage;
}

// Finds how many items there are in all.
void RunReader::FindTotal(const MadeFiles& made, const std::string& config, StageProgress* stage) {
  if (stage->state == StageState::kDone) {
    stage->total = stage->done;
  } else if (stage->name == "prep") {
    stage->total = rows_.Count(folder_ / "videos.tsv").value_or(0);
  } else if (stage->unit == "group") {
    const int64_t each = IntegerWithin(config, "group-videos", 1, kMostItems).value_or(1);
    stage->total = (rows_.Count(folder_ / "videos.tsv").value_or(0) + each - 1) / each;
    stage->total_is_estimate = true;
  } else if (stage->name == "pack") {
    const double shard_bytes =
        static_cast<double>(IntegerWithin(config, "shard-size", 1, kMostItems).value_or(0)) *
        (1 << 20);
    stage->total =
        shard_bytes > 0 ? static_cast<int64_t>(std::ceil(prepared_.SizeBytes() / shard_bytes)) : 0;
    stage->total = std::max(stage->total, stage->done);
    stage->total_is_estimate = true;
  } else if (stage->name == "score") {
    const std::string subset = SettingIn(config, "subset");
    const int64_t num_videos =
        rows_.Count(folder_ / "shards" / "index.tsv", "subset", subset).value_or(0);
    const int64_t per_part = IntegerWithin(config, "videos-per-part", 1, kMostItems).value_or(1);
    stage->total = (num_videos + per_part - 1) / per_part;
  }
  if (stage->name == "prep") {
    prepared_ = made;
  }
}

// The rate is that of the part of the stage that has begun last, since earlier files may be days
// old. What was seen here itself is more exact than dates of a sample.
void RunReader::FindRate(const MadeFiles& made, double begun_s, StageProgress* stage) {
  constexpr double kFewest = 2;
  const double now_s = clock_();
  RateMeter& meter = rates_[stage->name];
  meter.Note(now_s, static_cast<double>(stage->done));
  if (stage->state != StageState::kAtWork) {
    return;
  }
  stage->items_per_s = meter.PerSecond();
  const double since = made.CountSince(begun_s);
  if (stage->items_per_s == 0 && since >= kFewest && now_s - begun_s >= 1) {
    stage->items_per_s = since / (now_s - begun_s);
  }
  if (stage->items_per_s > 0 && stage->total >= stage->done) {
    stage->left_s = static_cast<double>(stage->total - stage->done) / stage->items_per_s;
  }
}

// Jobs of slurm/ leave a list of the submitted ones, and a record of each that failed.
void RunReader::LookAtJobs(double begun_s, StageProgress* stage) const {
  const fs::path slurm = folder_ / "slurm";
  const fs::path jobs = slurm / "jobs.tsv";
  std::error_code error;
  for (fs::directory_iterator entry(slurm / "failures", error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.compare(0, stage->name.size(), stage->name) == 0 &&
        stage->state != StageState::kDone && stage->state != StageState::kAtWork &&
        reel3d::ChangedAt(entry->path()).value_or(0) >= begun_s) {
      stage->state = StageState::kFailed;
      stage->note = "job failed: see " + entry->path().string();
      return;
    }
  }
  const std::string text = ReadIfThere(jobs);
  const bool is_to_be_made =
      stage->state == StageState::kNotBegun ||
      (stage->state == StageState::kOutdated && reel3d::ChangedAt(jobs).value_or(0) >= begun_s);
  if (is_to_be_made && ("\n" + text).find("\n" + stage->name + "\t") != std::string::npos) {
    stage->state = StageState::kQueued;
  }
}

StageProgress RunReader::LookAtStage(const Place& place) {
  const fs::path folder = folder_ / place.folder;
  StageProgress stage;
  stage.name = place.stage;
  stage.unit = place.unit;
  const std::optional<double> begun_s = ChangedAt(folder / kConfigFile);
  if (!begun_s) {
    LookAtJobs(0, &stage);
    return stage;
  }
  const MadeFiles made = files_.Look(folder / place.files, place.beginning, place.ending);
  stage.done = made.count;
  stage.changed_s = std::max(made.changed_s, *begun_s);
  const double per_item_s =
      made.count > 1 ? (stage.changed_s - *begun_s) / std::max(1., made.CountSince(*begun_s)) : 0;
  stage.state =
      StateOf(folder, *begun_s, stage.changed_s, std::max(kQuiet_s, 3 * per_item_s), clock_());
  stage.made_s = stage.state == StageState::kDone ? ChangedAt(folder / kDoneFile).value_or(*begun_s)
                                                  : *begun_s;
  LookAtTasks(folder, &stage);
  if (const std::optional<int64_t> failed = rows_.Count(folder / kFailedFile);
      failed && ChangedAt(folder / kFailedFile).value_or(0) >= *begun_s) {
    stage.num_failed = *failed;
  }
  FindTotal(made, ReadIfThere(folder / kConfigFile), &stage);
  FindRate(made, *begun_s, &stage);
  LookAtJobs(*begun_s, &stage);
  if (stage.state == StageState::kDone && stage.tasks <= 1) {
    stage.took_s = SecondsIn(folder / kReportFile);
  }
  if (stage.state == StageState::kFailed && stage.note.empty()) {
    stage.note = fmt::format("too many items failed: see {}", (folder / kFailedFile).string());
  } else if (stage.state == StageState::kQuiet) {
    stage.note = "no change for " + FormatDuration(clock_() - stage.changed_s) +
                 ": ended early, or at a long item";
  }
  if (stage.name == "evaluate" && stage.state == StageState::kDone) {
    const Json metrics = ReadJsonIfThere(folder / "metrics.json");
    stage.note = fmt::format("video top-1 {}, top-5 {}", Share(metrics, "video_top1"),
                             Share(metrics, "video_top5"));
  }
  return stage;
}

StageProgress RunReader::LookAtTraining(RunProgress* run) {
  StageProgress stage;
  stage.name = "train";
  stage.unit = "epoch";
  const std::optional<double> begun_s = ChangedAt(train_folder_ / kConfigFile);
  if (!begun_s) {
    LookAtJobs(0, &stage);
    return stage;
  }
  run->training = training_->Look();
  const TrainProgress& training = *run->training;
  stage.done = training.epochs_done;
  stage.total = training.epochs;
  for (const char* name :
       {"metrics.jsonl", "lock.holder", "heartbeats/rank-0", "config.ini", "DONE", "checkpoints"}) {
    stage.changed_s = std::max(stage.changed_s, ChangedAt(train_folder_ / name).value_or(0));
  }
  if (!training.rows.empty() && training.rows.back().seconds) {
    stage.items_per_s = 1 / std::max(1e-9, *training.rows.back().seconds);
  }
  stage.made_s = ChangedAt(train_folder_ / kDoneFile).value_or(*begun_s);
  if (IsThere(train_folder_ / kDoneFile)) {
    stage.state = StageState::kDone;
    stage.note = LastFigures(training);
  } else if (training.is_alive()) {
    stage.state = StageState::kAtWork;
    stage.left_s = training.left_s;
  } else {
    JudgeEnd(train_folder_, *begun_s, training, &stage);
  }
  LookAtJobs(*begun_s, &stage);
  return stage;
}

StageProgress RunReader::LookAtReport() const {
  StageProgress stage;
  stage.name = "report";
  if (const std::optional<double> changed_s = ChangedAt(folder_ / "report.html")) {
    stage.state = StageState::kDone;
    stage.changed_s = stage.made_s = *changed_s;
    stage.note = (folder_ / "report.html").string();
  }
  return stage;
}

RunProgress RunReader::Look() {
  static constexpr Place kVideos = {"videos", "videos", "", ".mp4", "video"};
  static constexpr Place kPrep = {"prep", "prepared", "", ".mkv", "video"};
  static constexpr Place kPack = {"pack", "shards", "", ".h5", "shard"};
  static constexpr Place kPackGroups = {"pack", "shards", "", ".json", "group", "groups"};
  static constexpr Place kScore = {"score", "scores", "scores-", ".h5", "score file"};
  static constexpr Place kEvaluate = {"evaluate", "evaluation", "", ".tsv", ""};
  RunProgress run;
  run.folder = folder_;
  run.at_s = clock_();
  run.is_there = IsThere(folder_);
  if (is_training_alone_) {
    run.stages.push_back(LookAtTraining(&run));
    return run;
  }
  if (IsThere(folder_ / "videos" / kConfigFile)) {
    run.stages.push_back(LookAtStage(kVideos));
  }
  run.stages.push_back(LookAtList());
  if (IsThere(folder_ / "shards" / "groups")) {
    run.stages.push_back(LookAtStage(kPackGroups));
  } else {
    run.stages.push_back(LookAtStage(kPrep));
    run.stages.push_back(LookAtStage(kPack));
  }
  run.stages.push_back(LookAtTraining(&run));
  run.stages.push_back(LookAtStage(kScore));
  run.stages.push_back(LookAtStage(kEvaluate));
  run.stages.push_back(LookAtReport());
  MarkOutdated(&run.stages);
  for (StageProgress& stage : run.stages) {
    // LookAtReport() has not looked at jobs yet.
    if (stage.state == StageState::kOutdated || &stage == &run.stages.back()) {
      LookAtJobs(stage.made_s, &stage);
    }
  }
  return run;
}

}  // namespace reel3d

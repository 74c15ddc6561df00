// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/runs_seen.h"

#include <algorithm>
#include <exception>
#include <string_view>
#include <utility>

#include "pipeline/stages/run_files.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostRuns = 100;
constexpr size_t kMostMessages = 20;

// Returns the folder without a slash at its end, so that its name is not empty.
fs::path WithName(const fs::path& folder) {
  fs::path plain = folder.lexically_normal();
  return plain.has_filename() ? plain : plain.parent_path();
}

fs::path RunOf(const fs::path& given) {
  const fs::path folder = WithName(given);
  static constexpr std::string_view kStages[] = {"prepared", "shards", "train", "scores",
                                                 "evaluation"};
  const std::string name = folder.filename().string();
  const fs::path parent = folder.has_parent_path() ? folder.parent_path() : fs::path(".");
  const bool is_stage =
      std::find(std::begin(kStages), std::end(kStages), name) != std::end(kStages) &&
      ChangedAt(folder / "config.ini");
  return is_stage && LooksLikeRun(parent) ? parent : folder;
}

template <class Value>
Json OrNull(const std::optional<Value>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json ToJson(const StageProgress& stage) {
  Json json = {{"stage", stage.name},
               {"state", NameOf(stage.state)},
               {"done", stage.done},
               {"total", stage.total > 0 ? Json(stage.total) : Json(nullptr)},
               {"total_is_estimate", stage.total_is_estimate},
               {"unit", stage.unit},
               {"failed", stage.num_failed},
               {"tasks_done", stage.tasks_done},
               {"tasks", stage.tasks},
               {"per_s", stage.items_per_s > 0 ? Json(stage.items_per_s) : Json(nullptr)},
               {"left_s", OrNull(stage.left_s)},
               {"changed_s", stage.changed_s > 0 ? Json(stage.changed_s) : Json(nullptr)}};
  json["note"] = stage.note;
  return json;
}

Json ToJson(const EpochRow& row) {
  return {{"epoch", row.epoch},
          {"step", row.step},
          {"lr", row.lr},
          {"train_loss", OrNull(row.train_loss)},
          {"train_top1", OrNull(row.train_top1)},
          {"validation_loss", OrNull(row.validation_loss)},
          {"validation_top1", OrNull(row.validation_top1)},
          {"clips_per_s", OrNull(row.clips_per_s)},
          {"waiting_share", OrNull(row.waiting_share)},
          {"verdict", row.verdict}};
}

Json ToJson(const TrainProgress& training) {
  Json json = {{"is_alive", training.is_alive()},
               {"host", training.lock.host},
               {"epochs_done", training.epochs_done},
               {"epochs", training.epochs},
               {"step", training.step},
               {"steps_in_epoch", training.steps_in_epoch},
               {"steps_per_epoch", training.steps_per_epoch},
               {"left_s", OrNull(training.left_s)},
               {"ranks", training.num_ranks},
               {"now", training.now},
               {"blocked_by", training.blame},
               {"checkpoint_step", training.checkpoint_step},
               {"best_step", training.best_step},
               {"goodput", training.goodput ? ToJson(*training.goodput) : Json(nullptr)},
               {"rows", Json::array()}};
  for (const EpochRow& row : training.rows) {
    json["rows"].push_back(ToJson(row));
  }
  return json;
}

Json ToJson(const RunProgress& run) {
  Json json = {{"folder", run.folder.string()}, {"at_s", run.at_s}, {"stages", Json::array()}};
  for (const StageProgress& stage : run.stages) {
    json["stages"].push_back(ToJson(stage));
  }
  json["training"] = run.training ? ToJson(*run.training) : Json(nullptr);
  return json;
}

}  // namespace

RunsReader::RunsReader(const fs::path& folder, Clock clock)
    : folder_(RunOf(folder)), clock_(std::move(clock)) {}

RunProgress RunsReader::LookAt(const fs::path& run) {
  std::unique_ptr<RunReader>& reader = readers_[run.string()];
  if (!reader) {
    reader = std::make_unique<RunReader>(run, clock_);
  }
  try {
    return reader->Look();
  } catch (const std::exception&) {  // the file system fails in a way that nothing above expects
    RunProgress unknown;
    unknown.folder = run;
    unknown.at_s = clock_();
    unknown.is_there = false;
    return unknown;
  }
}

void RunsReader::LookAtMany(RunsSeen* seen) {
  // The dates are read once: runs at work change them while they are compared.
  std::vector<std::pair<double, fs::path>> folders;
  std::error_code error;
  for (fs::directory_iterator entry(folder_, error), end; !error && entry != end;
       entry.increment(error)) {
    if (LooksLikeRun(entry->path())) {
      folders.emplace_back(-ChangedAt(entry->path()).value_or(0), entry->path());
    }
  }
  std::sort(folders.begin(), folders.end());
  seen->has_many = !folders.empty();
  seen->num_left_out = folders.size() > kMostRuns ? folders.size() - kMostRuns : 0;
  folders.resize(std::min(folders.size(), kMostRuns));
  for (const auto& [age, folder] : folders) {
    seen->runs.push_back(LookAt(folder));
  }
  std::stable_sort(
      seen->runs.begin(), seen->runs.end(),
      [](const RunProgress& a, const RunProgress& b) { return a.ChangedAt() > b.ChangedAt(); });
}

RunsSeen RunsReader::Look() {
  RunsSeen seen;
  seen.folder = folder_;
  seen.is_there = ChangedAt(folder_).has_value();
  if (!seen.is_there) {
    readers_.clear();  // a folder that comes back is another run
  } else if (LooksLikeRun(folder_)) {
    seen.runs.push_back(LookAt(folder_));
    seen.messages = ReadRunMessages(folder_, kMostMessages);
  } else {
    LookAtMany(&seen);
  }
  return seen;
}

Json ToJson(const RunsSeen& seen) {
  Json json = {{"kind", seen.has_many ? "runs" : "run"},
               {"folder", seen.folder.string()},
               {"is_there", seen.is_there},
               {"runs", Json::array()},
               {"messages", Json::array()}};
  for (const RunProgress& run : seen.runs) {
    json["runs"].push_back(ToJson(run));
  }
  for (const RunMessage& message : seen.messages) {
    json["messages"].push_back({{"error", message.is_error},
                                {"text", message.text},
                                {"source", message.source},
                                {"at_s", message.at_s}});
  }
  return json;
}

}  // namespace reel3d

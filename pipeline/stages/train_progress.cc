// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/train_progress.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "lib/base/process_state.h"
#include "lib/base/work_lock.h"
#include "lib/train/checkpoint/checkpoint_folder.h"
#include "lib/train/log/epoch_times.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kRows = 64;  // epochs that are read

std::optional<double> Number(const Json& json, const char* key) {
  const auto value = json.find(key);
  return value != json.end() && value->is_number() ? std::optional(value->get<double>())
                                                   : std::nullopt;
}

int64_t Integer(const Json& json, const char* key) {
  const double value = Number(json, key).value_or(0);
  return std::isfinite(value) && std::abs(value) < 1e15 ? static_cast<int64_t>(value) : 0;
}

std::string Text(const Json& json, const char* key) {
  const auto value = json.find(key);
  return value != json.end() && value->is_string() ? value->get<std::string>() : "";
}

int64_t IntegerIn(const std::string& config, const char* key, int64_t otherwise) {
  const std::string text = SettingIn(config, key);
  int64_t value = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

EpochRow RowOf(const Json& line) {
  EpochRow row;
  row.epoch = static_cast<int>(Integer(line, "epoch"));
  row.step = Integer(line, "step");
  row.lr = Number(line, "lr").value_or(0);
  row.train_loss = Number(line, "train_loss");
  row.train_top1 = Number(line, "train_top1");
  row.validation_loss = Number(line, "validation_loss");
  row.validation_top1 = Number(line, "validation_top1");
  return row;
}

// Adds the speed. A line of another form adds nothing.
void AddTimes(const Json& line, EpochRow* row) {
  const std::optional<double> clips = Number(line, "clips");
  row->seconds = Number(line, "seconds");
  row->ended_s = Number(line, "ended_s");
  if (clips && row->seconds && *row->seconds > 0) {
    row->clips_per_s = *clips / *row->seconds;
  }
  try {
    std::vector<RankTimes> ranks;
    for (const Json& rank : line.at("ranks")) {
      ranks.push_back(RankTimesFrom(rank));
    }
    if (ranks.empty()) {
      return;
    }
    const PhaseSeconds& phases = ranks.front().phases;
    row->waiting_share = In(phases, Phase::kData) / std::max(1e-9, Total(phases));
    row->verdict = Judge(ranks, 1, 1).cause;
  } catch (const Json::exception&) {
    row->verdict.clear();
  }
}

std::vector<EpochRow> ReadRows(const fs::path& folder) {
  std::vector<EpochRow> rows;
  for (const Json& line : LastJsonLines(folder / "metrics.jsonl", kRows)) {
    rows.push_back(RowOf(line));
  }
  for (const Json& line : LastJsonLines(folder / "times.jsonl", kRows)) {
    for (EpochRow& row : rows) {
      if (row.step == Integer(line, "step")) {
        AddTimes(line, &row);
      }
    }
  }
  return rows;
}

// Returns the seconds from the end of one epoch to the end of the next one, on average over the
// last ones: with validation and checkpoints. A run that was interrupted was at rest in between,
// which is recognised by its length.
std::optional<double> SecondsPerEpoch(const std::vector<EpochRow>& rows) {
  constexpr size_t kEpochs = 20;
  constexpr double kInterrupted = 5;
  std::vector<double> lengths_s, steps_s;
  for (size_t i = rows.size() > kEpochs ? rows.size() - kEpochs : 0; i < rows.size(); ++i) {
    if (i > 0 && rows[i].ended_s && rows[i - 1].ended_s &&
        *rows[i].ended_s > *rows[i - 1].ended_s) {
      lengths_s.push_back(*rows[i].ended_s - *rows[i - 1].ended_s);
    } else if (rows[i].seconds) {
      steps_s.push_back(*rows[i].seconds);
    }
  }
  std::vector<double>& known_s = lengths_s.empty() ? steps_s : lengths_s;
  if (known_s.empty()) {
    return std::nullopt;
  }
  std::sort(known_s.begin(), known_s.end());
  const double most_s = kInterrupted * known_s[known_s.size() / 2];
  double sum_s = 0;
  int count = 0;
  for (const double length_s : known_s) {
    sum_s += length_s <= most_s ? length_s : 0;
    count += length_s <= most_s ? 1 : 0;
  }
  return sum_s / count;
}

// Returns the step in a checkpoint's name, such as step-0000001234; -1 for another name.
int64_t StepIn(const std::string& name) {
  constexpr std::string_view kBeginning = "step-";
  int64_t step = -1;
  if (name.compare(0, kBeginning.size(), kBeginning) == 0) {
    std::from_chars(name.data() + kBeginning.size(), name.data() + name.size(), step);
  }
  return step;
}

// Returns how many ranks have a file of beats.
int CountRanks(const fs::path& folder) {
  constexpr int kMost = 256;
  std::error_code error;
  int count = 0;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end && count < kMost;
       entry.increment(error)) {
    ++count;
  }
  return count;
}

}  // namespace

// While some rank has waited only briefly for others, the run moves, even if all of them happened
// to wait when they wrote their beats.
std::string DescribeBlocker(const std::vector<Beat>& before, const std::vector<Beat>& after) {
  constexpr double kHoldsUp_s = 60;  // in one phase of a step
  if (after.empty() || before.size() != after.size()) {
    return "";
  }
  bool all_beat = true, some_wait_briefly = false;
  for (size_t rank = 0; rank < after.size(); ++rank) {
    all_beat = all_beat && after[rank].count >= 0 && after[rank].count != before[rank].count;
    some_wait_briefly =
        some_wait_briefly || (after[rank].waiting && after[rank].for_s <= kHoldsUp_s);
  }
  return all_beat && some_wait_briefly ? "" : FindBlame(before, after, kHoldsUp_s).reason;
}

// A lock is alive if its process is, which is known on the same machine, or while its date
// changes. The date is also compared with this host's clock, for the first look.
LockSign TrainReader::LookAtLock() {
  constexpr double kStale_s = 60;
  const fs::path file = folder_ / kLockHolderFile;
  const std::optional<double> changed_s = ChangedAt_s(file);
  const Json holder = ReadJsonIfThere(file, 4096);
  const double now_s = ClockNow_s();
  LockSign sign;
  if (!changed_s) {
    return sign;
  }
  if (*changed_s != lock_changed_s_) {
    lock_beat_seen_s_ = lock_changed_s_ > 0 ? now_s : 0;
    lock_changed_s_ = *changed_s;
  }
  sign.is_there = true;
  sign.host = Text(holder, "host");
  sign.since_s = Number(holder, "since").value_or(0);
  sign.is_alive = now_s - lock_beat_seen_s_ < kStale_s || std::abs(now_s - *changed_s) < kStale_s;
  if (Text(holder, "machine") == ProcessSpace()) {
    const ProcessState process = ObserveProcess(static_cast<pid_t>(Integer(holder, "process")));
    const std::string start = Text(holder, "process_start");
    sign.is_alive =
        process.is_alive && (start.empty() || process.start.empty() || start == process.start);
    sign.has_ended = !sign.is_alive;
  }
  return sign;
}

void TrainReader::LookAtBeats(TrainProgress* progress) {
  constexpr double kPatience_s = 5;  // for the file system
  constexpr double kBeats_s = 5;     // more than one beat, which may come late over a network
  const fs::path folder = folder_ / "heartbeats";
  std::vector<Beat> beats = ReadBeats(folder, CountRanks(folder), kPatience_s);
  for (const Beat& beat : beats) {
    progress->num_ranks += beat.count >= 0 ? 1 : 0;
    progress->step = std::max(progress->step, beat.step);
  }
  if (!beats.empty() && beats[0].count >= 0) {
    progress->now = Describe(beats[0]);
  }
  const double now_s = ClockNow_s();
  if (now_s - beats_at_s_ > kBeats_s) {
    blame_ = DescribeBlocker(beats_, beats);
    beats_ = std::move(beats);
    beats_at_s_ = now_s;
  }
  progress->blame = blame_;
}

void TrainReader::LookAtCheckpoints(TrainProgress* progress) const {
  const fs::path folder = folder_ / "checkpoints";
  std::error_code absent;
  const fs::path latest = fs::read_symlink(folder / "latest", absent);
  progress->checkpoint_step = absent ? -1 : StepIn(latest.filename().string());
  progress->checkpoint_at_s = ChangedAt_s(folder / "latest" / CheckpointFiles::kDone).value_or(0);
  const fs::path best = fs::read_symlink(folder / "best", absent);
  progress->best_step = absent ? -1 : StepIn(best.filename().string());
}

int64_t TrainReader::StepsPerEpoch(const TrainProgress& progress, const std::string& config) {
  if (!progress.rows.empty() && progress.rows.back().epoch > 0) {
    return progress.rows.back().step / progress.rows.back().epoch;
  }
  const std::optional<int64_t> num_videos = rows_.Count(index_, "subset", "training");
  const int64_t batch = IntegerIn(config, "batch", 0);
  if (!num_videos || batch < 1) {
    return 0;
  }
  const int64_t num_clips = *num_videos * IntegerIn(config, "clips-per-video", 1);
  const bool drops = SettingIn(config, "last-batch") == "drop" && num_clips >= batch;
  return drops ? num_clips / batch : (num_clips + batch - 1) / batch;
}

std::optional<double> TrainReader::SecondsLeft(const TrainProgress& progress) {
  if (progress.epochs == 0 || progress.steps_per_epoch == 0) {
    return std::nullopt;
  }
  const auto per_epoch = static_cast<double>(progress.steps_per_epoch);
  const double epochs_left =
      std::max(0., progress.epochs - static_cast<double>(progress.step) / per_epoch);
  if (const std::optional<double> seconds = SecondsPerEpoch(progress.rows)) {
    return epochs_left * *seconds;
  }
  const double rate = steps_.PerSecond();
  return rate > 0 ? std::optional(epochs_left * per_epoch / rate) : std::nullopt;
}

TrainProgress TrainReader::Look() {
  TrainProgress progress;
  const std::string config = ReadIfThere(folder_ / "config.ini");
  progress.epochs = static_cast<int>(IntegerIn(config, "epochs", 0));
  progress.rows = ReadRows(folder_);
  if (!progress.rows.empty()) {
    progress.epochs_done = progress.rows.back().epoch;
    progress.step = progress.rows.back().step;
  }
  LookAtCheckpoints(&progress);
  progress.step = std::max(progress.step, progress.checkpoint_step);
  progress.lock = LookAtLock();
  if (progress.lock.is_alive) {
    LookAtBeats(&progress);
  }
  progress.steps_per_epoch = StepsPerEpoch(progress, config);
  progress.steps_in_epoch = std::clamp<int64_t>(
      progress.step - progress.epochs_done * progress.steps_per_epoch, 0, progress.steps_per_epoch);
  steps_.Note(ClockNow_s(), static_cast<double>(progress.step));
  progress.left_s = SecondsLeft(progress);
  return progress;
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/train_progress.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "lib/base/error.h"
#include "lib/base/process_state.h"
#include "lib/base/work_lock.h"
#include "lib/train/checkpoint/checkpoint_folder.h"
#include "lib/train/log/epoch_times.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kRows = 64;  // epochs that are read

// Numbers beyond these are damaged: no run reaches them, and sums would not fit into their types.
constexpr double kMostSteps = 1e12, kMostEpochs = 1e9, kMost_s = 1e11;

std::string Text(const Json& json, const char* key) {
  const auto value = json.find(key);
  return value != json.end() && value->is_string() ? value->get<std::string>() : "";
}

int64_t StepOf(const Json& line) {
  return static_cast<int64_t>(NumberWithin(line, "step", 0, kMostSteps).value_or(0));
}

EpochRow RowOf(const Json& line) {
  constexpr double kMostLoss = 1e30;
  EpochRow row;
  row.epoch = static_cast<int>(NumberWithin(line, "epoch", 0, kMostEpochs).value_or(0));
  row.step = StepOf(line);
  row.lr = NumberWithin(line, "lr", 0, kMostLoss).value_or(0);
  row.train_loss = NumberWithin(line, "train_loss", -kMostLoss, kMostLoss);
  row.train_top1 = NumberWithin(line, "train_top1", 0, 1);
  row.validation_loss = NumberWithin(line, "validation_loss", -kMostLoss, kMostLoss);
  row.validation_top1 = NumberWithin(line, "validation_top1", 0, 1);
  return row;
}

// Adds the speed. A line of another form adds nothing.
void AddTimes(const Json& line, EpochRow* row) {
  constexpr double kMostClips = 1e15, kShortest_s = 1e-6;
  const std::optional<double> clips = NumberWithin(line, "clips", 0, kMostClips);
  row->seconds = NumberWithin(line, "seconds", kShortest_s, kMost_s);
  row->ended_s = NumberWithin(line, "ended_s", 0, kMost_s);
  if (clips && row->seconds) {
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
    row->verdict = Judge(ranks, 1, 1, /*copies_shards=*/false).cause;
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
      if (row.step == StepOf(line)) {
        AddTimes(line, &row);
      }
    }
  }
  return rows;
}

// Returns the mean of the lengths that are not far above the usual one: a run that was interrupted
// was at rest within a length.
double MeanOfUsual(const std::vector<double>& lengths_s, double usual_s) {
  constexpr double kInterrupted = 5;
  double sum_s = 0;
  int count = 0;
  for (const double length_s : lengths_s) {
    sum_s += length_s <= kInterrupted * usual_s ? length_s : 0;
    count += length_s <= kInterrupted * usual_s ? 1 : 0;
  }
  return sum_s / count;
}

// Returns the seconds from the end of one epoch to the end of the next one, on average over the
// last ones: with validation and checkpoints. Before that is known, it returns those of the steps.
std::optional<double> SecondsPerEpoch(const std::vector<EpochRow>& rows) {
  constexpr size_t kEpochs = 20;
  constexpr double kMostOfSteps = 5, kPause_s = 60;  // a single length can only be checked by steps
  std::vector<double> lengths_s, steps_s;
  for (size_t i = rows.size() > kEpochs ? rows.size() - kEpochs : 0; i < rows.size(); ++i) {
    if (i > 0 && rows[i].ended_s && rows[i - 1].ended_s &&
        *rows[i].ended_s > *rows[i - 1].ended_s) {
      lengths_s.push_back(*rows[i].ended_s - *rows[i - 1].ended_s);
    }
    if (rows[i].seconds) {
      steps_s.push_back(*rows[i].seconds);
    }
  }
  const auto smaller_half = [](std::vector<double>& values) {
    std::sort(values.begin(), values.end());
    return values[(values.size() - 1) / 2];
  };
  const double of_steps_s = steps_s.empty() ? 0 : smaller_half(steps_s);
  if (lengths_s.size() > 1 ||
      (lengths_s.size() == 1 && lengths_s[0] <= kMostOfSteps * of_steps_s + kPause_s)) {
    return MeanOfUsual(lengths_s, smaller_half(lengths_s));
  }
  return steps_s.empty() ? std::nullopt : std::optional(MeanOfUsual(steps_s, of_steps_s));
}

// Returns the step in a checkpoint's name, such as step-0000001234; -1 for another name.
int64_t StepIn(const std::string& name) {
  constexpr std::string_view kBeginning = "step-";
  int64_t step = -1;
  if (name.compare(0, kBeginning.size(), kBeginning) == 0) {
    std::from_chars(name.data() + kBeginning.size(), name.data() + name.size(), step);
  }
  return step <= static_cast<int64_t>(kMostSteps) ? step : -1;
}

// Returns how many ranks have left beats since `begun_s`. Older beats are of ranks that were killed
// before the run went on, perhaps with fewer ranks.
int CountRanks(const fs::path& folder, double begun_s) {
  constexpr int kMostNames = 10'000, kMostRanks = 4096;
  std::error_code error;
  int count = 0, num_names = 0;
  for (fs::directory_iterator entry(folder, error), end;
       !error && entry != end && num_names < kMostNames; entry.increment(error)) {
    ++num_names;
    const int rank = RankOfBeats(entry->path().filename().string()).value_or(-1);
    if (rank >= count && rank < kMostRanks && ChangedAt(entry->path()).value_or(0) >= begun_s) {
      count = rank + 1;
    }
  }
  return count;
}

// Finds where the time of the training went; nothing if that cannot be read. A file of thousands of
// starts is not read again and again.
void LookAtStarts(const fs::path& folder, TrainProgress* progress) {
  constexpr uintmax_t kMostBytes = 1000 * kStartLineBytes;
  std::error_code error;
  const uintmax_t size_bytes = fs::file_size(folder / kStartsFile, error);
  progress->has_too_many_starts = !error && size_bytes > kMostBytes;
  if (error || progress->has_too_many_starts) {
    return;
  }
  try {
    progress->goodput = ReadGoodput(folder);
  } catch (const Error&) {
    return;  // the next look may read it
  }
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
  const std::optional<double> changed_s = ChangedAt(file);
  const Json holder = ReadJsonIfThere(file, 4096);
  const double now_s = clock_();
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
  sign.is_alive = now_s - lock_beat_seen_s_ < kStale_s || std::abs(now_s - *changed_s) < kStale_s;
  if (Text(holder, "machine") == ProcessSpace()) {
    const ProcessState process = ObserveProcess(static_cast<pid_t>(
        NumberWithin(holder, "process", 0, std::numeric_limits<pid_t>::max()).value_or(0)));
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
  const double begun_s = ChangedAt(folder_ / "config.ini").value_or(0);  // each start writes it
  std::vector<Beat> beats = ReadBeats(folder, CountRanks(folder, begun_s), kPatience_s);
  for (const Beat& beat : beats) {
    progress->num_ranks += beat.count >= 0 ? 1 : 0;
    if (beat.step <= static_cast<int64_t>(kMostSteps)) {
      progress->step = std::max(progress->step, beat.step);
    }
  }
  if (!beats.empty() && beats[0].count >= 0) {
    progress->now = Describe(beats[0]);
  }
  const double now_s = clock_();
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
  progress->checkpoint_at_s = ChangedAt(folder / "latest" / CheckpointFiles::kDone).value_or(0);
  const fs::path best = fs::read_symlink(folder / "best", absent);
  progress->best_step = absent ? -1 : StepIn(best.filename().string());
}

int64_t TrainReader::StepsPerEpoch(const TrainProgress& progress, const std::string& config) {
  if (!progress.rows.empty() && progress.rows.back().epoch > 0) {
    return progress.rows.back().step / progress.rows.back().epoch;
  }
  constexpr int64_t kMostClips = 1'000'000;  // of a video, or in a batch
  const std::optional<int64_t> num_videos = rows_.Count(index_, "subset", "training");
  const std::optional<int64_t> batch = IntegerWithin(config, "batch", 1, kMostClips);
  if (!num_videos || !batch || *num_videos > static_cast<int64_t>(kMostSteps)) {
    return 0;
  }
  const int64_t num_clips =
      *num_videos * IntegerWithin(config, "clips-per-video", 1, kMostClips).value_or(1);
  const bool drops = SettingIn(config, "last-batch") == "drop" && num_clips >= *batch;
  return drops ? num_clips / *batch : (num_clips + *batch - 1) / *batch;
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
  progress.epochs = static_cast<int>(
      IntegerWithin(config, "epochs", 0, static_cast<int64_t>(kMostEpochs)).value_or(0));
  progress.rows = ReadRows(folder_);
  if (!progress.rows.empty()) {
    progress.epochs_done = progress.rows.back().epoch;
    progress.step = progress.rows.back().step;
  }
  LookAtCheckpoints(&progress);
  LookAtStarts(folder_, &progress);
  progress.step = std::max(progress.step, progress.checkpoint_step);
  progress.lock = LookAtLock();
  if (progress.lock.is_alive) {
    LookAtBeats(&progress);
  }
  progress.steps_per_epoch = StepsPerEpoch(progress, config);
  progress.steps_in_epoch = std::clamp<int64_t>(
      progress.step - progress.epochs_done * progress.steps_per_epoch, 0, progress.steps_per_epoch);
  steps_.Note(clock_(), static_cast<double>(progress.step));
  progress.left_s = SecondsLeft(progress);
  return progress;
}

}  // namespace reel3d

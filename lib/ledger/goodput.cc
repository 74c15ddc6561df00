// SPDX-License-Identifier: Apache-2.0
#include "lib/ledger/goodput.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

#include "lib/base/progress.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

struct PartNames {
  const char* key;
  const char* words;
};

PartNames NamesOf(Part part) {
  switch (part) {
    case Part::kKept:
      return {"kept", "steps that count"};
    case Part::kData:
      return {"data", "waiting for data"};
    case Part::kRanks:
      return {"ranks", "waiting for other ranks"};
    case Part::kValidation:
      return {"validation", "validation"};
    case Part::kSaves:
      return {"saves", "saving"};
    case Part::kUnsaved:
      return {"unsaved", "not saved yet"};
    case Part::kLost:
      return {"lost", "lost and done again"};
    case Part::kStart:
      return {"start", "starting"};
    case Part::kQueue:
      return {"queue", "in the queue"};
    case Part::kBetween:
      break;
  }
  return {"between", "between two starts"};
}

// Returns the point at `step` on the line between two save points.
SavePoint Between(const SavePoint& before, const SavePoint& after, int64_t step) {
  const double share = static_cast<double>(step - before.step) /
                       static_cast<double>(std::max<int64_t>(1, after.step - before.step));
  SavePoint point = before;
  point.step = step;
  for (size_t work = 0; work < kNumWorks; ++work) {
    point.seconds[work] += share * (after.seconds[work] - before.seconds[work]);
  }
  return point;
}

// Returns what a start had done when it reached `step`, which lies within its steps.
SavePoint PointAt(const StartRecord& start, int64_t step) {
  SavePoint before{start.first_step, {}};
  In(before.seconds, Work::kStart) = In(start.seconds, Work::kStart);
  for (const SavePoint& save : start.saves) {
    if (save.step == step) {
      return save;
    }
    if (save.step > step) {
      return Between(before, save, step);
    }
    before = save.step >= before.step ? save : before;
  }
  return Between(before, {start.step, start.seconds}, step);
}

// Adds the work of a start. Steps after `kept_until` count as `rest`: lost, or not saved yet. Steps
// after the last sign of life were not recorded, even if a checkpoint has them.
void AddWork(const StartRecord& start, int64_t kept_until, Part rest, JobTimes* job) {
  In(job->parts, Part::kStart) += In(start.seconds, Work::kStart);
  SavePoint kept{start.step, start.seconds};
  if (start.first_step >= 0 && start.step > kept_until) {
    kept = PointAt(start, std::max(kept_until, start.first_step));
    const int64_t done_after = start.step - kept.step;
    (rest == Part::kLost ? job->lost_steps : job->unsaved_steps) = done_after;
    In(job->parts, rest) += Total(start.seconds) - Total(kept.seconds);
  }
  job->kept_steps = start.first_step < 0 ? 0 : kept.step - start.first_step;
  In(job->parts, Part::kKept) += In(kept.seconds, Work::kSteps);
  In(job->parts, Part::kData) += In(kept.seconds, Work::kData);
  In(job->parts, Part::kRanks) += In(kept.seconds, Work::kRanks);
  In(job->parts, Part::kValidation) += In(kept.seconds, Work::kValidation);
  In(job->parts, Part::kSaves) += In(kept.seconds, Work::kSaves);
}

// Adds the time from `since_s`, the last sign of life of the start before, to the process of this
// start. What Slurm has not told counts as between two starts. A process that waited for the end of
// the start before, which held the run's lock, was starting only from then on. But if it also ended
// earlier, a clock was set.
void AddWait(const StartRecord& start, double since_s, JobTimes* job) {
  const auto within = [&](double moment_s, double low_s) {
    return std::clamp(moment_s, low_s, std::max(low_s, start.began_s));
  };
  const double job_start_s =
      start.job_start_s > 0 ? within(start.job_start_s, since_s) : within(start.began_s, since_s);
  const double eligible_s =
      start.eligible_s > 0 ? std::min(within(start.eligible_s, since_s), job_start_s) : job_start_s;
  In(job->parts, Part::kBetween) += eligible_s - since_s;
  In(job->parts, Part::kQueue) += job_start_s - eligible_s;
  In(job->parts, Part::kStart) += within(start.began_s, since_s) - job_start_s;
  if (start.began_s < since_s && start.at_s > since_s) {
    In(job->parts, Part::kStart) -=
        std::min(since_s - start.began_s, In(start.seconds, Work::kStart));
  }
}

// Returns the moment from which the wall clock of the first start counts.
double FirstMoment(const StartRecord& start) {
  double first_s = start.began_s;
  for (const double moment_s : {start.eligible_s, start.job_start_s}) {
    first_s = moment_s > 0 ? std::min(first_s, moment_s) : first_s;
  }
  return first_s;
}

// Returns the step from which the run would continue now. A start that has ended well has saved its
// last step, even if its checkpoints were removed later.
int64_t StepNow(const StartRecord& newest, std::optional<int64_t> saved_step) {
  return newest.end == kEndComplete || newest.end == kEndStopped
             ? newest.step
             : saved_step.value_or(std::max<int64_t>(0, newest.first_step));
}

// Returns, for each start, the step up to which its steps count: the lowest step from which a later
// start, or the run now, continued.
std::vector<int64_t> KeptUntil(const std::vector<StartRecord>& starts,
                               std::optional<int64_t> saved_step) {
  std::vector<int64_t> kept(starts.size());
  int64_t lowest = StepNow(starts.back(), saved_step);
  for (size_t i = starts.size(); i-- > 0;) {
    kept[i] = lowest;
    if (starts[i].first_step >= 0) {
      lowest = std::min(lowest, starts[i].first_step);
    }
  }
  return kept;
}

// Returns the step of the newest complete checkpoint, by its name; none if there is none.
std::optional<int64_t> NewestSavedStep(const fs::path& checkpoints) {
  constexpr std::string_view kBeginning = "step-";
  std::optional<int64_t> newest;
  std::error_code error;
  for (fs::directory_iterator entry(checkpoints, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    int64_t step = -1;
    std::error_code ignored;
    if (name.compare(0, kBeginning.size(), kBeginning) == 0 &&
        fs::exists(entry->path() / "DONE", ignored)) {
      std::from_chars(name.data() + kBeginning.size(), name.data() + name.size(), step);
    }
    if (step >= 0 && step > newest.value_or(-1)) {
      newest = step;
    }
  }
  return newest;
}

// Returns the number with three decimals: milliseconds, or a tenth of a percent.
double Rounded(double number) { return std::round(number * 1000) / 1000; }

Json PartSecondsToJson(const PartSeconds& parts) {
  Json json = Json::object();
  for (size_t part = 0; part < kNumParts; ++part) {
    json[std::string(PartKey(static_cast<Part>(part))) + "_s"] = Rounded(parts[part]);
  }
  return json;
}

}  // namespace

const char* PartKey(Part part) { return NamesOf(part).key; }
const char* PartWords(Part part) { return NamesOf(part).words; }

double Goodput::share() const { return wall_s > 0 ? In(parts, Part::kKept) / wall_s : 0; }

Goodput AddUp(const std::vector<StartRecord>& starts, std::optional<int64_t> saved_step) {
  Goodput sum;
  if (starts.empty()) {
    return sum;
  }
  const std::vector<int64_t> kept_until = KeptUntil(starts, saved_step);
  double since_s = FirstMoment(starts.front());
  sum.first_step = std::max<int64_t>(0, starts.front().first_step);
  for (size_t i = 0; i < starts.size(); ++i) {
    const StartRecord& start = starts[i];
    const bool is_newest = i + 1 == starts.size();
    JobTimes job;
    job.job = start.job;
    job.host = start.host;
    job.end = start.end;
    job.ranks = start.ranks;
    job.began_s = start.began_s;
    job.first_step = std::max<int64_t>(0, start.first_step);
    AddWait(start, since_s, &job);
    AddWork(start, kept_until[i], is_newest ? Part::kUnsaved : Part::kLost, &job);
    job.wall_s = std::max(start.at_s - since_s, Total(job.parts));
    since_s = std::max(since_s, start.at_s);
    sum.wall_s += job.wall_s;
    for (size_t part = 0; part < kNumParts; ++part) {
      sum.parts[part] += job.parts[part];
    }
    sum.jobs.push_back(std::move(job));
  }
  sum.unexplained_s = sum.wall_s - Total(sum.parts);
  return sum;
}

std::optional<Goodput> ReadGoodput(const fs::path& folder) {
  const std::vector<StartRecord> starts = ReadStarts(folder / kStartsFile);
  return starts.empty() ? std::nullopt
                        : std::optional(AddUp(starts, NewestSavedStep(folder / "checkpoints")));
}

Json ToJson(const Goodput& goodput) {
  Json json = {{"goodput", Rounded(goodput.share())},
               {"wall_s", Rounded(goodput.wall_s)},
               {"unexplained_s", Rounded(goodput.unexplained_s)},
               {"older_steps", goodput.first_step},
               {"parts", PartSecondsToJson(goodput.parts)},
               {"starts", Json::array()}};
  for (const JobTimes& job : goodput.jobs) {
    Json row = {{"job", job.job},
                {"host", job.host},
                {"ranks", job.ranks},
                {"end", job.end},
                {"began_s", Rounded(job.began_s)},
                {"first_step", job.first_step},
                {"kept_steps", job.kept_steps},
                {"lost_steps", job.lost_steps},
                {"unsaved_steps", job.unsaved_steps},
                {"wall_s", Rounded(job.wall_s)}};
    row.update(PartSecondsToJson(job.parts));
    json["starts"].push_back(std::move(row));
  }
  return json;
}

std::string Describe(const Goodput& goodput) {
  constexpr double kWorthNaming = 0.005;
  if (goodput.wall_s <= 0) {
    return "where the time went is not known";
  }
  std::string text = fmt::format("{:.0f} % of {} computed steps that count", 100 * goodput.share(),
                                 FormatDuration(goodput.wall_s));
  std::vector<Part> others;
  for (size_t part = 0; part < kNumParts; ++part) {
    if (static_cast<Part>(part) != Part::kKept &&
        goodput.parts[part] >= kWorthNaming * goodput.wall_s && goodput.parts[part] > 0) {
      others.push_back(static_cast<Part>(part));
    }
  }
  std::sort(others.begin(), others.end(),
            [&](Part a, Part b) { return In(goodput.parts, a) > In(goodput.parts, b); });
  for (const Part part : others) {
    text += fmt::format("{} {} {:.0f} %", part == others.front() ? ";" : ",", PartWords(part),
                        100 * In(goodput.parts, part) / goodput.wall_s);
  }
  if (goodput.unexplained_s >= kWorthNaming * goodput.wall_s) {
    text += fmt::format("{} not explained {:.0f} %", others.empty() ? ";" : ",",
                        100 * goodput.unexplained_s / goodput.wall_s);
  }
  return text;
}

}  // namespace reel3d

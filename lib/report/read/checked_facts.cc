// SPDX-License-Identifier: Apache-2.0
#include "lib/report/read/checked_facts.h"

#include <fmt/format.h>

#include <functional>
#include <string_view>
#include <system_error>

#include "lib/base/error.h"
#include "lib/base/plural.h"
#include "lib/report/draw/number_text.h"

namespace reel3d::report {
namespace {

namespace fs = std::filesystem;

using Facts = std::vector<CheckedFact>;

std::string Whole(double number) { return Grouped(static_cast<int64_t>(number)); }

// Returns the count of this key; none if it is absent or no count.
std::optional<double> CountOf(const Json& object, const char* key) {
  const auto number = NumberOf(object, key);
  return number && *number >= 0 && *number < 1e15 ? number : std::nullopt;
}

const StageRecord* StageOf(const RunRecord& run, const std::string& tool) {
  for (const StageRecord& stage : run.stages) {
    if (stage.tool == tool) {
      return &stage;
    }
  }
  return nullptr;
}

// Returns the identity of the input number `place` in the report of a stage; "" if it has none.
std::string IdentityOf(const Json& report, size_t place) {
  const auto inputs = report.find("inputs");
  return inputs != report.end() && inputs->is_array() && place < inputs->size()
             ? TextOf((*inputs)[place], "identity")
             : "";
}

void AddStages(const RunRecord& run, Facts* facts) {
  std::string open;
  for (const StageRecord& stage : run.stages) {
    if (!stage.is_complete) {
      open += (open.empty() ? "" : ", ") + stage.tool;
    }
  }
  facts->push_back({"every stage in this folder has finished", open.empty(),
                    open.empty() ? Count(static_cast<int64_t>(run.stages.size()), "stage")
                                 : "not finished: " + open,
                    "DONE of each stage"});
}

// States that a stage did its work for each of its items. `kept` is the key of the items that it
// found done when it was continued; "" if `done` counts them.
void AddItems(const RunRecord& run, const char* tool, const char* what, const char* done,
              const char* kept, Facts* facts) {
  const StageRecord* stage = StageOf(run, tool);
  const auto total = CountOf(ReportOf(run, tool), "num_videos");
  const auto num_now = CountOf(ReportOf(run, tool), done);
  if (stage != nullptr && total && num_now) {
    const double num_done = *num_now + CountOf(ReportOf(run, tool), kept).value_or(0);
    facts->push_back({what, num_done == *total && stage->num_failed == 0,
                      fmt::format("{} of {}, {} in failed.tsv", Whole(num_done), Whole(*total),
                                  Whole(static_cast<double>(stage->num_failed))),
                      fmt::format("report.json and failed.tsv of {}", tool)});
  }
}

// States whether a file has the checksum that its passport says. `read` reads the passport, and
// throws an input error if the file is another.
void AddChecksum(const fs::path& file, const char* what,
                 const std::function<std::optional<Passport>()>& read, Facts* facts) {
  std::error_code ignored;
  if (!fs::exists(file, ignored)) {
    return;
  }
  try {
    if (read()) {
      facts->push_back({what, true, "the checksums agree", file.filename().string()});
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) {
      throw;
    }
    facts->push_back({what, false, error.what(), file.filename().string()});
  }
}

void AddPassports(const RunRecord& run, Facts* facts) {
  const fs::path list = run.folder / "videos.tsv";
  AddChecksum(
      list, "videos.tsv is still the list that its passport describes",
      [&] { return ReadManifestPassport(list); }, facts);
  AddChecksum(
      run.folder / "shards" / "shards.tsv", "shards.tsv still names the shards of the passport",
      [&] { return ReadShardsPassport(run.folder / "shards"); }, facts);
  const auto differences =
      run.data && run.trained_on ? ListDifferences(*run.trained_on, *run.data) : std::nullopt;
  if (differences) {
    const auto count = static_cast<int64_t>(differences->size());
    facts->push_back({"the network learned from the data set that was scored", count == 0,
                      count == 0 ? "the lists of videos are equal"
                                 : "the lists of videos differ in " + Count(count, "value"),
                      "trained_on.json, passport.json"});
  }
  if (run.data) {
    if (const auto shared = CountOf(run.data->list, "sources_in_two_subsets")) {
      facts->push_back({"no source is in two subsets", *shared == 0,
                        Count(static_cast<int64_t>(*shared), "source"), "passport.json"});
    }
  }
}

void AddTraining(const RunRecord& run, Facts* facts) {
  const Json& report = ReportOf(run, "train-r3d");
  const char* const file = "report.json of train-r3d";
  const auto stopped = report.find("stopped_early");
  const auto epochs = CountOf(report, "epochs");
  const auto steps = CountOf(report, "steps");
  if (stopped != report.end() && stopped->is_boolean() && epochs && steps) {
    facts->push_back({"training reached its last epoch", !stopped->get<bool>(),
                      fmt::format("{} epochs, {} steps", Whole(*epochs), Whole(*steps)), file});
  }
  if (const auto bad = CountOf(report, "num_bad_steps")) {
    facts->push_back({"every loss and gradient was finite", *bad == 0,
                      Count(static_cast<int64_t>(*bad), "bad step"), file});
  }
  if (const auto damaged = CountOf(report, "num_damaged")) {
    facts->push_back({"training could read every video", *damaged == 0,
                      Count(static_cast<int64_t>(*damaged), "damaged video"), file});
  }
  if (run.goodput && !run.goodput->jobs.empty()) {
    int64_t lost = 0;
    for (const JobTimes& job : run.goodput->jobs) {
      lost += job.lost_steps;
    }
    const auto resumed = static_cast<int64_t>(run.goodput->jobs.size()) - 1;
    facts->push_back({"how often training was resumed", std::nullopt,
                      fmt::format("{}, {} done again", Count(resumed, "time"), Count(lost, "step")),
                      "starts.jsonl"});
  }
}

// States that two stages name the same thing, if both name one.
void AddSame(const char* what, const std::string& first, const std::string& second,
             const char* files, Facts* facts) {
  if (!first.empty() && !second.empty()) {
    facts->push_back(
        {what, first == second, first == second ? first : first + " and " + second, files});
  }
}

// Says whether score-videos read videos and not shards.
bool IsFromVideos(const Json& scored) {
  const auto clip = scored.find("clip");
  if (clip == scored.end() || !clip->is_object()) {
    return false;
  }
  const auto from_videos = clip->find("from_videos");
  return from_videos != clip->end() && *from_videos == true;
}

void AddScores(const RunRecord& run, Facts* facts) {
  const Json& scored = ReportOf(run, "score-videos");
  const Json& evaluated = ReportOf(run, "evaluate-scores");
  const Json& metrics = run.evaluation.metrics;
  if (!IsFromVideos(scored)) {
    AddSame("the shards that were scored are those of training",
            IdentityOf(ReportOf(run, "train-r3d"), 0), IdentityOf(scored, 1),
            "report.json of train-r3d and score-videos", facts);
  }
  AddSame("the evaluated network is the scored one", TextOf(scored, "checkpoint"),
          TextOf(evaluated, "checkpoint"), "report.json of score-videos and evaluate-scores",
          facts);
  AddSame("the evaluated data are the scored ones", IdentityOf(scored, 1),
          TextOf(evaluated, "data"), "report.json of score-videos and evaluate-scores", facts);
  const auto expected = CountOf(metrics, "num_expected");
  const auto num_videos = CountOf(metrics, "num_videos");
  if (expected && num_videos) {
    facts->push_back({"every video of the subset has a score", *num_videos == *expected,
                      fmt::format("{} of {}", Whole(*num_videos), Whole(*expected)),
                      "metrics.json"});
  }
  const auto shuffled = metrics.find("frames_shuffled");
  if (shuffled != metrics.end() && shuffled->is_boolean()) {
    const bool is_shuffled = shuffled->get<bool>();
    facts->push_back({"frames were shown in their order", !is_shuffled,
                      is_shuffled ? "shuffled" : "in order", "metrics.json"});
  }
}

}  // namespace

std::vector<CheckedFact> FactsOf(const RunRecord& run) {
  Facts facts;
  AddStages(run, &facts);
  AddItems(run, "prep-videos", "every listed video was prepared", "num_done", "num_skipped",
           &facts);
  for (const char* tool : {"pack-shards", "pack-videos"}) {
    AddItems(run, tool, "every listed video is in the shards", "num_packed", "", &facts);
  }
  AddPassports(run, &facts);
  AddTraining(run, &facts);
  AddScores(run, &facts);
  return facts;
}

}  // namespace reel3d::report

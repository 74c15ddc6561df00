// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/evaluate_scores.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/cli/tool.h"
#include "lib/data/doubt.h"
#include "lib/data/names.h"
#include "lib/data/video_groups.h"
#include "lib/eval/evaluation.h"
#include "pipeline/stages/evaluation_doubts.h"
#include "pipeline/stages/evaluation_json.h"
#include "pipeline/stages/evaluation_ladder.h"
#include "pipeline/stages/evaluation_tables.h"
#include "pipeline/stages/label_file.h"
#include "pipeline/stages/prediction_files.h"
#include "pipeline/support/stage_output.h"

namespace reel3d {
namespace {

using Json = nlohmann::ordered_json;

bool FramesShuffled(const SubsetScores& subset) {
  return subset.settings.find("shuffle-frames = true;") != std::string::npos;
}

std::vector<FailedItem> MissingParts(const SubsetScores& subset) {
  std::vector<FailedItem> failed;
  for (const std::string& name : subset.missing_parts) {
    failed.push_back({name, "evaluate", "missing: its videos count as wrong"});
  }
  return failed;
}

// Returns what score-videos said about the data that the scores belong to. Nothing is said of a
// folder that is not finished, which has no report.
std::vector<Doubt> DoubtsOfData(const std::filesystem::path& scores_dir) {
  const std::filesystem::path file = scores_dir / "report.json";
  if (!std::filesystem::exists(file) && !std::filesystem::exists(scores_dir / "DONE")) {
    return {};
  }
  std::vector<Doubt> doubts;
  try {
    RequireFile(file, "the report of score-videos");
    const Json report = ReadJsonObject(file);
    // Older scores call them data_doubts, and keep the texts alone.
    const char* const key = report.contains("doubts") ? "doubts" : "data_doubts";
    UseJson(file.string() + ": " + key,
            [&] { doubts = DoubtsFromJson(report.value(key, Json::array())); });
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) {
      throw;
    }
    return {{DoubtKind::kUnreadable,
             {},
             fmt::format("what score-videos doubted is not known: {}; score again to know",
                         Escaped(error.what()))}};
  }
  return doubts;
}

SubsetScores ReadScoresToEvaluate(const EvaluateScoresOptions& options) {
  ScoresRequest request;
  request.averaging = options.clips.averaging.Rule();
  request.min_distinct = options.clips.min_distinct;
  request.allow_missing = options.allow_missing;
  request.readings = ReadingsOfEvaluation(request.averaging);
  return ReadSubsetScores(options.scores_dir, request);
}

Evaluation EvaluateSubset(const SubsetScores& subset, const EvaluateScoresOptions& options) {
  EvaluationOptions how;
  how.averaging = options.clips.averaging.Rule();
  how.resampling.seed = static_cast<uint64_t>(options.intervals.seed);
  if (!options.intervals.group_regex.empty()) {
    std::vector<std::string> ids;
    for (const VideoScores& video : subset.videos) {
      ids.push_back(video.id);
    }
    how.groups = GroupsOf(ids, options.intervals.group_regex);
  }
  if (!options.labels.empty()) {
    how.labels = ReadLabelSets(options.labels, subset.classes);
  }
  return Evaluate(subset, how);
}

std::vector<Doubt> AllDoubts(const SubsetScores& subset, const Evaluation& evaluation,
                             const EvaluateScoresOptions& options) {
  std::vector<Doubt> doubts = DoubtsOfData(options.scores_dir);
  for (Doubt& doubt : DoubtsOfJudged(subset, evaluation, doubts)) {
    doubts.push_back(std::move(doubt));
  }
  for (const Doubt& doubt : doubts) {
    LogWarn(doubt.text);
  }
  return doubts;
}

EvaluateScoresReport MakeReport(const SubsetScores& subset, const Evaluation& evaluation,
                                const EvaluateScoresOptions& options) {
  const EvaluationTitle title = {options.clips.averaging.average, options.clips.min_distinct,
                                 FramesShuffled(subset)};
  EvaluateScoresReport report;
  report.metrics = {{"subset", subset.subset},
                    {"averaging", title.averaging},
                    {"min_distinct", title.min_distinct},
                    {"frames_shuffled", title.frames_shuffled}};
  report.metrics.update(MetricsToJson(subset, evaluation));
  report.metrics["doubts"] = TextsOf(AllDoubts(subset, evaluation, options));
  report.table = FormatEvaluation(subset, evaluation, title);
  report.ladder = FormatLadder(evaluation, options.clips.averaging.Rule());
  return report;
}

std::string SuspectLabels(const SubsetScores& subset, const EvaluateScoresOptions& options) {
  std::vector<SuspectLabel> suspects = SuspectsOf(subset, options.clips.averaging.Rule());
  RankSuspects(&suspects);
  return FormatSuspects(suspects, subset.classes);
}

void WriteFiles(const std::filesystem::path& folder, const SubsetScores& subset,
                const Evaluation& evaluation, const EvaluateScoresOptions& options,
                const EvaluateScoresReport& report) {
  const auto write = [&](const char* name, const std::string& text) {
    WriteFileAtomically(folder / name, text);
  };
  write("predictions.tsv", FormatPredictions(subset));
  write("results.json",
        FormatResults(subset, options.top_k, ParseResultsForm(options.results_form)));
  write("suspect_labels.tsv", SuspectLabels(subset, options));
  write("confusion.tsv", FormatConfusion(subset, evaluation));
  write("per_class.tsv", FormatPerClass(subset, evaluation));
  write("averages.tsv", FormatAverages(evaluation));
  write("windows.tsv", FormatWindows(evaluation));
  write("calibration.tsv", FormatReliability(evaluation));
  write("figures.json", FormatJson(FiguresToJson(evaluation)) + "\n");
  write("table.txt", report.table);
  write("ladder.txt", report.ladder);
  write("metrics.json", FormatJson(report.metrics) + "\n");
}

}  // namespace

void EvaluateScoresOptions::Bind(OptionBinder& binder) {
  binder.Positional("SCORES_DIR", &scores_dir, "folder that score-videos wrote");
  binder.Positional("OUT_DIR", &out_dir, "folder for the files above");
  clips.Bind(binder);
  binder.Bind("top-k", &top_k, IntRange{0, 1'000'000}, "classes per video in results.json; 0: all");
  binder.Choice("results-form", &results_form, ResultsFormNames(),
                "write results.json as the reference code does, or as ActivityNet's challenge asks "
                "for it");
  binder.Bind("allow-missing", &allow_missing,
              "evaluate although score files are missing; their videos count as wrong");
  intervals.Bind(binder);
  binder.Bind("labels", &labels,
              "read the labels for mAP and hit@k from this table (`id label`, a row for each label "
              "of a video). Empty: use the one label of each scored video");
  binder.Bind(
      "explain", &explain,
      "print how top-1 changes from the strictest reading of the scores to the most generous "
      "one, one change a line; ladder.txt has it always",
      Effect::kRunOnly);
  binder.Bind("overwrite", &overwrite, "replace an evaluation that had other settings",
              Effect::kOnce);
}

void EvaluateScoresOptions::Check() const { intervals.Check(); }

EvaluateScoresReport RunEvaluateScores(EvaluateScoresOptions options) {
  const SubsetScores subset = ReadScoresToEvaluate(options);
  const Evaluation evaluation = EvaluateSubset(subset, options);
  const StageOutput output({options.out_dir,
                            "evaluate-scores",
                            SettingsOf(options),
                            {{options.scores_dir, subset.checkpoint}},
                            options.overwrite});
  if (!subset.missing_parts.empty()) {
    LogWarn(fmt::format("{} score files are missing: {} videos count as wrong",
                        subset.missing_parts.size(), evaluation.num_missing()));
  }
  EvaluateScoresReport report = MakeReport(subset, evaluation, options);
  WriteFiles(output.folder(), subset, evaluation, options, report);
  output.Finish({{"scores", options.scores_dir},
                 {"checkpoint", subset.checkpoint},
                 {"data", subset.data},
                 {"num_videos", evaluation.num_scored},
                 {"num_missing", evaluation.num_missing()}},
                MissingParts(subset));
  return report;
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/evaluate_scores.h"

#include <fmt/format.h>

#include <filesystem>
#include <iterator>
#include <optional>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/host.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/cli/tool.h"
#include "lib/data/crop_plan.h"
#include "lib/data/doubt.h"
#include "lib/data/frame_facts.h"
#include "lib/data/names.h"
#include "lib/data/passport.h"
#include "lib/data/video_groups.h"
#include "lib/eval/evaluation.h"
#include "pipeline/stages/evaluation_doubts.h"
#include "pipeline/stages/evaluation_json.h"
#include "pipeline/stages/evaluation_ladder.h"
#include "pipeline/stages/evaluation_probe.h"
#include "pipeline/stages/evaluation_tables.h"
#include "pipeline/stages/known_slices.h"
#include "pipeline/stages/label_file.h"
#include "pipeline/stages/prediction_files.h"
#include "pipeline/stages/side_table.h"
#include "pipeline/support/stage_output.h"

namespace reel3d {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kNoSlices = "none";  // a value of --slices
constexpr int kAllCores = 0;               // this tool has no option for its number of threads

std::vector<FailedItem> MissingParts(const SubsetScores& subset) {
  std::vector<FailedItem> failed;
  for (const std::string& name : subset.missing_parts) {
    failed.push_back({name, "evaluate", "missing: its videos count as wrong"});
  }
  return failed;
}

// Returns the doubts about the data that score-videos reported. The list is empty for a folder that
// is not finished, because such a folder has no report.
std::vector<Doubt> DoubtsOfData(const std::filesystem::path& scores_dir) {
  const std::filesystem::path file = scores_dir / "report.json";
  if (!std::filesystem::exists(file) && !std::filesystem::exists(scores_dir / "DONE")) {
    return {};
  }
  std::vector<Doubt> doubts;
  try {
    RequireFile(file, "the report of score-videos");
    const Json report = ReadJsonObject(file);
    // Older reports name this list data_doubts, and hold only the texts of the doubts.
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

// Returns a request without further readings.
ScoresRequest RequestFor(const EvaluateScoresOptions& options) {
  ScoresRequest request;
  request.averaging = options.clips.averaging.Rule();
  request.min_distinct = options.clips.min_distinct;
  request.allow_missing = options.allow_missing;
  return request;
}

SubsetScores ReadScoresToEvaluate(const EvaluateScoresOptions& options) {
  ScoresRequest request = RequestFor(options);
  request.readings = ReadingsOfEvaluation(request.averaging);
  return ReadSubsetScores(options.scores_dir, request);
}

std::optional<OrderProbe> ProbeSubset(const SubsetScores& subset,
                                      const EvaluateScoresOptions& options) {
  OrderProbeOptions how;
  how.most_lost = options.most_lost;
  how.resampling.seed = static_cast<uint64_t>(options.intervals.seed);
  if (!options.intervals.group_regex.empty()) {
    how.groups_of = [&](const std::vector<std::string>& ids) {
      return GroupsOf(ids, options.intervals.group_regex);
    };
  }
  return ProbeOf(options.scores_dir, subset, RequestFor(options), how);
}

// Returns the columns of the table --slices; without one, what is known of the videos.
std::vector<SliceColumn> FurtherColumns(const SubsetScores& subset,
                                        const std::vector<std::string>& ids,
                                        const EvaluateScoresOptions& options) {
  if (options.slices == kNoSlices) {
    return {};
  }
  if (options.slices.empty()) {
    return FindSliceColumns(options.scores_dir, {ids, subset.data});
  }
  return ReadSliceColumns(options.slices, options.slice_by, {ids, subset.data});
}

// Returns the columns `windows` and `group`, then those of `further`.
std::vector<SliceColumn> ColumnsOf(const SubsetScores& subset,
                                   const std::vector<std::string>& groups,
                                   std::vector<SliceColumn> further) {
  std::vector<SliceColumn> columns = {{"windows", {}}};
  for (const VideoScores& video : subset.videos) {
    columns.front().values.push_back(std::to_string(video.num_windows));
  }
  if (!groups.empty()) {
    columns.push_back({"group", groups});
  }
  std::move(further.begin(), further.end(), std::back_inserter(columns));
  return columns;
}

// `settings` are those of a score file: "key = value;" one after the other.
bool HasSetting(const std::string& settings, const std::string& key, const std::string& value) {
  return (";" + settings).find(fmt::format(";{} = {};", key, value)) != std::string::npos;
}

Evaluation EvaluateSubset(const SubsetScores& subset, const EvaluateScoresOptions& options) {
  EvaluationOptions how;
  how.averaging = options.clips.averaging.Rule();
  how.resampling.seed = static_cast<uint64_t>(options.intervals.seed);
  how.resampling.threads = kAllCores;
  std::vector<std::string> ids;
  for (const VideoScores& video : subset.videos) {
    ids.push_back(video.id);
  }
  if (!options.intervals.group_regex.empty()) {
    how.groups = GroupsOf(ids, options.intervals.group_regex);
  }
  if (!options.labels.empty()) {
    how.labels = ReadLabelSets(options.labels, subset.classes, subset.subset, ids);
  }
  how.columns = ColumnsOf(subset, how.groups, FurtherColumns(subset, ids, options));
  if (!options.only_videos.empty()) {
    how.listed = ReadIds(options.only_videos, ids);
  }
  if (!options.class_order.empty()) {
    how.orders.push_back(ReadClassNumbering(options.class_order, subset.classes));
  }
  how.has_whole_frames = HasSetting(subset.settings, "crops", NameOf(ScoringCrop::kWhole));
  how.precision = options.precision;
  return Evaluate(subset, how);
}

// Returns the confidence below which an answer is unsure; none if no threshold is wanted. If no
// threshold reaches --precision, every answer is unsure.
std::optional<double> ThresholdOf(const Evaluation& evaluation,
                                  const EvaluateScoresOptions& options) {
  if (options.unsure_below > 0) {
    return options.unsure_below;
  }
  if (!evaluation.held_out_threshold) {
    return std::nullopt;
  }
  constexpr double kNoAnswer = 2;
  const std::optional<CoveragePoint>& chosen = evaluation.held_out_threshold->chosen;
  return chosen ? chosen->threshold : kNoAnswer;
}

void RequireLabelsForPrecision(const Evaluation& evaluation, const EvaluateScoresOptions& options) {
  if (options.precision > 0 && evaluation.num_labelled == 0) {
    throw InputError(
        "no video has a label, so --precision cannot choose a threshold: give --unsure-below the "
        "threshold of an evaluation with labels");
  }
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
                                const std::optional<OrderProbe>& probe,
                                const EvaluateScoresOptions& options) {
  const EvaluationTitle title = {options.clips.averaging.average, options.clips.min_distinct,
                                 ShownOrder(subset)};
  EvaluateScoresReport report;
  report.metrics = {{"subset", subset.subset},
                    {"averaging", title.averaging},
                    {"min_distinct", title.min_distinct},
                    {"frames_shuffled", title.order == FrameOrder::kShuffled},
                    {"shown_frames", NameOf(title.order)}};
  report.metrics.update(MetricsToJson(subset, evaluation));
  if (probe) {
    report.metrics["order_probe"] = ProbeToJson(*probe, subset.classes);
  }
  report.metrics["doubts"] = TextsOf(AllDoubts(subset, evaluation, options));
  report.table = FormatEvaluation(subset, evaluation, title);
  report.table += probe ? FormatProbe(*probe, subset.classes) : "";
  report.ladder = FormatLadder(evaluation, options.clips.averaging.Rule());
  report.rungs = LadderToJson(evaluation, options.clips.averaging.Rule());
  return report;
}

// Adds in what the scored data differ from those of the training.
void AddDifferences(const std::optional<Passport>& data, EvaluateScoresReport* report) {
  const std::vector<TrainingDifference> differences = DifferencesIn(data);
  if (!differences.empty()) {
    report->metrics["training_differences"] = DifferencesToJson(differences);
    report->table += fmt::format("\n{}\n", AcceptedSentence(differences));
  }
}

std::string SuspectLabels(const SubsetScores& subset, const EvaluateScoresOptions& options) {
  std::vector<SuspectLabel> suspects =
      SuspectsOf(subset, options.clips.averaging.Rule(), ThreadCount(kAllCores));
  RankSuspects(&suspects);
  return FormatSuspects(suspects, subset.classes);
}

void WriteFiles(const std::filesystem::path& folder, const SubsetScores& subset,
                const Evaluation& evaluation, const std::optional<OrderProbe>& probe,
                const EvaluateScoresOptions& options, const EvaluateScoresReport& report) {
  const Averaging averaging = options.clips.averaging.Rule();
  Json figures = FiguresToJson(evaluation);
  figures["ladder"] = report.rungs;
  const auto write = [&](const char* name, const std::string& text) {
    WriteFileAtomically(folder / name, text);
  };
  write("predictions.tsv", FormatPredictions(subset, averaging, ThresholdOf(evaluation, options),
                                             ThreadCount(kAllCores)));
  write("results.json", FormatResults(subset, options.top_k, ParseResultsForm(options.results_form),
                                      ThreadCount(kAllCores)));
  write("suspect_labels.tsv", SuspectLabels(subset, options));
  write("confusion.tsv", FormatConfusion(subset, evaluation));
  write("per_class.tsv", FormatPerClass(subset, evaluation));
  write("averages.tsv", FormatAverages(evaluation));
  write("windows.tsv", FormatWindows(evaluation));
  write("slices.tsv", FormatSlices(evaluation));
  write("calibration.tsv", FormatReliability(evaluation));
  if (probe) {
    write("probe.tsv", FormatProbeTable(*probe, subset.classes));
  } else {
    std::filesystem::remove(folder / "probe.tsv");  // of an evaluation that this one replaces
  }
  write("figures.json", FormatJson(figures) + "\n");
  write("table.txt", report.table);
  write("ladder.txt", report.ladder);
  write("metrics.json", FormatJson(report.metrics) + "\n");
}

}  // namespace

void EvaluateScoresOptions::Bind(OptionBinder& binder) {
  binder.Positional("SCORES_DIR", &scores_dir, "folder that score-videos wrote");
  binder.Positional("OUT_DIR", &out_dir,
                    "folder to write metrics.json, predictions.tsv and the other results to");
  clips.Bind(binder);
  binder.Bind("top-k", &top_k, IntRange{0, 1'000'000},
              "classes per video in results.json; 0: all, as mAP of evaluate-results needs them: a "
              "class that "
              "is not in the file is as if it had the lowest score");
  binder.Choice("results-form", &results_form, ResultsFormNames(),
                "write results.json as the reference code does, or as ActivityNet's challenge asks "
                "for it");
  binder.Bind("allow-missing", &allow_missing,
              "evaluate although score files are missing; their videos count as wrong");
  intervals.Bind(binder);
  binder.Bind("labels", &labels,
              "read the labels for mAP and hit@k from this table (`id label`, a row for each label "
              "of a video; list-videos writes VIDEOS.labels.tsv with a third column, `subset`). "
              "Empty: use the one label of each scored video");
  binder.Bind(
      "slices", &slices,
      "report top-1 also for the videos with each value of this table's columns (`id` and any "
      "others, such as index.tsv of shards or a table of measure-videos). An empty field means "
      "that the value is not known, and so does `nan` among numbers. none: only by number of "
      "windows, and by group with --group-regex. Empty: also by what measured.tsv beside "
      "SCORES_DIR or the index of the scored shards says");
  binder.Bind(
      "slice-by", &slice_by,
      "use only these columns of --slices (a,b,...); duration_s is computed from num_frames "
      "and fps. Empty: all columns except `label` and texts that differ for every video");
  binder.Bind(
      "only-videos", &only_videos,
      "add a line to ladder.txt: top-1 of only the videos in this table (column `id`), such "
      "as the videos of a paper. Empty: no such line");
  binder.Bind("class-order", &class_order,
              "add a line to ladder.txt: top-1 if the network numbered the classes in the order of "
              "this file, one class per line. Empty: only the usual orders");
  binder.Bind(
      "precision", &precision, RealRange{0, 1},
      "choose a confidence threshold so that this share of the answers above it is right. One "
      "half of the videos chooses the threshold, the other half tests it. Answers below the "
      "threshold are `unsure` in predictions.tsv. 0: no threshold");
  binder.Bind(
      "unsure-below", &unsure_below, RealRange{0, 1},
      "mark answers below this confidence as `unsure` in predictions.tsv; the videos need no "
      "labels. 0: no threshold");
  binder.Bind(
      "most-lost", &most_lost, RealRange{0.01, 1},
      "after score-videos --probe order, say that one picture suffices for a class if it surely "
      "loses less than this share of the videos that are right; larger: said of more classes");
  binder.Bind(
      "explain", &explain,
      "print how top-1 changes from the strictest reading of the scores to the most generous "
      "one, one change per line; ladder.txt always has these lines",
      Effect::kRunOnly);
  binder.Bind("overwrite", &overwrite, "replace an evaluation that had other settings",
              Effect::kOnce);
}

void EvaluateScoresOptions::Check() const {
  intervals.Check();
  if (precision > 0 && unsure_below > 0) {
    throw UsageError("--precision chooses the threshold that --unsure-below gives: drop one");
  }
  if (!slice_by.empty() && (slices.empty() || slices == kNoSlices)) {
    throw UsageError("--slice-by names columns of a table: give it with --slices");
  }
}

EvaluateScoresReport RunEvaluateScores(EvaluateScoresOptions options) {
  const SubsetScores subset = ReadScoresToEvaluate(options);
  const Evaluation evaluation = EvaluateSubset(subset, options);
  RequireLabelsForPrecision(evaluation, options);
  const std::optional<OrderProbe> probe = ProbeSubset(subset, options);
  StageRun run{options.out_dir,
               "evaluate-scores",
               SettingsOf(options),
               {{options.scores_dir, subset.checkpoint}},
               options.overwrite};
  run.is_alone = true;
  const StageOutput output(std::move(run));
  if (!subset.missing_parts.empty()) {
    LogWarn(fmt::format("{} score files are missing: {} videos count as wrong",
                        subset.missing_parts.size(), evaluation.num_missing()));
  }
  const std::filesystem::path scores = options.scores_dir;
  const auto data = PassportOrWarning([&] { return ReadPassport(scores / Passport::kFileName); });
  EvaluateScoresReport report = MakeReport(subset, evaluation, probe, options);
  AddDifferences(data, &report);
  WriteFiles(output.folder(), subset, evaluation, probe, options, report);
  WritePassport(output.folder() / Passport::kFileName, data);
  CarryPassport(scores / Passport::kTrainedOn, output.folder() / Passport::kTrainedOn);
  output.Finish({{"scores", options.scores_dir},
                 {"checkpoint", subset.checkpoint},
                 {"data", subset.data},
                 {"num_videos", evaluation.num_scored},
                 {"num_missing", evaluation.num_missing()}},
                MissingParts(subset));
  return report;
}

}  // namespace reel3d

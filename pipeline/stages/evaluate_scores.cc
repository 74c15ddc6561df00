// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/evaluate_scores.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/cli/tool.h"
#include "lib/data/class_doubts.h"
#include "lib/data/doubt.h"
#include "lib/data/manifest.h"
#include "lib/data/names.h"
#include "lib/eval/accuracy.h"
#include "lib/eval/averaging.h"
#include "lib/eval/video_scores.h"
#include "pipeline/support/stage_output.h"

namespace reel3d {
namespace {

using Json = nlohmann::ordered_json;

// Returns an id or class name as a JSON string, whatever bytes it has.
std::string Quoted(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<int> Top(const SubsetScores& subset, const VideoScores& video, int count) {
  return TopClasses(video.scores.data(), static_cast<int>(subset.classes.size()), count);
}

int TrueRank(const VideoScores& video) {
  return RankOfClass(video.scores.data(), static_cast<int>(video.scores.size()), video.label);
}

std::string FormatPredictions(const SubsetScores& subset) {
  const int num_top = std::min(5, static_cast<int>(subset.classes.size()));
  std::string text = "id\tlabel\tpredicted\tscore";
  for (int place = 1; place <= num_top; ++place) {
    text += fmt::format("\ttop5_{}", place);
  }
  text += "\trank\tnum_clips\n";
  for (const VideoScores& video : subset.videos) {
    const std::vector<int> top = Top(subset, video, num_top);
    text += fmt::format("{}\t{}\t{}\t{:.6f}", video.id,
                        video.label < 0 ? "" : subset.classes[video.label], subset.classes[top[0]],
                        video.scores[top[0]]);
    for (const int index : top) {
      text += "\t" + subset.classes[index];
    }
    text += fmt::format("\t{}\t{}\n", video.label < 0 ? "" : std::to_string(TrueRank(video)),
                        video.num_clips);
  }
  return text;
}

// The text is written by hand: with every class of every video, a document in memory would take
// gigabytes.
std::string FormatResults(const SubsetScores& subset, int top_k) {
  const int count = top_k == 0 ? static_cast<int>(subset.classes.size()) : top_k;
  std::vector<std::string> labels;
  for (const std::string& name : subset.classes) {
    labels.push_back(Quoted(name));
  }
  std::string text = "{\"results\": {";
  const char* before_video = "\n";
  for (const VideoScores& video : subset.videos) {
    text += before_video + Quoted(video.id) + ": [";
    before_video = ",\n";
    const char* before_class = "";
    for (const int index : Top(subset, video, count)) {
      text += fmt::format("{}{{\"label\": {}, \"score\": {}}}", before_class, labels[index],
                          video.scores[index]);
      before_class = ", ";
    }
    text += ']';
  }
  return text + "\n}}\n";
}

std::string FormatConfusion(const SubsetScores& subset, const Accuracy& accuracy) {
  std::string text = "label";
  for (const std::string& name : subset.classes) {
    text += "\t" + name;
  }
  text += '\n';
  for (size_t label = 0; label < subset.classes.size(); ++label) {
    text += subset.classes[label];
    for (const int64_t num_videos : accuracy.confusion()[label]) {
      text += fmt::format("\t{}", num_videos);
    }
    text += '\n';
  }
  return text;
}

double Share(int64_t count, int64_t total) {
  return total == 0 ? 0 : static_cast<double>(count) / static_cast<double>(total);
}

// Holds the figures that metrics.json, the table and confusion.tsv are made from.
struct Evaluation {
  const SubsetScores& subset;
  int64_t num_labelled;  // of the videos that were scored
  Accuracy accuracy;
  Interval interval;

  int64_t num_scored() const { return static_cast<int64_t>(subset.videos.size()); }
  int64_t num_missing() const { return subset.num_expected - num_scored(); }
  double ClipTop1() const { return Share(subset.num_clips_right, subset.num_labelled_clips); }
};

Evaluation Evaluate(const SubsetScores& subset, uint64_t seed) {
  std::vector<RankedVideo> ranked;
  for (const VideoScores& video : subset.videos) {
    if (video.label >= 0) {
      ranked.push_back({video.label, Top(subset, video, 1)[0], TrueRank(video)});
    }
  }
  const auto num_labelled = static_cast<int64_t>(ranked.size());
  const int64_t num_unlabelled = static_cast<int64_t>(subset.videos.size()) - num_labelled;
  Accuracy accuracy(ranked, subset.num_expected - num_unlabelled,
                    static_cast<int>(subset.classes.size()));
  const Interval interval = accuracy.Top1Interval(seed);
  return {subset, num_labelled, std::move(accuracy), interval};
}

Json PerClass(const Evaluation& evaluation) {
  Json list = Json::array();
  for (size_t index = 0; index < evaluation.subset.classes.size(); ++index) {
    const ClassAccuracy& of_class = evaluation.accuracy.classes()[index];
    list.push_back({{"class", evaluation.subset.classes[index]},
                    {"num_videos", of_class.num_videos},
                    {"top1", Share(of_class.num_top1, of_class.num_videos)},
                    {"top5", Share(of_class.num_top5, of_class.num_videos)}});
  }
  return list;
}

bool FramesShuffled(const SubsetScores& subset) {
  return subset.settings.find("shuffle-frames = true;") != std::string::npos;
}

Json ToMetrics(const Evaluation& evaluation, const EvaluateScoresOptions& options) {
  Json metrics = {{"subset", evaluation.subset.subset},
                  {"averaging", options.average},
                  {"min_distinct", options.min_distinct},
                  {"frames_shuffled", FramesShuffled(evaluation.subset)},
                  {"num_videos", evaluation.num_scored()},
                  {"num_expected", evaluation.subset.num_expected},
                  {"num_missing", evaluation.num_missing()},
                  {"num_unlabelled", evaluation.num_scored() - evaluation.num_labelled},
                  {"num_clips", evaluation.subset.num_clips}};
  if (evaluation.num_labelled > 0) {
    const Accuracy& accuracy = evaluation.accuracy;
    metrics.update({{"video_top1", accuracy.Top1()},
                    {"video_top5", accuracy.Top5()},
                    {"video_average", accuracy.Average()},
                    {"video_top1_interval_95", {evaluation.interval.low, evaluation.interval.high}},
                    {"video_top1_ignoring_missing", accuracy.Top1(true)},
                    {"video_top5_ignoring_missing", accuracy.Top5(true)},
                    {"video_average_ignoring_missing", accuracy.Average(true)},
                    {"mean_class_top1", accuracy.MeanClassTop1()},
                    {"clip_top1", evaluation.ClipTop1()},
                    {"per_class", PerClass(evaluation)}});
  }
  return metrics;
}

// Returns "walk 3, jump 1": the classes that this class's videos were taken for, most frequent
// first.
std::string Confusions(const Evaluation& evaluation, size_t label) {
  const std::vector<int64_t>& row = evaluation.accuracy.confusion()[label];
  std::string text;
  for (const int other : TopClasses(row.data(), static_cast<int>(row.size()), 4)) {
    if (static_cast<size_t>(other) != label && row[other] > 0) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", evaluation.subset.classes[other],
                          row[other]);
    }
  }
  return text;
}

std::string ClassTable(const Evaluation& evaluation) {
  size_t width = 5;
  for (const std::string& name : evaluation.subset.classes) {
    width = std::max(width, name.size());
  }
  std::string text = fmt::format("\n{:<{}}  videos    top-1    top-5  taken for\n", "class", width);
  for (size_t label = 0; label < evaluation.subset.classes.size(); ++label) {
    const ClassAccuracy& of_class = evaluation.accuracy.classes()[label];
    const std::string confusions = Confusions(evaluation, label);
    text +=
        fmt::format("{:<{}}  {:>6}  {:>5.1f} %  {:>5.1f} %{}{}\n", evaluation.subset.classes[label],
                    width, of_class.num_videos, 100 * Share(of_class.num_top1, of_class.num_videos),
                    100 * Share(of_class.num_top5, of_class.num_videos),
                    confusions.empty() ? "" : "  ", confusions);
  }
  return text;
}

std::string ToTable(const Evaluation& evaluation, const EvaluateScoresOptions& options) {
  const SubsetScores& subset = evaluation.subset;
  std::string text =
      fmt::format("{}: scored {} of {} videos in {} clips, {} averaged{}{}\n", subset.subset,
                  evaluation.num_scored(), subset.num_expected, subset.num_clips, options.average,
                  options.min_distinct > 1
                      ? fmt::format(", clips of {} different frames or more", options.min_distinct)
                      : "",
                  FramesShuffled(subset) ? "; FRAMES SHUFFLED: a test, not a result" : "");
  if (evaluation.num_labelled == 0) {
    return text + "no video has a label: predictions only\n";
  }
  const Accuracy& accuracy = evaluation.accuracy;
  text += fmt::format("\n{:<15}{:>18}{:>18}\n", "", "missing are wrong", "missing ignored");
  const auto row = [&](const char* name, double counted, double ignored, const std::string& note) {
    text +=
        fmt::format("{:<15}{:>16.1f} %{:>16.1f} %{}\n", name, 100 * counted, 100 * ignored, note);
  };
  row("video top-1", accuracy.Top1(), accuracy.Top1(true),
      fmt::format("   95 % interval {:.1f} - {:.1f} %", 100 * evaluation.interval.low,
                  100 * evaluation.interval.high));
  row("video top-5", accuracy.Top5(), accuracy.Top5(true), "");
  row("video average", accuracy.Average(), accuracy.Average(true), "   (top-1 + top-5) / 2");
  text += fmt::format("{:<15}{:>16}{:>16.1f} %\n", "clip top-1", "", 100 * evaluation.ClipTop1());
  return text + ClassTable(evaluation);
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

// Returns the classes that need no word once the data's doubts have been said: there is no video of
// them in this subset to be judged.
std::set<std::string> SaidToBeAbsent(const std::vector<Doubt>& doubts, const std::string& subset) {
  std::set<std::string> said;
  for (const Doubt& doubt : doubts) {
    if ((doubt.kind == DoubtKind::kNeverJudged && subset == SubsetName(Subset::kValidation)) ||
        (doubt.kind == DoubtKind::kNeverTrained && subset == SubsetName(Subset::kTraining))) {
      said.insert(doubt.classes.begin(), doubt.classes.end());
    }
  }
  return said;
}

// Returns doubts about the videos judged, without what `said` says.
std::vector<Doubt> DoubtsOfJudged(const Evaluation& evaluation, const std::vector<Doubt>& said) {
  const std::vector<std::string>& classes = evaluation.subset.classes;
  const std::set<std::string> absent = SaidToBeAbsent(said, evaluation.subset.subset);
  std::vector<std::string> judged;
  std::vector<std::string> unjudged;
  for (size_t label = 0; label < classes.size(); ++label) {
    if (evaluation.accuracy.classes()[label].num_videos > 0) {
      judged.push_back(classes[label]);
    } else if (absent.count(classes[label]) == 0) {
      unjudged.push_back(classes[label]);
    }
  }
  const bool one_class = std::any_of(said.begin(), said.end(), [](const Doubt& doubt) {
    return doubt.kind == DoubtKind::kOneClass;
  });
  if (classes.size() == 1 && !one_class) {
    return ClassDoubts({{classes.front(), 0, 1}});
  }
  if (judged.size() == 1 && classes.size() > 1 && !one_class) {
    const std::string none = unjudged.empty() ? "" : "no video was judged of " + NameSome(unjudged);
    return {{DoubtKind::kOther, unjudged,
             fmt::format("all videos judged are of one class, {}: to answer it always would be "
                         "right{}{}",
                         judged.front(), none.empty() ? "" : "; ", none)}};
  }
  if (judged.size() > 1 && !unjudged.empty()) {
    return {{DoubtKind::kOther, unjudged, "no video was judged of " + NameSome(unjudged)}};
  }
  return {};
}

}  // namespace

void EvaluateScoresOptions::Bind(OptionBinder& binder) {
  binder.Positional("SCORES_DIR", &scores_dir, "what score-videos wrote");
  binder.Positional("OUT_DIR", &out_dir, "folder for metrics.json, predictions.tsv and the rest");
  binder.Choice("average", &average, AveragingNames(),
                "how the clips of a video become one: mean of softmax (2018, 2020 code and the "
                "paper's figures), of logits, of log-softmax (2017 Torch7 code), or the largest "
                "probability");
  binder.Bind("min-distinct", &min_distinct, IntRange{1, 65535},
              "leave out clips with fewer different frames, such as a looped tail; 1 keeps all, "
              "and a video that has none other keeps its own");
  binder.Bind("top-k", &top_k, IntRange{0, 1'000'000}, "classes a video in results.json; 0: all");
  binder.Bind("allow-missing", &allow_missing,
              "evaluate although score files are missing; their videos count as wrong");
  binder.Bind("seed", &seed, IntRange{0, INT64_MAX}, "of the bootstrap interval's draws");
  binder.Bind("overwrite", &overwrite, "replace an evaluation that had other settings",
              Effect::kOnce);
}

void EvaluateScoresOptions::Check() const {}

EvaluateScoresReport RunEvaluateScores(EvaluateScoresOptions options) {
  const SubsetScores subset = ReadSubsetScores(options.scores_dir, ParseAveraging(options.average),
                                               options.min_distinct, options.allow_missing);
  const StageOutput output({options.out_dir,
                            "evaluate-scores",
                            SettingsOf(options),
                            {{options.scores_dir, subset.checkpoint}},
                            options.overwrite});
  const Evaluation evaluation = Evaluate(subset, static_cast<uint64_t>(options.seed));
  if (!subset.missing_parts.empty()) {
    LogWarn(fmt::format("{} score files are missing: {} videos count as wrong",
                        subset.missing_parts.size(), evaluation.num_missing()));
  }
  EvaluateScoresReport report;
  report.metrics = ToMetrics(evaluation, options);
  std::vector<Doubt> doubts = DoubtsOfData(options.scores_dir);
  for (Doubt& doubt : DoubtsOfJudged(evaluation, doubts)) {
    doubts.push_back(std::move(doubt));
  }
  for (const Doubt& doubt : doubts) {
    LogWarn(doubt.text);
  }
  report.metrics["doubts"] = TextsOf(doubts);
  report.table = ToTable(evaluation, options);
  const std::filesystem::path& folder = output.folder();
  WriteFileAtomically(folder / "predictions.tsv", FormatPredictions(subset));
  WriteFileAtomically(folder / "confusion.tsv", FormatConfusion(subset, evaluation.accuracy));
  WriteFileAtomically(folder / "results.json", FormatResults(subset, options.top_k));
  WriteFileAtomically(folder / "table.txt", report.table);
  WriteFileAtomically(folder / "metrics.json", FormatJson(report.metrics) + "\n");
  output.Finish({{"scores", options.scores_dir},
                 {"checkpoint", subset.checkpoint},
                 {"data", subset.data},
                 {"num_videos", evaluation.num_scored()},
                 {"num_missing", evaluation.num_missing()}},
                MissingParts(subset));
  return report;
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/compare_scores.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/host.h"
#include "lib/base/json.h"
#include "lib/cli/tool.h"
#include "lib/data/frame_facts.h"
#include "lib/data/names.h"
#include "lib/data/passport.h"
#include "lib/data/video_groups.h"
#include "lib/eval/comparison.h"
#include "pipeline/stages/comparison_text.h"
#include "pipeline/stages/prediction_files.h"
#include "pipeline/stages/run_differences.h"
#include "pipeline/support/stage_output.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

SubsetScores ReadRun(const std::string& folder, const CompareScoresOptions& options) {
  ScoresRequest request;
  request.averaging = options.clips.averaging.Rule();
  request.min_distinct = options.clips.min_distinct;
  request.allow_missing = options.allow_missing;
  request.threads = options.threads;
  return ReadSubsetScores(folder, request);
}

// Throws a usage error if two of `folders` are the same folder under different names.
void RequireOtherFolders(const std::vector<std::string>& folders) {
  for (size_t one = 0; one < folders.size(); ++one) {
    RequireFolder(folders[one], "a folder of score files");
    for (size_t other = 0; other < one; ++other) {
      if (fs::equivalent(folders[one], folders[other])) {
        throw UsageError(fmt::format("{} and {} are the same folder: name two runs", folders[other],
                                     folders[one]));
      }
    }
  }
}

std::optional<FrameFacts> FramesIn(const std::string& folder) {
  return FrameFactsOf(
      PassportOrWarning([&] { return ReadPassport(fs::path(folder) / Passport::kFileName); }));
}

// The run that all others are compared with.
struct FirstRun {
  SubsetScores scores;
  std::optional<FrameFacts> frames;
};

// Returns in what the frames of another run were prepared unlike those of the first, if that is
// known of both.
std::vector<TrainingDifference> OtherFrames(const FirstRun& first, const std::string& folder) {
  const std::optional<FrameFacts> frames = FramesIn(folder);
  return frames && first.frames ? FrameDifferences(*frames, *first.frames)
                                : std::vector<TrainingDifference>();
}

// Collects the comparisons of all runs with the first.
struct Tables {
  CompareScoresReport report;
  TsvWriter per_class = ComparedClassesTable();
  TsvWriter flips = FlipsTable();
  std::vector<SuspectLabel> suspects;  // of all runs so far, by id; only for `out_dir`
};

std::vector<SuspectLabel> SuspectsIn(const SubsetScores& run, const CompareScoresOptions& options) {
  return SuspectsOf(run, options.clips.averaging.Rule(), ThreadCount(options.threads));
}

void AddRun(const FirstRun& first, const std::string& folder, const CompareScoresOptions& options,
            Tables* tables) {
  ComparisonOptions how;
  how.averaging = options.clips.averaging.Rule();
  how.margin = options.margin / 100;
  how.name_a = Escaped(options.scores_dirs.front());
  how.name_b = Escaped(folder);
  how.resampling.seed = static_cast<uint64_t>(options.intervals.seed);
  how.resampling.threads = options.threads;
  if (!options.intervals.group_regex.empty()) {
    how.groups_of = [&](const std::vector<std::string>& ids) {
      return GroupsOf(ids, options.intervals.group_regex);
    };
  }
  const SubsetScores run = ReadRun(folder, options);
  const Comparison comparison = Compare(first.scores, run, how);
  if (!options.out_dir.empty()) {
    tables->suspects = CommonSuspects(tables->suspects, SuspectsIn(run, options));
  }
  const ComparisonNames names = {how.name_a, how.name_b, first.scores.classes, how.margin,
                                 OtherFrames(first, folder)};
  std::string& text = tables->report.text;
  const std::vector<RunDifference> differences = DifferencesOf(first.scores, run);
  text += (text.empty() ? "" : "\n") + FormatComparison(comparison, names) +
          FormatDifferences(differences);
  Json figures = ComparisonToJson(comparison, names);
  figures["differences"] = DifferencesToJson(differences);
  tables->report.figures["comparisons"].push_back(std::move(figures));
  AddComparedClasses(comparison, names, &tables->per_class);
  AddFlips(comparison, names, &tables->flips);
}

void WriteTables(const Tables& tables, const std::vector<std::string>& classes,
                 const CompareScoresOptions& options) {
  std::vector<StageInput> inputs;
  for (const std::string& folder : options.scores_dirs) {
    inputs.push_back({folder, ""});
  }
  StageRun run{options.out_dir, "compare-scores", SettingsOf(options), inputs, options.overwrite};
  run.is_alone = true;
  const StageOutput output(std::move(run));
  const fs::path& folder = output.folder();
  WriteFileAtomically(folder / "per_class.tsv", tables.per_class.text());
  WriteFileAtomically(folder / "flips.tsv", tables.flips.text());
  WriteFileAtomically(folder / "suspect_labels.tsv", FormatSuspects(tables.suspects, classes));
  WriteFileAtomically(folder / "comparison.txt", tables.report.text);
  WriteFileAtomically(folder / "comparison.json", FormatJson(tables.report.figures) + "\n");
  output.Finish({{"num_runs", options.scores_dirs.size()}}, {});
}

}  // namespace

void CompareScoresOptions::Bind(OptionBinder& binder) {
  binder.Positional("SCORES_DIR", &scores_dirs,
                    "two or more folders of score-videos; each is compared with the first");
  binder.Bind(
      "out-dir", &out_dir,
      "write comparison.json, comparison.txt, per_class.tsv, flips.tsv and suspect_labels.tsv "
      "to this folder. Empty: only print",
      Effect::kRunOnly);
  binder.Bind(
      "margin", &margin, RealRange{0, 100},
      "call runs equivalent if the 90 % interval of their top-1 difference lies between plus and "
      "minus this many percentage points. 0: never");
  clips.Bind(binder);
  binder.Bind("allow-missing", &allow_missing,
              "compare although score files are missing; their videos are left out");
  intervals.Bind(binder);
  binder.Bind(
      "threads", &threads, IntRange{0, 1024},
      "threads that read scores, average clips and draw samples. Several score files are in "
      "memory at once, of at most 64 MiB together, or a single larger one. 0: as many as "
      "there are cores",
      Effect::kRunOnly);
  binder.Bind("overwrite", &overwrite, "replace a comparison that had other settings",
              Effect::kOnce);
}

void CompareScoresOptions::Check() const {
  if (scores_dirs.size() < 2) {
    throw UsageError("compare-scores needs two folders of scores or more");
  }
  intervals.Check();
}

CompareScoresReport RunCompareScores(const CompareScoresOptions& options) {
  options.Check();
  RequireOtherFolders(options.scores_dirs);
  const std::string& folder = options.scores_dirs.front();
  const FirstRun first = {ReadRun(folder, options), FramesIn(folder)};
  Tables tables;
  tables.report.figures["comparisons"] = Json::array();
  if (!options.out_dir.empty()) {
    tables.suspects = SuspectsIn(first.scores, options);
  }
  for (size_t run = 1; run < options.scores_dirs.size(); ++run) {
    AddRun(first, options.scores_dirs[run], options, &tables);
  }
  if (!options.out_dir.empty()) {
    RankSuspects(&tables.suspects);
    WriteTables(tables, first.scores.classes, options);
  }
  return tables.report;
}

}  // namespace reel3d

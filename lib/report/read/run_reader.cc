// SPDX-License-Identifier: Apache-2.0
#include "lib/report/read/run_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/text_lines.h"
#include "lib/data/names.h"
#include "lib/report/read/checked_facts.h"
#include "lib/report/read/timeline_reader.h"
#include "lib/report/read/tolerant.h"

namespace reel3d::report {
namespace {

namespace fs = std::filesystem;

struct StageFolder {
  const char* folder;
  const char* tool;
  const char* makes;  // what the tool makes, for the sentence about a missing folder
};

// The stages of Makefile.workflow whose folders have settings and a report.
constexpr StageFolder kStages[] = {
    {"prepared", "prep-videos", "prepared videos"},
    {"shards", "pack-shards", "shards"},
    {"train", "train-r3d", "training"},
    {"scores", "score-videos", "scores"},
    {"evaluation", "evaluate-scores", "evaluation"},
};

bool Exists(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

std::string Trimmed(std::string_view text) {
  const auto is_blank = [](char letter) { return letter == ' ' || letter == '\t'; };
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return std::string(text);
}

// Removes "# " before a setting that config.ini has as a comment because its value has a '#'. The
// line before it says so; `was_announced` tells of that line, and is set for the next one.
std::string_view UncommentedSetting(std::string_view line, bool* was_announced) {
  constexpr std::string_view kComment = "# ";
  constexpr std::string_view kAnnouncement = "# (to be given on the command line";
  if (*was_announced && line.substr(0, kComment.size()) == kComment) {
    line.remove_prefix(kComment.size());
  }
  *was_announced = line.substr(0, kAnnouncement.size()) == kAnnouncement;
  return line;
}

void ReadSettings(const fs::path& folder, const std::string& tool, RunRecord* run) {
  const fs::path file = folder / (Exists(folder / "config.ini") ? "config.ini" : "settings.ini");
  if (!Exists(file)) {
    return;
  }
  Tolerate(&run->missing, [&] {
    const std::string text = ReadFile(file, uint64_t{1} << 20);
    TextLines lines(text, file.string());
    bool was_announced = false;
    for (std::string_view line; lines.Next(&line);) {
      line = UncommentedSetting(line, &was_announced);
      const size_t equals = line.find('=');
      if (!line.empty() && line.front() != '#' && equals != std::string_view::npos) {
        run->settings.push_back(
            {tool, Trimmed(line.substr(0, equals)), Trimmed(line.substr(equals + 1))});
      }
    }
  });
}

// Adds the doubts of a report: texts, or objects with a text.
void AddDoubts(const Json& report, std::vector<std::string>* doubts) {
  const auto found = report.find("doubts");
  if (found == report.end() || !found->is_array()) {
    return;
  }
  for (const Json& doubt : *found) {
    const std::string text = doubt.is_string() ? doubt.get<std::string>() : TextOf(doubt, "text");
    if (!text.empty() && std::count(doubts->begin(), doubts->end(), text) == 0) {
      doubts->push_back(text);
    }
  }
}

void ReadStage(const fs::path& folder, const std::string& tool, RunRecord* run) {
  StageRecord stage;
  stage.tool = tool;
  if (Exists(folder / "report.json")) {
    Tolerate(&run->missing, [&] { stage.report = ReadJsonObject(folder / "report.json"); });
    AddDoubts(stage.report, &run->doubts);
  }
  if (Exists(folder / "failed.tsv")) {
    ReadLooseTable(folder / "failed.tsv", &run->missing, [&](const LooseRow&) {
      ++stage.num_failed;
      return true;
    });
  }
  stage.is_complete = Exists(folder / "DONE");
  if (!stage.is_complete) {
    run->missing.push_back(folder.string() + " is not complete: its stage has not finished");
  }
  ReadSettings(folder, tool, run);
  if (tool == "train-r3d") {
    run->epochs = ReadJsonLines(folder / "metrics.jsonl", &run->missing);
    run->times = ReadJsonLines(folder / "times.jsonl", &run->missing);
    Tolerate(&run->missing, [&] { run->goodput = ReadGoodput(folder); });
  } else if (tool == "evaluate-scores") {
    run->evaluation = ReadEvaluation(folder, &run->missing);
    AddDoubts(run->evaluation.metrics, &run->doubts);
  }
  run->stages.push_back(std::move(stage));
}

// Reads the passport that is nearest to the figures: the evaluation carries that of the scores, the
// scores carry that of the shards.
void ReadPassports(const std::vector<fs::path>& folders, RunRecord* run) {
  Tolerate(&run->missing, [&] {
    for (const fs::path& folder : folders) {
      run->data = run->data ? run->data : ReadPassport(folder / Passport::kFileName);
    }
  });
  Tolerate(&run->missing, [&] {
    for (const fs::path& folder : folders) {
      run->trained_on =
          run->trained_on ? run->trained_on : ReadPassport(folder / Passport::kTrainedOn);
    }
  });
}

// Reads what stands beside the stages' folders: the list's passport and tables of long videos.
void ReadBesides(const fs::path& folder, RunRecord* run) {
  ReadPassports({folder / "evaluation", folder / "scores", folder / "shards"}, run);
  if (!run->data) {
    Tolerate(&run->missing,
             [&] { run->data = ReadPassport(ManifestPassportPath(folder / "videos.tsv")); });
  }
  run->timelines = ReadTimelines(folder / "timelines", &run->missing);
}

// Returns the last `count` parts of a path.
std::string LastParts(const fs::path& path, int count) {
  fs::path last;
  fs::path rest = path;
  for (int i = 0; i < count && rest.has_filename(); ++i) {
    last = last.empty() ? rest.filename() : rest.filename() / last;
    rest = rest.parent_path();
  }
  return last.empty() ? path.string() : last.string();
}

void NameRuns(std::vector<RunRecord>* runs) {
  std::vector<fs::path> paths;
  for (const RunRecord& run : *runs) {
    const fs::path path = fs::absolute(run.folder).lexically_normal();
    paths.push_back(path.has_filename() ? path : path.parent_path());
  }
  for (size_t i = 0; i < runs->size(); ++i) {
    constexpr int kMostParts = 6;
    for (int parts = 1; parts <= kMostParts; ++parts) {
      (*runs)[i].name = LastParts(paths[i], parts);
      const auto same = std::count_if(paths.begin(), paths.end(), [&](const fs::path& other) {
        return LastParts(other, parts) == (*runs)[i].name;
      });
      if (same == 1) {
        break;
      }
    }
  }
}

}  // namespace

RunRecord ReadRun(const fs::path& folder) {
  RequireFolder(folder, "a run's folder");
  RunRecord run;
  run.folder = folder;
  if (Exists(folder / "metrics.jsonl") || Exists(folder / "checkpoints")) {
    ReadStage(folder, "train-r3d", &run);
    run.missing.push_back(folder.string() +
                          " is of train-r3d alone: name the folder above it, with evaluation/, to "
                          "see accuracies of videos");
    run.facts = FactsOf(run);
    return run;
  }
  if (Exists(folder / "metrics.json")) {
    ReadStage(folder, "evaluate-scores", &run);
    run.missing.push_back(folder.string() +
                          " is of evaluate-scores alone: name the folder above it, with train/, to "
                          "see curves");
    ReadPassports({folder}, &run);
    run.facts = FactsOf(run);
    return run;
  }
  if (!Exists(folder / "train") && !Exists(folder / "evaluation") && !Exists(folder / "scores")) {
    throw InputError(
        fmt::format("{} is not the folder of a run: it has neither train/, scores/ nor "
                    "evaluation/, and no metrics.jsonl or metrics.json; name the RUN of "
                    "Makefile.workflow, or a folder that train-r3d wrote",
                    Escaped(folder.string())));
  }
  // With PACK=groups one stage prepares and packs.
  const bool in_groups = Exists(folder / "shards" / "groups");
  for (StageFolder stage : kStages) {
    if (in_groups && stage.folder == std::string_view("prepared")) {
      continue;
    }
    if (in_groups && stage.folder == std::string_view("shards")) {
      stage.tool = "pack-videos";
    }
    if (Exists(folder / stage.folder)) {
      ReadStage(folder / stage.folder, stage.tool, &run);
    } else {
      run.missing.push_back(fmt::format("{} is missing: {} has not written its {}",
                                        (folder / stage.folder).string(), stage.tool, stage.makes));
    }
  }
  ReadBesides(folder, &run);
  run.facts = FactsOf(run);
  return run;
}

std::vector<RunRecord> ReadRuns(const std::vector<std::string>& folders) {
  std::vector<RunRecord> runs;
  for (const std::string& folder : folders) {
    runs.push_back(ReadRun(folder));
  }
  NameRuns(&runs);
  return runs;
}

}  // namespace reel3d::report

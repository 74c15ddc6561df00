// Opens pages of invented runs in a browser, with open_pages.py: nothing reaches beyond the
// window, nothing is loaded, and axe-core has no objection. It is skipped without python3, or where
// chromium is not installed or cannot start; with REEL3D_BROWSER=required it fails there.
// REEL3D_PICTURES=DIR also writes the pages, and pictures of them, to a folder.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <cstdlib>

#include "lib/base/file.h"
#include "lib/base/rng.h"
#include "lib/data/manifest.h"
#include "lib/eval/score_file.h"
#include "lib/report/read/run_reader.h"
#include "pipeline/stages/evaluate_scores.h"
#include "pipeline/stages/report_run.h"
#include "tests/report/hostile_names.h"
#include "tests/report/shown_shards.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;

// Names of a run's classes and videos. A video's id is `id` and its number.
struct Names {
  std::vector<std::string> classes;
  std::string id;
};

Names PlainNames(int num_classes) {
  Names names = {{}, "a_folder_of_videos+with_a_rather_long_name_of_a_clip_"};
  for (int number = 0; number < num_classes; ++number) {
    names.classes.push_back(fmt::format("playing instrument {}", number));
  }
  return names;
}

Names HostileNames() {
  Names names = {{}, std::string(test::kHostileNames[0]) + std::string(150, 'v')};
  for (const char* name : test::kHostileNames) {
    names.classes.emplace_back(name);
  }
  names.classes.emplace_back(200, 'x');
  return names;
}

// Invents the scores of videos. `skill` raises the label's logit, so that most answers are right.
Scores InventScores(const Names& names, int num_videos, double skill) {
  Scores scores;
  scores.checkpoint = "invented";
  scores.subset = "validation";
  scores.num_videos_expected = num_videos + 1;  // one was not scored
  scores.classes = names.classes;
  for (int video = 0; video < num_videos; ++video) {
    Rng rng(7, static_cast<uint64_t>(video));
    const auto label = static_cast<size_t>(video) % names.classes.size();
    const double ease = rng.Uniform(0, skill);
    scores.videos.push_back({names.id + std::to_string(video), static_cast<int32_t>(label)});
    for (int clip = 0; clip < 1 + video % 4; ++clip) {
      scores.clips.push_back({static_cast<uint32_t>(video), static_cast<uint32_t>(16 * clip), 16});
      for (size_t other = 0; other < names.classes.size(); ++other) {
        scores.logits.push_back(
            static_cast<float>(rng.Uniform(-2, 2) + (other == label ? ease : 0)));
      }
    }
  }
  return scores;
}

class Pages : public ::testing::Test {
 protected:
  void Write(const fs::path& file, const std::string& text) {
    MakeFolders(file.parent_path());
    WriteFileAtomically(file, text);
  }

  void WriteTraining(const fs::path& train, double rate) {
    std::string metrics;
    std::string times;
    for (int epoch = 1; epoch <= 12; ++epoch) {
      const double share = 0.08 * epoch;
      metrics += fmt::format(
          "{{\"step\":{0},\"epoch\":{0},\"lr\":{1},\"train_loss\":{2},\"train_top1\":{3},"
          "\"train_top5\":{3},\"validation_loss\":{4},\"validation_top1\":{5},"
          "\"validation_top5\":{5}}}\n",
          epoch, epoch < 9 ? rate : rate / 10, 3.0 / epoch, share, 3.5 / epoch, 0.9 * share);
      times += fmt::format(
          "{{\"epoch\":{},\"clips\":900,\"seconds\":{},\"ranks\":[{{\"phases_s\":{{\"waiting for "
          "data\":1,\"forward\":3,\"backward\":5}}}}]}}\n",
          epoch, 9 + epoch % 3);
    }
    Write(train / "metrics.jsonl", metrics);
    Write(train / "times.jsonl", times);
    Write(train / "config.ini",
          fmt::format("# help\nmodel = r3d\ndepth = 18\nwidth = 0.25\nclip-length = 16\n"
                      "sample-size = 56\nlr = {}\nrecipe = {}\n",
                      rate, std::string(120, 'r')));
    Write(train / "report.json",
          R"({"seconds": 4000, "epochs": 12, "ranks": 2, "training_videos": 600, "num_damaged": 2,
              "validation_videos": 200, "doubts": ["the class jump has 3 videos, fewer than 10"]})");
    Write(train / "failed.tsv", "item\tstage\treason\na\ttrain\tbroken\n");
    Write(train / "DONE", "");
  }

  static std::vector<std::string> MostSuspect(const fs::path& evaluation) {
    constexpr size_t kMost = 8;
    std::vector<std::string> ids;
    for (const report::Suspect& suspect : report::ReadRun(evaluation).evaluation.suspects) {
      if (ids.size() < kMost && IdFault(suspect.id).empty()) {
        ids.push_back(suspect.id);
      }
    }
    return ids;
  }

  // Makes the folder of a run with every stage, and returns it.
  std::string MakeRun(const std::string& name, const Names& names, int num_videos, double skill) {
    const fs::path run = folder_ / name;
    const Scores scores = InventScores(names, num_videos, skill);
    MakeFolders(run / "scores");
    WriteScores(run / "scores/scores-00000.h5", scores);
    std::string side = "id\theight\tsource\n";
    for (size_t video = 0; video < scores.videos.size(); ++video) {
      side += fmt::format("{}\t{}\t{}\n", scores.videos[video].id, 240 + video % 40,
                          video % 3 == 0 ? "a camera" : "the web");
    }
    Write(run / "side.tsv", side);
    EvaluateScoresOptions options;
    options.scores_dir = run / "scores";
    options.out_dir = run / "evaluation";
    options.slices = run / "side.tsv";
    options.precision = 0.9;
    RunEvaluateScores(options);
    WriteTraining(run / "train", 0.1 / skill);
    for (const char* stage : {"prepared", "shards", "scores"}) {
      Write(run / stage / "report.json",
            R"({"num_videos": 800, "num_packed": 800, "clips": 2000})");
      Write(run / stage / "config.ini", "height = 120\n");
      Write(run / stage / "DONE", "");
    }
    // Frames of some mistakes are there, the others get a sentence.
    constexpr int kMostFrames = 64;
    const std::vector<std::string> shown = MostSuspect(run / "evaluation");
    if (!shown.empty()) {  // some hostile ids can be in no shard
      test::WriteShownShards(run / "shards", shown, kMostFrames);
      Write(run / "scores/report.json", test::ScoredReport(run / "shards").dump());
    }
    return run;
  }

  void MakePage(const std::string& name, const std::vector<std::string>& runs,
                const std::string& title = "") {
    ReportRunOptions options;
    options.runs = runs;
    options.page = pages_ / name;
    options.title = title;
    MakeFolders(pages_);
    RunReportRun(options);
    pages_made_.push_back(options.page);
  }

  void ExpectNoFaults() {
    std::vector<std::string> command = {"python3",
                                        test::SourceFolder() / "tests/report/open_pages.py"};
    command.insert(command.end(), pages_made_.begin(), pages_made_.end());
    if (std::getenv("REEL3D_PICTURES") != nullptr) {
      command.insert(command.end(), {"--pictures", pages_.string()});
    }
    const test::CommandResult result = test::RunCommand(command);
    if (result.exit_status == 77 || result.exit_status == 127) {
      GTEST_SKIP() << result.err;
    }
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.exit_status, 0) << result.err;
  }

  test::TemporaryFolder folder_;
  const fs::path pages_ = std::getenv("REEL3D_PICTURES") != nullptr
                              ? fs::path(std::getenv("REEL3D_PICTURES"))
                              : folder_ / "pages";
  std::vector<std::string> pages_made_;
};

TEST_F(Pages, OfOneRun) {
  MakePage("one.html", {MakeRun("my_run", PlainNames(8), 200, 6)});
  ExpectNoFaults();
}

TEST_F(Pages, OfRunsWithManyClasses) {
  MakePage("many.html",
           {MakeRun("float32", PlainNames(40), 400, 6), MakeRun("bf16", PlainNames(40), 400, 5),
            MakeRun("weak", PlainNames(40), 400, 2)});
  ExpectNoFaults();
}

TEST_F(Pages, OfHostileNames) {
  const std::string hostile = "<b>a \"run\"</b> " + std::string(120, 'n');
  MakePage("hostile.html",
           {MakeRun(hostile, HostileNames(), 200, 6),
            MakeRun("\xE2\x80\xAEolleh", HostileNames(), 200, 5)},
           std::string(test::kHostileNames[0]) + std::string(200, 't'));
  ExpectNoFaults();
}

TEST_F(Pages, OfARunWithoutAnEvaluation) {
  WriteTraining(folder_ / "begun/train", 0.1);
  MakePage("begun.html", {folder_ / "begun"});
  ExpectNoFaults();
}

}  // namespace
}  // namespace reel3d

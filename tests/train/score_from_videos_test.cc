// Runs score-videos --from-videos like a user: without shards, and with files that are no videos.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "lib/base/file.h"
#include "lib/eval/score_file.h"
#include "lib/train/checkpoint/checkpoint_folder.h"
#include "tests/open_count.h"
#include "tests/train/score_tool.h"
#include "tests/video/sample_video.h"

namespace reel3d::test {
namespace {

// The clips of a video and their logits, in the order of the file.
struct VideoClips {
  int label = -1;
  std::vector<ScoredClip> clips;
  std::vector<float> logits;
};

class ScoreFromVideos : public ScoreTool {
 protected:
  // The shards were prepared with --height 48.
  static Words FromVideos(const std::string& manifest, const std::string& out,
                          const Words& more = {}) {
    Words words = {"--from-videos", "--height", "48"};
    words.insert(words.end(), more.begin(), more.end());
    return ScoreCommand(At(manifest), out, words);
  }

  static std::map<std::string, VideoClips> ById(const std::string& out) {
    std::map<std::string, VideoClips> videos;
    for (const auto& [name, bytes] : Parts(out)) {
      const Scores scores = ReadScores(fs::path(At(out)) / name);
      const size_t num_classes = scores.classes.size();
      for (size_t clip = 0; clip < scores.clips.size(); ++clip) {
        const ScoredVideo& row = scores.videos[scores.clips[clip].video];
        VideoClips& video = videos[row.id];
        video.label = row.label;
        video.clips.push_back(scores.clips[clip]);
        video.logits.insert(video.logits.end(), &scores.logits[clip * num_classes],
                            &scores.logits[clip * num_classes] + num_classes);
      }
    }
    return videos;
  }

  // Writes videos.tsv with another row behind the others.
  static std::string WithRow(const std::string& name, const std::string& row) {
    WriteFileAtomically(At(name), ReadFile(At("videos.tsv")) + row + "\n");
    return name;
  }

  // Writes videos.tsv with only the first `count` videos of validation.
  static std::string WithFewVideos(const std::string& name, int count) {
    std::istringstream all(ReadFile(At("videos.tsv")));
    std::string text;
    for (std::string line; std::getline(all, line);) {
      if (line.find("\tvalidation\t") == std::string::npos || count-- > 0) {
        text += line + "\n";
      }
    }
    WriteFileAtomically(At(name), text);
    return name;
  }
};

size_t Best(const float* logits, size_t num_classes) {
  return static_cast<size_t>(std::max_element(logits, logits + num_classes) - logits);
}

// prep-videos gives the same frames, so only the rounding of other batches differs.
TEST_F(ScoreFromVideos, HasTheClipsAndTheAnswersOfShards) {
  const Words crops = {"--crops", "3"};
  ASSERT_EQ(RunCommand(ScoreCommand(Shards(), "by_shards", crops)).exit_status, 0);
  const auto result = RunCommand(FromVideos("videos.tsv", "by_files", {"--crops", "3", "--json"}));
  ASSERT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(nlohmann::json::parse(result.out)["videos"], 8);
  const auto expected = ById("by_shards");
  const auto found = ById("by_files");
  ASSERT_EQ(found.size(), expected.size());
  for (const auto& [id, video] : expected) {
    const VideoClips& other = found.at(id);
    EXPECT_EQ(other.label, video.label);
    ASSERT_EQ(other.clips.size(), video.clips.size()) << id;
    const size_t num_classes = video.logits.size() / video.clips.size();
    for (size_t clip = 0; clip < video.clips.size(); ++clip) {
      EXPECT_EQ(other.clips[clip].first_frame, video.clips[clip].first_frame);
      EXPECT_EQ(other.clips[clip].num_distinct, video.clips[clip].num_distinct);
      EXPECT_EQ(other.clips[clip].crop, video.clips[clip].crop);
      const float* a = &video.logits[clip * num_classes];
      const float* b = &other.logits[clip * num_classes];
      EXPECT_EQ(Best(a, num_classes), Best(b, num_classes)) << id;
      for (size_t i = 0; i < num_classes; ++i) {
        EXPECT_NEAR(a[i], b[i], 1e-4 * std::abs(a[i]) + 1e-5) << id;
      }
    }
  }
  const auto again = RunCommand(FromVideos("videos.tsv", "by_files", {"--crops", "3", "--json"}));
  EXPECT_EQ(nlohmann::json::parse(again.out)["parts_kept"], 3) << again.err;
}

TEST_F(ScoreFromVideos, AFileThatIsNoVideoFailsAloneAndIsTriedAgain) {
  const std::string manifest =
      WithRow("with_text.tsv", "text\tvideos.tsv\t\tvalidation\t\t\t\t\t\t");
  EXPECT_EQ(RunCommand(FromVideos(manifest, "with_text")).exit_status, 3);
  const Words tolerant = {"--max-failed-fraction", "0.2", "--json"};
  const auto result = RunCommand(FromVideos(manifest, "with_text", tolerant));
  ASSERT_EQ(result.exit_status, 0) << result.err;
  const nlohmann::json report = nlohmann::json::parse(result.out);
  EXPECT_EQ(report["num_failed"], 1);
  EXPECT_EQ(report["parts_kept"], 2);
  const std::string failed = ReadFile(fs::path(At("with_text")) / "failed.tsv");
  EXPECT_NE(failed.find("text\tscore\t"), std::string::npos) << failed;
  EXPECT_EQ(ById("with_text").size(), 8U);
  EXPECT_EQ(ById("with_text").count("text"), 0U);
}

// Writes a video of 90 frames whose index, at the end, can be cut off.
void WriteLong(const std::string& file) {
  VideoEncoderOptions options;
  options.width = 64;
  options.height = 48;
  options.fps_num = 10;
  options.codec_options = "preset=veryfast:crf=5:g=25";
  WriteSample(file, options, 90, NumberedFrames(64, 48));
}

TEST_F(ScoreFromVideos, AFileThatWasReplacedIsScoredAgain) {
  WriteSample(At("replaced.avi"), Lossless(64, 48), 20, NumberedFrames(64, 48));
  const std::string manifest =
      WithRow("with_replaced.tsv", "other\treplaced.avi\t\tvalidation\t\t\t\t\t\t");
  const Words json = {"--json"};
  ASSERT_EQ(RunCommand(FromVideos(manifest, "replaced", json)).exit_status, 0);
  const auto before = ById("replaced");
  WriteSample(At("replaced.avi"), Lossless(64, 48), 40, NumberedFrames(64, 48));
  const auto again = RunCommand(FromVideos(manifest, "replaced", json));
  EXPECT_EQ(nlohmann::json::parse(again.out)["parts_kept"], 0) << again.err;
  EXPECT_GT(ById("replaced").at("other").clips.size(), before.at("other").clips.size());
  const auto unchanged = RunCommand(FromVideos(manifest, "replaced", json));
  EXPECT_EQ(nlohmann::json::parse(unchanged.out)["parts_kept"], 3) << unchanged.err;
}

TEST_F(ScoreFromVideos, TruncatedAndDamagedVideosAreJudgedAsByPrepVideos) {
  WriteLong(At("long.avi"));
  const std::string bytes = ReadBytes(At("long.avi"));
  const size_t frames_end = bytes.find("idx1");
  ASSERT_NE(frames_end, std::string::npos);
  WriteBytes(At("cut.avi"), bytes.substr(0, 5700 + (frames_end - 5700) / 2));
  const std::string manifest = WithRow("with_cut.tsv", "cut\tcut.avi\t\tvalidation\t\t\t\t\t\t");
  EXPECT_EQ(RunCommand(FromVideos(manifest, "cut")).exit_status, 3);
  const std::string failed = ReadFile(At("cut") + "/failed.tsv");
  EXPECT_NE(failed.find("truncated: "), std::string::npos) << failed;
  const auto allowed = RunCommand(FromVideos(manifest, "cut_kept", {"--allow-truncated"}));
  ASSERT_EQ(allowed.exit_status, 0) << allowed.err;
  const nlohmann::json report = nlohmann::json::parse(ReadFile(At("cut_kept") + "/report.json"));
  EXPECT_EQ(report["num_truncated"], 1);
  const auto words = report["warnings"].value("cut", std::string());
  EXPECT_NE(words.find("truncated: "), std::string::npos) << report;
  EXPECT_NE(allowed.err.find("cut: truncated: "), std::string::npos) << allowed.err;

  WriteLong(At("hit.mp4"));
  std::string hit = ReadBytes(At("hit.mp4"));
  const size_t begin = hit.find("mdat");
  const size_t end = hit.rfind("moov");
  const size_t length = (end - begin) / 20;
  hit.replace((begin + end - length) / 2, length, length, '\0');
  WriteBytes(At("hit.mp4"), hit);
  const auto damaged = RunCommand(FromVideos(
      WithRow("with_hit.tsv", "hit\thit.mp4\t\tvalidation\t\t\t\t\t\t"), "hit", {"--json"}));
  ASSERT_EQ(damaged.exit_status, 0) << damaged.err;
  const nlohmann::json result = nlohmann::json::parse(damaged.out);
  EXPECT_NE(result["warnings"].value("hit", std::string()).find("damaged in places"),
            std::string::npos)
      << result;
}

TEST_F(ScoreFromVideos, ARowThatIsAPartOfAFileHasTheClipsOfThatPart) {
  WriteLong(At("whole.avi"));
  const std::string manifest =
      WithRow("with_part.tsv", "part\twhole.avi\t\tvalidation\t2\t6\t\t\t\t");
  ASSERT_EQ(RunCommand(FromVideos(manifest, "part")).exit_status, 0);
  const std::string prepared = At("prepared_part");
  const std::string shards = At("shards_part");
  ASSERT_EQ(RunCommand({ToolPath("prep-videos").string(), "--height", "48", At(manifest), prepared})
                .exit_status,
            0);
  ASSERT_EQ(RunCommand({ToolPath("pack-shards").string(), "--classes", At("classes.txt"),
                        At(manifest), prepared, shards})
                .exit_status,
            0);
  ASSERT_EQ(RunCommand(ScoreCommand(shards, "part_by_shards")).exit_status, 0);
  const VideoClips expected = ById("part_by_shards").at("part");
  const VideoClips found = ById("part").at("part");
  ASSERT_EQ(found.clips.size(), expected.clips.size());
  for (size_t i = 0; i < found.logits.size(); ++i) {
    EXPECT_NEAR(found.logits[i], expected.logits[i], 1e-4 * std::abs(expected.logits[i]) + 1e-5);
  }
}

// Rows of one file are decoded together, even if others stand between them.
TEST_F(ScoreFromVideos, RowsOfOneFileHaveTheClipsThatEachHasAlone) {
  WriteLong(At("shared.avi"));
  const std::string first = "first\tshared.avi\t\tvalidation\t2\t6\t\t\t\t";
  const std::string other = "between\tvideos.tsv\t\tvalidation\t\t\t\t\t\t";
  const std::string second = "second\tshared.avi\t\tvalidation\t1\t4\t\t\t\t";
  const std::string beyond = "beyond\tshared.avi\t\tvalidation\t100\t101\t\t\t\t";
  const Words tolerant = {"--max-failed-fraction", "0.5", "--videos-per-part", "100"};
  const auto score = [&](const std::string& name, const std::string& rows) {
    const auto result = RunCommand(FromVideos(WithRow(name + ".tsv", rows), name, tolerant));
    ASSERT_EQ(result.exit_status, 0) << result.err;
  };
  OpenCount opens(At("shared.avi"));
  score("only_first", first);
  const int opens_of_one = opens.Take();
  EXPECT_GT(opens_of_one, 0);
  score("only_second", second);
  EXPECT_EQ(opens.Take(), opens_of_one);
  score("together", first + "\n" + other + "\n" + second);
  EXPECT_EQ(opens.Take(), opens_of_one);
  score("with_beyond", first + "\n" + beyond + "\n" + second);  // a part that fails
  for (const char* name : {"together", "with_beyond"}) {
    const auto found = ById(name);
    EXPECT_EQ(found.size(), 10U) << name;
    for (const auto& [id, alone] : {std::pair{"first", "only_first"}, {"second", "only_second"}}) {
      const VideoClips expected = ById(alone).at(id);
      const VideoClips& clips = found.at(id);
      ASSERT_EQ(clips.clips.size(), expected.clips.size()) << id;
      for (size_t i = 0; i < clips.logits.size(); ++i) {
        const float logit = expected.logits[i];
        EXPECT_NEAR(clips.logits[i], logit, 1e-4 * std::abs(logit) + 1e-5) << id;
      }
    }
    const Scores scores = ReadScores(fs::path(At(name)) / ScoreFileName(0));
    EXPECT_TRUE(
        std::is_sorted(scores.clips.begin(), scores.clips.end(),
                       [](const ScoredClip& a, const ScoredClip& b) { return a.video < b.video; }));
  }
}

// The prepared rows of a file fill the disk, so only 16 are prepared at once.
TEST_F(ScoreFromVideos, AFileWithManyRowsIsDecodedOnceForSixteenOfThem) {
  WriteLong(At("many.avi"));
  std::string rows;
  for (int row = 0; row < 33; ++row) {
    rows += fmt::format("{}row{}\tmany.avi\t\tvalidation\t{}\t{}\t\t\t\t", row > 0 ? "\n" : "", row,
                        0.2 * row, 0.2 * row + 1);
  }
  OpenCount opens(At("many.avi"));
  const auto score = [&](const std::string& name, const std::string& some_rows) {
    const auto result = RunCommand(FromVideos(WithRow(name + ".tsv", some_rows), name,
                                              {"--videos-per-part", "100", "--windows", "1"}));
    EXPECT_EQ(result.exit_status, 0) << result.err;
    return opens.Take();
  };
  const int opens_of_one = score("one_row", rows.substr(0, rows.find('\n')));
  EXPECT_EQ(score("many_rows", rows), 3 * opens_of_one);
  EXPECT_EQ(ById("many_rows").size(), 41U);
}

TEST_F(ScoreFromVideos, ScoresAreTheSameBytesByAnyNumberOfTasksAndRanks) {
  const Words one_each = {"--videos-per-part", "1", "--windows", "1"};
  ASSERT_EQ(RunCommand(FromVideos("videos.tsv", "one_process", one_each)).exit_status, 0);
  ASSERT_EQ(Parts("one_process").size(), 8U);
  for (const char* ranks : {"1", "2", "4"}) {
    const std::string out = std::string("files_by_ranks_") + ranks;
    Words words = {"mpirun", "--oversubscribe", "-n", ranks};
    const Words command = FromVideos("videos.tsv", out, one_each);
    words.insert(words.end(), command.begin(), command.end());
    const auto result = RunCommand(words);
    ASSERT_EQ(result.exit_status, 0) << result.err;
    EXPECT_EQ(Parts(out), Parts("one_process")) << ranks;
  }
  for (int task = 6; task >= 0; --task) {
    Words words = one_each;
    words.insert(words.end(), {"--task", std::to_string(task), "--tasks", "7"});
    ASSERT_EQ(RunCommand(FromVideos("videos.tsv", "files_by_seven", words)).exit_status, 0);
  }
  EXPECT_EQ(Parts("files_by_seven"), Parts("one_process"));
}

// Each video has a score file, and a temporary file before it. A run is killed when the first,
// second or third of these files appears.
TEST_F(ScoreFromVideos, KilledAtAnyScoreFileItEndsWithTheSameBytes) {
  const Words one_each = {"--videos-per-part", "1", "--windows", "1"};
  const std::string manifest = WithFewVideos("few.tsv", 4);
  ASSERT_EQ(RunCommand(FromVideos(manifest, "not_killed", one_each)).exit_status, 0);
  const Words command = FromVideos(manifest, "killed_files", one_each);
  int num_hit = 0;
  for (int round = 0; round < 6; ++round) {
    std::set<std::string> seen;
    const auto is_due = [&] {
      std::error_code absent;
      for (const auto& entry : fs::directory_iterator(At("killed_files"), absent)) {
        if (entry.path().filename().string().find("scores-") != std::string::npos) {
          seen.insert(entry.path().filename().string());
        }
      }
      return seen.size() > static_cast<size_t>(round % 3);
    };
    num_hit += RunAndKillWhen(command, At("killed_files"), is_due) ? 1 : 0;
    const auto last = RunCommand(command);
    ASSERT_EQ(last.exit_status, 0) << last.err;
    EXPECT_EQ(Parts("killed_files"), Parts("not_killed"));
    ExpectNoTemporaries(At("killed_files"));
    fs::remove_all(At("killed_files"));
  }
  EXPECT_GE(num_hit, 4) << "the test did not hit";
}

// The checkpoint says that its videos were prepared with --height 48.
TEST_F(ScoreFromVideos, WithoutAHeightVideosArePreparedLikeThoseOfTheTraining) {
  ASSERT_EQ(RunCommand(FromVideos("videos.tsv", "height_given")).exit_status, 0);
  const auto result = RunCommand(ScoreCommand(At("videos.tsv"), "height_known", {"--from-videos"}));
  ASSERT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(ById("height_known").size(), ById("height_given").size());
  for (const auto& [id, video] : ById("height_given")) {
    EXPECT_EQ(ById("height_known")[id].logits, video.logits) << id;
  }
  const auto refused =
      RunCommand(ScoreCommand(At("videos.tsv"), "other_fps", {"--from-videos", "--fps", "5"}));
  EXPECT_EQ(refused.exit_status, 3);
  EXPECT_NE(refused.err.find("fps 5 (training: source)"), std::string::npos) << refused.err;
  EXPECT_EQ(RunCommand(ScoreCommand(At("videos.tsv"), "other_fps",
                                    {"--from-videos", "--fps", "5", "--allow", "fps"}))
                .exit_status,
            0);
}

TEST_F(ScoreFromVideos, OptionsForPreparingGoWithFilesAndTheHeightMustBeKnown) {
  const auto refused = [](const Words& command) {
    const auto result = RunCommand(command);
    EXPECT_EQ(result.exit_status, 2) << result.err;
    return result.err;
  };
  fs::copy(fs::canonical(At("to_score/checkpoints/latest")), At("step-old"),
           fs::copy_options::recursive);
  nlohmann::ordered_json state = ReadCheckpointState(At("step-old"));
  state.erase("passport");
  FinishCheckpoint(At("step-old"), state["step"].get<int64_t>(), state);
  Words by_old = ScoreCommand(At("videos.tsv"), "no_height", {"--from-videos"});
  by_old[by_old.size() - 3] = At("step-old");
  EXPECT_NE(refused(by_old).find("--from-videos needs --height"), std::string::npos);
  const std::pair<const char*, const char*> options[] = {
      {"--height", "48"}, {"--quality", "80"}, {"--fps", "25"}, {"--prepared-short-side", "48"}};
  for (const auto& [name, value] : options) {
    EXPECT_NE(refused(ScoreCommand(Shards(), "no_height", {name, value}))
                  .find(std::string(name) + ": has no effect on shards"),
              std::string::npos);
  }
  refused(ScoreCommand(Shards(), "no_height", {"--allow-truncated"}));
  refused(ScoreCommand(At("videos.tsv"), "no_height", {"--from-videos", "--height", "8"}));
  EXPECT_FALSE(fs::exists(At("no_height")));
}

TEST_F(ScoreFromVideos, TheProbeAndTasksWorkAsWithShards) {
  const Words probe = {"--probe", "order"};
  ASSERT_EQ(RunCommand(FromVideos("videos.tsv", "probed_files", probe)).exit_status, 0);
  for (const char* task : {"1", "0"}) {
    const auto result = RunCommand(FromVideos(
        "videos.tsv", "files_by_tasks", {"--probe", "order", "--task", task, "--tasks", "2"}));
    ASSERT_EQ(result.exit_status, 0) << result.err;
  }
  for (const char* order : {"", "/probe/shuffled", "/probe/reversed", "/probe/one-frame"}) {
    EXPECT_EQ(Parts(std::string("files_by_tasks") + order),
              Parts(std::string("probed_files") + order));
  }
}

TEST_F(ScoreFromVideos, AClassThatTheNetworkLacksIsRefused) {
  const std::string manifest =
      WithRow("other_class.tsv", "odd\tvideos.tsv\tflying\tvalidation\t\t\t\t\t\t");
  const auto refused = RunCommand(FromVideos(manifest, "refused"));
  EXPECT_EQ(refused.exit_status, 3);
  EXPECT_NE(refused.err.find("video odd is of class flying, which is none of the network's 8"),
            std::string::npos)
      << refused.err;
  EXPECT_FALSE(fs::exists(At("refused")));
  EXPECT_EQ(RunCommand(FromVideos("shards", "refused")).exit_status, 3);
}

}  // namespace
}  // namespace reel3d::test

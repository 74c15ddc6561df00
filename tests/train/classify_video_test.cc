// Runs classify-video like a user.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <map>
#include <nlohmann/json.hpp>

#include "lib/eval/averaging.h"
#include "lib/eval/score_file.h"
#include "lib/eval/windows.h"
#include "lib/video/frame_scaler.h"
#include "lib/video/video_decoder.h"
#include "tests/train/train_tool.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;
using test::TrainTool;
using test::Words;
using testing::HasSubstr;

class ClassifyTool : public TrainTool {
 protected:
  static void SetUpTestSuite() {
    TrainTool::SetUpTestSuite();
    ASSERT_EQ(test::RunCommand(Command(0, "run", {"--epochs", "1"})).exit_status, 0);
  }

  static test::CommandResult Classify(const Words& more) {
    Words words = {test::ToolPath("classify-video").string(), "--height", "48", "--threads", "1"};
    words.insert(words.end(), more.begin(), more.end());
    return test::RunCommand(words);
  }

  static std::string Checkpoint() { return At("run/checkpoints/latest"); }
};

// classify-video gives the scores that the stages from prep-videos to evaluate-scores give for the
// same file, because it makes the same pixels.
TEST_F(ClassifyTool, SaysWhatTheStagesSay) {
  ASSERT_EQ(test::RunCommand({test::ToolPath("score-videos").string(), "--threads", "1",
                              Checkpoint(), Shards(), At("scores")})
                .exit_status,
            0);
  const Scores scores = ReadScores(fs::path(At("scores")) / "scores-00000.h5");
  const auto clips_of = ClipsOfVideos(scores);
  Words files = {"--json", "--top", "8", Checkpoint()};
  for (const ScoredVideo& video : scores.videos) {
    const std::string name = video.id;
    files.push_back(At("videos/" + name.substr(0, name.rfind('_')) + "/" + name + ".mp4"));
  }
  const auto result = Classify(files);
  ASSERT_EQ(result.exit_status, 0) << result.err;
  const json said = json::parse(result.out);
  ASSERT_EQ(said["videos"].size(), scores.videos.size());
  const size_t num_classes = scores.classes.size();
  for (size_t video = 0; video < scores.videos.size(); ++video) {
    std::vector<const float*> rows;
    for (const size_t clip : clips_of[video]) {
      rows.push_back(&scores.logits[clip * num_classes]);
    }
    const json& found = said["videos"][video];
    ASSERT_EQ(found["windows"].size(), rows.size());
    EXPECT_EQ(found["windows"].back()["first_frame"],
              scores.clips[clips_of[video].back()].first_frame);
    const std::vector<double> expected = AverageClips(rows, num_classes, Averaging::kSoftmax);
    ASSERT_EQ(found["top"].size(), num_classes);
    for (const json& one : found["top"]) {
      const auto place = std::find(scores.classes.begin(), scores.classes.end(), one["class"]) -
                         scores.classes.begin();
      // Batches of another size are summed in another order; a wrong pixel would make a larger
      // difference.
      EXPECT_NEAR(one["score"].get<double>(), expected[static_cast<size_t>(place)], 2e-6);
    }
  }
}

// The test above would notice wrong pixels, because even a slightly lower JPEG quality changes the
// scores by more than its tolerance.
TEST_F(ClassifyTool, PixelsCount) {
  const std::string video = At("videos/rising/rising_000.mp4");
  const auto score = [&](const char* quality) {
    const auto result = Classify({"--json", "--quality", quality, Checkpoint(), video});
    EXPECT_EQ(result.exit_status, 0) << result.err;
    return json::parse(result.out)["videos"][0]["top"][0]["score"].get<double>();
  };
  EXPECT_EQ(score("90"), score("90"));
  EXPECT_GT(std::abs(score("90") - score("87")), 2e-5);
}

// Videos are prepared here like the network's training videos, with the same options of
// prep-videos.
TEST_F(ClassifyTool, PreparesAsPrepVideosWasAsked) {
  const std::string video = At("videos/rising/rising_000.mp4");
  const auto classify = [&](const Words& more) {
    Words words = {"--json", "--overwrite", "--annotate", At("prepared.mp4")};
    words.insert(words.end(), more.begin(), more.end());
    words.insert(words.end(), {Checkpoint(), video});
    const auto result = Classify(words);
    EXPECT_EQ(result.exit_status, 0) << result.err;
    return json::parse(result.out)["videos"][0];
  };
  const json plain = classify({});
  const json paced = classify({"--fps", "10", "--short-side", "24"});
  EXPECT_EQ(paced["fps"], 10);
  EXPECT_NEAR(paced["num_frames"].get<double>(),
              plain["num_frames"].get<double>() / plain["fps"].get<double>() * 10, 1);
  const VideoDecoder copy(At("prepared.mp4"));
  EXPECT_EQ(std::min(copy.info().width, copy.info().height), 24);
  EXPECT_EQ(Classify({"--fps", "fast", Checkpoint(), video}).exit_status, 2);
}

TEST_F(ClassifyTool, ComputesInBfloat16) {
  const std::string video = At("videos/rising/rising_000.mp4");
  const auto scores = [&](const char* precision) {
    const auto result =
        Classify({"--json", "--top", "8", "--precision", precision, Checkpoint(), video});
    EXPECT_EQ(result.exit_status, 0) << result.err;
    EXPECT_EQ(result.err.find("bf16: ") != std::string::npos, precision == std::string("bf16"));
    std::map<std::string, double> by_class;
    const json said = json::parse(result.out);
    for (const json& one : said["videos"][0]["top"]) {
      by_class[one["class"].get<std::string>()] = one["score"].get<double>();
    }
    return by_class;
  };
  const auto exact = scores("float32");
  const auto rounded = scores("bf16");
  ASSERT_EQ(exact.size(), 8U);
  EXPECT_NE(exact, rounded);
  for (const auto& [name, score] : exact) {
    EXPECT_NEAR(rounded.at(name), score, 0.01) << name;
  }
  EXPECT_EQ(Classify({"--precision", "tf32", "--device", "cpu", Checkpoint(), video}).exit_status,
            2);
}

TEST_F(ClassifyTool, ABadVideoCostsItselfAlone) {
  const std::string good = At("videos/rising/rising_000.mp4");
  WriteFileAtomically(At("text.mp4"), "no video");
  const auto mixed = Classify({"--json", Checkpoint(), At("text.mp4"), good, At("absent.mp4")});
  EXPECT_EQ(mixed.exit_status, 3);
  const json said = json::parse(mixed.out);
  ASSERT_EQ(said["videos"].size(), 1U);
  EXPECT_EQ(said["videos"][0]["video"], good);
  ASSERT_EQ(said["failed"].size(), 2U);
  EXPECT_EQ(said["failed"][0]["video"], At("text.mp4"));
  const auto tolerated = Classify({"--max-failed-fraction", "0.5", "--windows", "--top", "2",
                                   Checkpoint(), At("text.mp4"), good});
  EXPECT_EQ(tolerated.exit_status, 0) << tolerated.err;
  EXPECT_THAT(tolerated.out, HasSubstr("rising_000.mp4: "));
  EXPECT_THAT(tolerated.out, HasSubstr("    0.00 - "));
  EXPECT_THAT(tolerated.err, HasSubstr("text.mp4"));
  EXPECT_EQ(Classify({Shards(), good}).exit_status, 3);
}

TEST_F(ClassifyTool, WritesAnAnnotatedCopy) {
  const std::string video = At("videos/rising/rising_000.mp4");
  const auto result = Classify({"--json", "--annotate", At("seen.mp4"), Checkpoint(), video});
  ASSERT_EQ(result.exit_status, 0) << result.err;
  const int num_frames = json::parse(result.out)["videos"][0]["num_frames"].get<int>();
  VideoDecoder source(video), copy(At("seen.mp4"));
  EXPECT_EQ(copy.info().height, 48);
  FrameScaler scaler({copy.info().width, 48});
  VideoFrame of_source, of_copy;
  for (int i = 0; i < num_frames; ++i) {
    ASSERT_TRUE(source.Next(&of_source));
    ASSERT_TRUE(copy.Next(&of_copy));
    EXPECT_NEAR(of_copy.time_s, of_source.time_s, 0.002) << i;
    // The rows of the caption are black, with something white on them.
    const YuvImage& seen = scaler.Scale(of_copy);
    EXPECT_LT(seen.row(0, 1)[seen.width() - 2], 24) << i;
    int brightest = 0;
    for (int x = 0; x < seen.width(); ++x) {
      brightest = std::max<int>(brightest, seen.row(0, 10)[x]);
    }
    EXPECT_GT(brightest, 200) << i;
  }
  EXPECT_FALSE(copy.Next(&of_copy));
  const auto again = Classify({"--annotate", At("seen.mp4"), Checkpoint(), video});
  EXPECT_EQ(again.exit_status, 2);
  EXPECT_THAT(again.err, HasSubstr("--overwrite"));
  EXPECT_EQ(Classify({"--annotate", At("x.avi"), Checkpoint(), video}).exit_status, 2);
  EXPECT_EQ(Classify({"--annotate", At("x.mp4"), Checkpoint(), video, video}).exit_status, 2);
  test::ExpectNoTemporaries(folder_->path());
}

}  // namespace
}  // namespace reel3d

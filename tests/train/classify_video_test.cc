// Runs classify-video like a user.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "lib/eval/averaging.h"
#include "lib/eval/score_file.h"
#include "lib/eval/windows.h"
#include "lib/video/video_decoder.h"
#include "tests/train/classify_tool.h"
#include "tests/train/train_tensors.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;
using test::ClassifyTool;
using test::Words;
using testing::HasSubstr;

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

// The network was trained at height 48.
TEST_F(ClassifyTool, WithoutAHeightVideosArePreparedLikeThoseOfTheTraining) {
  const std::string video = At("videos/rising/rising_000.mp4");
  const auto classify = [&](const Words& more) {
    Words words = {test::ToolPath("classify-video").string(), "--threads", "1", "--json"};
    words.insert(words.end(), more.begin(), more.end());
    words.push_back(Checkpoint());
    words.push_back(video);
    return test::RunCommand(words);
  };
  const auto known = classify({});
  ASSERT_EQ(known.exit_status, 0) << known.err;
  EXPECT_EQ(known.out, classify({"--height", "48"}).out);
  const auto refused = classify({"--height", "240", "--quality", "20"});
  EXPECT_EQ(refused.exit_status, 3);
  for (const char* part :
       {"height 240 (training: 48), quality 20 (training: 90)", "--allow height,quality"}) {
    EXPECT_NE(refused.err.find(part), std::string::npos) << refused.err;
  }
  const auto allowed = classify({"--height", "240", "--allow", "height"});
  ASSERT_EQ(allowed.exit_status, 0) << allowed.err;
  EXPECT_EQ(json::parse(allowed.out)["training_differences"][0]["what"], "height");
  EXPECT_EQ(classify({"--allow", "colour"}).exit_status, 2);
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
  const json paced = classify({"--fps", "10", "--short-side", "24", "--allow", "height,fps"});
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

// Returns the fields of a table by row, the header first.
std::vector<Words> TableAt(const std::string& file) {
  std::vector<Words> rows;
  std::istringstream lines(ReadFile(file));
  for (std::string line, field; std::getline(lines, line);) {
    std::istringstream fields(line);
    rows.emplace_back();
    while (std::getline(fields, field, '\t')) {
      rows.back().push_back(field);
    }
  }
  return rows;
}

// Averaging by logits shows that the table has probabilities, whatever rule combines the windows.
TEST_F(ClassifyTool, TimelineShowsEachWindow) {
  const std::string video = At("videos/rising/rising_000.mp4");
  const Words common = {"--json", "--window-stride", "3", "--top", "3", "--timeline", At("t.tsv")};
  const auto classify = [&](const Words& more) {
    Words words = common;
    words.insert(words.end(), more.begin(), more.end());
    words.insert(words.end(), {Checkpoint(), video});
    const auto result = Classify(words);
    EXPECT_EQ(result.exit_status, 0) << result.err;
    return json::parse(result.out)["videos"][0]["windows"];
  };
  const json windows = classify({});
  const std::vector<Words> top = TableAt(At("t.tsv"));
  ASSERT_EQ(top.size(), windows.size() + 1);
  EXPECT_EQ(top[0], (Words{"begin_s", "end_s", "class", "probability", "class_2", "probability_2",
                           "class_3", "probability_3"}));
  classify({"--overwrite", "--timeline-scores", "all", "--average", "logits"});
  const std::vector<Words> all = TableAt(At("t.tsv"));
  ASSERT_EQ(all.size(), top.size());
  ASSERT_EQ(all[0].size(), 4U + 8U);
  for (size_t row = 1; row < top.size(); ++row) {
    const json& window = windows[row - 1];
    EXPECT_NEAR(std::stod(top[row][0]), window["begin_s"].get<double>(), 0.0005);
    EXPECT_NEAR(std::stod(top[row][1]), window["end_s"].get<double>(), 0.0005);
    for (size_t place = 0; place < 3; ++place) {
      const json& one = window["top"][place];
      EXPECT_EQ(top[row][2 + 2 * place], one["class"]);
      EXPECT_NEAR(std::stod(top[row][3 + 2 * place]), one["score"].get<double>(), 1e-6);
      const auto column =
          std::find(all[0].begin(), all[0].end(), "probability_" + one["class"].get<std::string>());
      ASSERT_NE(column, all[0].end());
      EXPECT_EQ(all[row].at(column - all[0].begin()), top[row][3 + 2 * place]);
    }
    EXPECT_TRUE(std::equal(top[row].begin(), top[row].begin() + 4, all[row].begin()));
    double sum = 0;
    for (size_t column = 4; column < all[row].size(); ++column) {
      sum += std::stod(all[row][column]);
    }
    EXPECT_NEAR(sum, 1, 1e-5);
  }
}

TEST_F(ClassifyTool, SegmentsAreRunsOfOneClass) {
  test::WriteSample(At("long.mkv"), test::Lossless(64, 48), 80, test::NumberedFrames(64, 48));
  const auto result = Classify({"--timeline", At("of_segments.tsv"), "--segments", At("s.tsv"),
                                "--segment-probability", "0", Checkpoint(), At("long.mkv")});
  ASSERT_EQ(result.exit_status, 0) << result.err;
  const std::vector<Words> windows = TableAt(At("of_segments.tsv"));
  const std::vector<Words> segments = TableAt(At("s.tsv"));
  ASSERT_EQ(windows.size(), 1U + 5U);
  EXPECT_EQ(segments[0], (Words{"begin_s", "end_s", "class", "num_windows", "mean_probability",
                                "highest_probability"}));
  size_t row = 1;
  for (size_t segment = 1; segment < segments.size(); ++segment) {
    const size_t first = row;
    while (row < windows.size() && windows[row][2] == windows[first][2]) {
      ++row;
    }
    ASSERT_GT(row, first);
    EXPECT_EQ(segments[segment][0], windows[first][0]);
    EXPECT_EQ(segments[segment][1], windows[row - 1][1]);
    EXPECT_EQ(segments[segment][2], windows[first][2]);
    EXPECT_EQ(segments[segment][3], std::to_string(row - first));
  }
  EXPECT_EQ(row, windows.size());
  EXPECT_THAT(result.out, HasSubstr(std::to_string(segments.size() - 1) + " segment"));
  EXPECT_THAT(result.out, HasSubstr("    0.00 - "));
  const auto strict =
      Classify({"--json", "--segment-probability", "0.999", Checkpoint(), At("long.mkv")});
  const json video = json::parse(strict.out)["videos"][0];
  int num_sure = 0, num_in_segments = 0;
  for (const json& window : video["windows"]) {
    num_sure += window["top"][0]["score"].get<double>() >= 0.999 ? 1 : 0;
  }
  for (const json& segment : video["segments"]) {
    num_in_segments += segment["num_windows"].get<int>();
  }
  EXPECT_EQ(num_in_segments, num_sure);
  EXPECT_LT(num_sure, 5);
}

// A video may show its frames for unequal times. Frames 0 .. 15 last 0.5 s each, the others 0.1 s.
TEST_F(ClassifyTool, TimesAreThoseOfTheFrames) {
  VideoEncoderOptions sample = test::Lossless(64, 48);
  sample.fps_num = 10;
  sample.variable_rate = true;
  VideoEncoder encoder(At("uneven.mkv"), sample);
  for (int frame = 0; frame < 24; ++frame) {
    std::vector<uint8_t> pixels(encoder.frame_size_bytes());
    test::NumberedFrames(64, 48)(frame, &pixels);
    encoder.Write(pixels, frame < 16 ? 0.5 * frame : 8 + 0.1 * (frame - 16));
  }
  encoder.Finish();
  const auto result = Classify({"--json", Checkpoint(), At("uneven.mkv")});
  ASSERT_EQ(result.exit_status, 0) << result.err;
  const json video = json::parse(result.out)["videos"][0];
  ASSERT_EQ(video["windows"].size(), 2U);
  EXPECT_EQ(video["windows"][0]["begin_s"], 0);
  EXPECT_NEAR(video["windows"][0]["end_s"].get<double>(), 8, 1e-9);
  EXPECT_NEAR(video["windows"][1]["begin_s"].get<double>(), 8, 1e-9);
  // No frame follows the last one, so it lasts as long as the file's average frame.
  EXPECT_NEAR(video["windows"][1]["end_s"].get<double>(), 8.7 + 1 / video["fps"].get<double>(),
              1e-9);
}

TEST_F(ClassifyTool, OutputsAreCheckedBeforeTheWork) {
  const std::string video = At("videos/rising/rising_000.mp4");
  const auto fault = [&](Words words) {
    words.insert(words.end(), {At("no checkpoint"), video});
    const auto result = Classify(words);
    EXPECT_EQ(result.exit_status, 2) << result.err;
    return result.err;
  };
  WriteFileAtomically(At("old.tsv"), "mine");
  fs::copy_file(video, At("own.mp4"), fs::copy_options::overwrite_existing);
  EXPECT_THAT(fault({"--timeline", At("old.tsv")}), HasSubstr("--overwrite"));
  EXPECT_THAT(fault({"--segments", At("old.tsv")}), HasSubstr("--overwrite"));
  EXPECT_THAT(fault({"--timeline", At("x.csv")}), HasSubstr("ends in .tsv"));
  EXPECT_THAT(fault({"--segments", At("none/x.tsv")}), HasSubstr("no folder"));
  EXPECT_THAT(fault({"--timeline", At("x.tsv"), "--segments", At("./x.tsv")}),
              HasSubstr("name two"));
  EXPECT_THAT(fault({"--timeline", "x.tsv", "--segments", "./x.tsv"}), HasSubstr("name two"));
  EXPECT_THAT(fault({"--explain", At("x.mp4"), "--annotate", At("x.mp4")}),
              HasSubstr("--annotate and --explain name the same file"));
  EXPECT_THAT(fault({"--explain", At("x.avi")}), HasSubstr("ends in .mp4"));
  EXPECT_THAT(fault({"--explain-class", "rising"}), HasSubstr("with --explain"));
  EXPECT_THAT(fault({"--explain-finer", "2"}), HasSubstr("--explain-finer: name the video"));
  const auto own =
      Classify({"--overwrite", "--annotate", At("own.mp4"), At("no checkpoint"), At("own.mp4")});
  EXPECT_EQ(own.exit_status, 2);
  EXPECT_THAT(own.err, HasSubstr("would replace the VIDEO"));
  EXPECT_EQ(ReadFile(At("old.tsv")), "mine");
  fs::create_directory(At("folder.tsv"));
  const auto folder =
      Classify({"--overwrite", "--timeline", At("folder.tsv"), At("no checkpoint"), At("own.mp4")});
  EXPECT_EQ(folder.exit_status, 2);
  EXPECT_THAT(folder.err, HasSubstr("is a folder"));
  const auto alone = Classify({"--segments", At("alone.tsv"), Checkpoint(), video});
  EXPECT_EQ(alone.exit_status, 0) << alone.err;
  const auto replaced = Classify({"--overwrite", "--timeline", At("old.tsv"), Checkpoint(), video});
  EXPECT_EQ(replaced.exit_status, 0) << replaced.err;
  EXPECT_THAT(ReadFile(At("old.tsv")), HasSubstr("begin_s"));
}

// Scores that are not finite have no order, so they are no answer.
TEST_F(ClassifyTool, RefusesScoresThatAreNotFinite) {
  NamedTensors weights;
  for (const auto& [name, tensor] : Tensors("run", "model.safetensors")) {
    const bool is_last = name.rfind("fc.", 0) == 0;
    weights.emplace_back(name, is_last ? at::full_like(tensor, NAN) : tensor);
  }
  SaveTensors(At("diverged.safetensors"), weights);
  WriteFileAtomically(At("clips.ini"), "sample-size = 32\n");
  const auto result = Classify({"--preprocessing", At("clips.ini"), "--classes",
                                Shards() + "/classes.txt", "--timeline", At("diverged.tsv"),
                                At("diverged.safetensors"), At("videos/rising/rising_000.mp4")});
  EXPECT_EQ(result.exit_status, 3) << result.out;
  EXPECT_THAT(result.err, HasSubstr("a logit of nan from 0.000 s to "));
  EXPECT_FALSE(fs::exists(At("diverged.tsv")));
}

}  // namespace
}  // namespace reel3d

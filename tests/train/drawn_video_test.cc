// Runs classify-video like a user, and looks at the videos that it draws on.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "lib/base/file.h"
#include "lib/video/frame_scaler.h"
#include "lib/video/video_decoder.h"
#include "tests/train/classify_tool.h"
#include "tests/train/train_tensors.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using nlohmann::json;
using test::ClassifyTool;
using test::Words;
using testing::HasSubstr;

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

// Returns the pictures of a video in rows of luma, frame after frame.
std::vector<std::vector<std::string>> PicturesOf(const std::string& file) {
  VideoDecoder decoder(file);
  FrameScaler scaler({decoder.info().width, decoder.info().height});
  std::vector<std::vector<std::string>> pictures;
  for (VideoFrame frame; decoder.Next(&frame);) {
    const YuvImage& picture = scaler.Scale(frame);
    std::vector<std::string>& rows = pictures.emplace_back();
    for (int y = 0; y < picture.height(); ++y) {
      rows.emplace_back(reinterpret_cast<const char*>(picture.row(0, y)), picture.width());
    }
  }
  return pictures;
}

// Class names in any script are drawn, with the fonts that the computer has.
TEST_F(ClassifyTool, AnnotatesInAnyScript) {
  const auto tensors = Tensors("run", "model.safetensors");
  SaveTensors(At("named.safetensors"), NamedTensors(tensors.begin(), tensors.end()));
  WriteFileAtomically(At("clips.ini"), "sample-size = 32\n");
  const auto annotate = [&](const std::string& name, const std::string& fonts) {
    std::string classes;
    for (int i = 0; i < 8; ++i) {
      classes += name + std::to_string(i) + '\n';
    }
    WriteFileAtomically(At("names.txt"), classes);
    WriteFileAtomically(At("fonts.conf"), "<?xml version=\"1.0\"?><fontconfig><cachedir>" +
                                              At("fonts") + "</cachedir>" + fonts +
                                              "</fontconfig>");
    const auto result = Classify(
        {"--overwrite", "--annotate", At("named.mp4"), "--preprocessing", At("clips.ini"),
         "--classes", At("names.txt"), At("named.safetensors"), At("videos/rising/rising_000.mp4")},
        {"FONTCONFIG_FILE=" + At("fonts.conf")});
    EXPECT_EQ(result.exit_status, 0) << result.err;
    return std::pair(PicturesOf(At("named.mp4")), result.err);
  };
  const auto mentions = [](const std::string& text, const std::string& word) {
    int count = 0;
    for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
      ++count;
    }
    return count;
  };
  // Without fonts, a letter that is not ASCII becomes '?', and a warning says why, once.
  const auto [plain, plain_words] = annotate("прыг", "");
  EXPECT_EQ(annotate("????", "").first, plain);
  EXPECT_EQ(mentions(plain_words, "this computer has no font"), 1) << plain_words;
  const std::string dejavu = "/usr/share/fonts/truetype/dejavu";
  if (!fs::exists(dejavu)) {
    GTEST_SKIP() << "Debian's fonts-dejavu-core is not installed";
  }
  const auto [cyrillic, cyrillic_words] = annotate("прыг", "<dir>" + dejavu + "</dir>");
  EXPECT_EQ(mentions(cyrillic_words, "font"), 0) << cyrillic_words;
  EXPECT_NE(cyrillic, annotate("????", "<dir>" + dejavu + "</dir>").first);
  const auto [chinese, chinese_words] = annotate("跳水", "<dir>" + dejavu + "</dir>");
  EXPECT_EQ(mentions(chinese_words, "fonts-noto-cjk"), 1) << chinese_words;
}

// The copy of --explain has heat over the square that the network sees, and a bar under it.
TEST_F(ClassifyTool, ShowsWhereItLooks) {
  const std::string video = At("videos/rising/rising_000.mp4");
  const auto explain = [&](const Words& more) {
    Words words = {"--json", "--overwrite", "--window-stride", "4", "--explain", At("where.mp4")};
    words.insert(words.end(), more.begin(), more.end());
    words.insert(words.end(), {Checkpoint(), video});
    const auto result = Classify(words);
    EXPECT_EQ(result.exit_status, 0) << result.err;
    return json::parse(result.out)["videos"][0];
  };
  const json said = explain({});
  EXPECT_EQ(said["explained"]["class"], said["top"][0]["class"]);
  EXPECT_EQ(said["explained"]["method"], "exact");
  const auto over_time = said["explained"]["heat_over_time"].get<std::vector<double>>();
  ASSERT_EQ(over_time.size(), said["num_frames"].get<size_t>());
  EXPECT_EQ(*std::max_element(over_time.begin(), over_time.end()), 1);
  const auto pictures = PicturesOf(At("where.mp4"));
  ASSERT_EQ(pictures.size(), over_time.size());
  for (size_t frame = 0; frame < pictures.size(); ++frame) {
    ASSERT_EQ(pictures[frame].size(), 48U + 8U);
    // A white line in the bar marks the frame.
    const std::string& row = pictures[frame][50];
    const auto brightest = std::max_element(row.begin(), row.end(), [](char a, char b) {
      return static_cast<uint8_t>(a) < static_cast<uint8_t>(b);
    });
    EXPECT_NEAR(static_cast<double>(brightest - row.begin()),
                (static_cast<double>(frame) + 0.5) * static_cast<double>(row.size()) /
                    static_cast<double>(pictures.size()),
                3);
  }
  const json other = explain({"--explain-class", said["top"][1]["class"].get<std::string>()});
  EXPECT_EQ(other["explained"]["class"], said["top"][1]["class"]);
  EXPECT_NE(PicturesOf(At("where.mp4")), pictures);
  EXPECT_EQ(other["top"], said["top"]);
  test::ExpectNoTemporaries(folder_->path());
  const auto unknown =
      Classify({"--explain", At("new.mp4"), "--explain-class", "risin", Checkpoint(), video});
  EXPECT_EQ(unknown.exit_status, 2);
  EXPECT_THAT(unknown.err, HasSubstr("the nearest is 'rising'"));
  EXPECT_FALSE(fs::exists(At("new.mp4")));
}

// A keyboard may write é as an e and an accent, where the list has one character.
TEST_F(ClassifyTool, TakesTheClassToExplainInAnyUnicodeForm) {
  const auto tensors = Tensors("run", "model.safetensors");
  SaveTensors(At("named.safetensors"), NamedTensors(tensors.begin(), tensors.end()));
  WriteFileAtomically(At("clips.ini"), "sample-size = 32\n");
  std::string classes;
  for (int i = 0; i < 8; ++i) {
    classes += "caf\u00e9" + std::to_string(i) + '\n';
  }
  WriteFileAtomically(At("names.txt"), classes);
  const auto result =
      Classify({"--json", "--overwrite", "--explain", At("cafe.mp4"), "--explain-class",
                "cafe\u03013", "--preprocessing", At("clips.ini"), "--classes", At("names.txt"),
                At("named.safetensors"), At("videos/rising/rising_000.mp4")});
  ASSERT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(json::parse(result.out)["videos"][0]["explained"]["class"], "caf\u00e93");
}

}  // namespace
}  // namespace reel3d

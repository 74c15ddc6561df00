// Tests which frames prep-videos --fps stores. Each picture shows its frame number.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "lib/data/manifest.h"
#include "lib/video/prepared_video.h"
#include "pipeline/stages/prep_videos.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;

constexpr int kWidth = 64;
constexpr int kHeight = 48;

PrepVideosOptions Options(const fs::path& manifest, const fs::path& out_dir,
                          const std::string& fps) {
  PrepVideosOptions options;
  options.manifest = manifest.string();
  options.out_dir = out_dir.string();
  options.preparation.height = 32;
  options.threads = 1;
  options.preparation.fps = fps;
  options.worker_program = test::ToolPath("prep-videos").string();
  options.Check();
  return options;
}

// Returns the numbers of the stored frames of a numbered video, read from their luma.
std::vector<int> StoredNumbers(const fs::path& file) {
  VideoDecoder decoder(file);
  VideoFrame frame;
  std::vector<int> numbers;
  while (decoder.Next(&frame)) {
    numbers.push_back(test::FrameNumber(frame));
  }
  return numbers;
}

TEST(FrameRateTest, VaryingRatesBecomeEven) {
  const TemporaryFolder folder;
  VideoEncoderOptions sample = test::Lossless(kWidth, kHeight);
  sample.fps_num = 10;
  sample.variable_rate = true;
  VideoEncoder encoder(folder / "a.mkv", sample);
  // Frame 1 is shown for 0.3 s. From frame 3 on, the rate is twice as high.
  const std::vector<double> times_s = {0, 0.1, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7};
  for (size_t i = 0; i < times_s.size(); ++i) {
    std::vector<uint8_t> pixels(encoder.frame_size_bytes());
    test::NumberedFrames(kWidth, kHeight)(static_cast<int>(i), &pixels);
    encoder.Write(pixels, times_s[i]);
  }
  encoder.Finish();
  Manifest manifest;
  manifest.videos.resize(1);
  manifest.videos[0].id = "a";
  manifest.videos[0].path = "a.mkv";
  WriteManifest(folder / "videos.tsv", manifest);
  struct Case {
    const char* fps;
    std::vector<int> numbers;
  };
  for (const Case& it : {Case{"source", {0, 1, 2, 3, 4, 5, 6, 7}},
                         Case{"10", {0, 1, 1, 2, 2, 3, 5, 7}}, Case{"5", {0, 1, 2, 5}}}) {
    SCOPED_TRACE(it.fps);
    RunPrepVideos(Options(folder / "videos.tsv", folder / it.fps, it.fps));
    EXPECT_EQ(StoredNumbers(folder / it.fps / "a.mkv"), it.numbers);
    if (it.fps != std::string("source")) {
      const PreparedVideoReader reader(folder / it.fps / "a.mkv");
      EXPECT_EQ(reader.info().fps_num, std::stoi(it.fps));
    }
  }
  EXPECT_THROW(Options(folder / "videos.tsv", folder / "wrong", "fast"), Error);
}

}  // namespace
}  // namespace reel3d

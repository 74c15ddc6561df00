// Strips of the page show the frames that the network saw, and say why frames are not there.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <regex>

#include "lib/loader/batch_loader.h"
#include "lib/report/draw/picture_strip.h"
#include "lib/report/read/run_reader.h"
#include "tests/report/hostile_names.h"
#include "tests/report/strip_pages.h"

namespace reel3d {
namespace {

using test::FromBase64;
using test::Json;
using test::kSize;
using test::Pixels;
using test::ShownPicture;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(PictureStrip, HasBytesAsBase64) {
  EXPECT_EQ(report::Base64(""), "");  // RFC 4648, section 10
  EXPECT_EQ(report::Base64("f"), "Zg==");
  EXPECT_EQ(report::Base64("fo"), "Zm8=");
  EXPECT_EQ(report::Base64("foo"), "Zm9v");
  EXPECT_EQ(report::Base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(FromBase64(report::Base64("\xFF\x00\x80z")), "\xFF\x00\x80z");
}

// Mean squared difference of colours as PSNR in dB.
double Psnr(const Pixels& a, const Pixels& b) {
  EXPECT_EQ(a.size(), b.size());
  double sum = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const int difference = i % 4 == 3 ? 0 : a[i] - b[i];
    sum += difference * difference;
  }
  return 10 * std::log10(255 * 255 / std::max(1e-9, sum / (0.75 * static_cast<double>(a.size()))));
}

class Strips : public test::StripPages {
 protected:
  // Returns frames of a video as the loader gives them to a network.
  std::vector<Pixels> LoadedFrames(size_t video, const std::vector<int>& frames, int crop = 0,
                                   const CropChoice& crops = {}) const {
    const ShardSet shards(run_ / "shards");
    ClipRequest request;
    request.video = video;
    request.clip = {frames, static_cast<int>(frames.size())};
    request.crop = crop;
    BatchRequests requests = BatchesOf({request}, 1);
    requests.crop = [&](const ClipRequest& clip, FrameSize frame, Rng& /*rng*/) {
      return ScoringCrops(frame, kSize, crops).at(static_cast<size_t>(clip.crop));
    };
    BatchLoaderOptions options;
    options.clip_length = static_cast<int>(frames.size());
    options.size = kSize;
    options.threads = 1;
    Batch batch;
    EXPECT_TRUE(BatchLoader(requests, FramesOf(shards), options).Next(&batch));
    const size_t area = size_t{kSize} * kSize;
    std::vector<Pixels> loaded(frames.size(), Pixels(4 * area));
    for (size_t frame = 0; frame < frames.size(); ++frame) {
      for (size_t i = 0; i < 3 * area; ++i) {
        loaded[frame][i % area * 4 + i / area] =
            batch.pixels.data()[(i / area * frames.size() + frame) * area + i % area];
      }
    }
    return loaded;
  }
};

// Six of the frames 2 .. 17, spread evenly. Each picture is nearer to its frame than to any other.
TEST_F(Strips, ShowTheFramesThatTheNetworkSaw) {
  const std::vector<ShownPicture> pictures = PicturesOf(Page());
  ASSERT_EQ(pictures.size(), 6U);
  const std::vector<Pixels> loaded = LoadedFrames(0, {2, 5, 8, 11, 14, 17});
  for (size_t picture = 0; picture < 6; ++picture) {
    for (size_t frame = 0; frame < 6; ++frame) {
      const double psnr = Psnr(pictures[picture].pixels, loaded[frame]);
      if (picture == frame) {
        EXPECT_GT(psnr, 32);
      } else {
        EXPECT_LT(psnr, 28);
      }
    }
  }
  EXPECT_EQ(pictures[1].alt, "0.50 s of a: wave, taken for jump with 87.5 %");
  EXPECT_EQ(numbers_["sections"]["mistaken"]["strips"]["rows"],
            (Json{{"a", "wave", "jump", 0.875, 2, 6}}));
}

TEST_F(Strips, ShowTheCropAndTheStrideOfTheClip) {
  Write("scores/report.json", test::ScoredReport(run_ / "shards", "3", 2).dump());
  WriteAnswers("b\twave\tjump\t0.9\t1\t1\t4\t3\t2\t0.5\n");
  const std::vector<ShownPicture> pictures = PicturesOf(Page());
  ASSERT_EQ(pictures.size(), 3U);
  const std::vector<Pixels> right = LoadedFrames(1, {4, 6, 8}, 2, {ScoringCrop::kThree, kSize});
  const std::vector<Pixels> left = LoadedFrames(1, {4, 6, 8}, 1, {ScoringCrop::kThree, kSize});
  for (size_t picture = 0; picture < 3; ++picture) {
    EXPECT_GT(Psnr(pictures[picture].pixels, right[picture]), 32);
    EXPECT_LT(Psnr(pictures[picture].pixels, left[picture]), 25);
  }
}

TEST_F(Strips, TakeMistakesAndSuspectLabelsInTurn) {
  WriteAnswers(
      "a\twave\tjump\t0.9\t1\t1\t0\t16\t0\t0.5\nb\twave\tjump\t0.8\t1\t1\t0\t16\t0\t0.5\n"
      "c\twave\tjump\t0.7\t1\t1\t0\t16\t0\t0.5\n");
  Write("evaluation/suspect_labels.tsv",
        "id\tlabel\tanswer\tmargin\nc\twave\tjump\t0.6\na\twave\tjump\t0.5\nz\twave\tjump\t0.4\n");
  const std::string page = Page();
  const Json rows = numbers_["sections"]["mistaken"]["strips"]["rows"];
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0][0], "a");
  EXPECT_EQ(rows[1][0], "c");
  EXPECT_EQ(rows[2][0], "b");
  EXPECT_THAT(page, HasSubstr("(mistake 1, suspect label 2)"));
  EXPECT_THAT(page, HasSubstr("(mistake 3, suspect label 1)"));
  EXPECT_EQ(numbers_["sections"]["mistaken"]["suspects"]["rows"].size(), 3U);
  options_.strips.most = 1;
  EXPECT_EQ(PicturesOf(Page()).size(), 6U);
  options_.strips.most = 0;
  EXPECT_EQ(PicturesOf(Page()).size(), 0U);
}

TEST_F(Strips, SayWhyThereAreNoFrames) {
  const auto expect = [&](const std::string& why) {
    const std::string page = Page();
    EXPECT_EQ(PicturesOf(page).size(), 0U) << why;
    EXPECT_THAT(page, HasSubstr(why));
    EXPECT_THAT(page, HasSubstr("id=\"mistakes\"")) << "the rest of the page is there";
  };
  Json report = test::ScoredReport(run_ / "shards");
  report["inputs"][1]["identity"] = "00000000";
  Write("scores/report.json", report.dump());
  expect("is not the data that was scored: its fingerprint is");
  report["clip"]["crops"] = "whole";
  Write("scores/report.json", report.dump());
  expect("only squares are shown here");
  report.erase("clip");
  Write("scores/report.json", report.dump());
  expect("does not say which shards were scored and how clips were made");
  for (const int size : {0, -5, 100'000}) {
    report = test::ScoredReport(run_ / "shards");
    report["clip"]["size"] = size;
    Write("scores/report.json", report.dump());
    expect("does not say which shards were scored and how clips were made");
  }
  report = test::ScoredReport(run_ / "shards");
  report["clip"]["from_videos"] = true;
  Write("scores/report.json", report.dump());
  expect("scored video files, and frames are only taken from shards");
  std::filesystem::remove(run_ / "scores/report.json");
  expect("scores/report.json, which names the shards, is missing");
}

TEST_F(Strips, FindShardsThatWereMoved) {
  std::filesystem::rename(run_ / "shards", folder_ / "elsewhere");
  EXPECT_THAT(Page(), HasSubstr("frames of 1 more wrongly answered video are not shown"));
  options_.strips.shards = folder_ / "elsewhere";
  EXPECT_EQ(PicturesOf(Page()).size(), 6U);
  options_.strips.shards = "";
  Json report = test::ScoredReport(folder_ / "elsewhere");
  Write("scores/report.json", report.dump());
  EXPECT_EQ(PicturesOf(Page()).size(), 6U) << "the place at the time of scoring";
  test::WriteShownShards(run_ / "shards", {"other", "videos"}, 20);
  EXPECT_EQ(PicturesOf(Page()).size(), 6U) << "the run's own shards are other data";
}

// A link to itself cannot be opened, which counts as a fault of the machine (ReadError).
TEST_F(Strips, SayThatTheMachineCannotReadThem) {
  std::filesystem::remove(run_ / "shards/index.tsv");
  std::filesystem::create_symlink("index.tsv", run_ / "shards/index.tsv");
  const std::string page = Page();
  EXPECT_EQ(PicturesOf(page).size(), 0U);
  EXPECT_THAT(page, HasSubstr("Too many levels of symbolic links"));
  EXPECT_THAT(page, HasSubstr("id=\"mistakes\""));
}

TEST_F(Strips, DoNotShowVideosThatTheyCannotShow) {
  WriteAnswers(
      "nowhere\twave\tjump\t0.9\t1\t1\t0\t16\t0\t0.5\nb\twave\tjump\t0.8\t1\t1\t9\t16\t0\t0.5\n"
      "c\twave\tjump\t0.7\t1\t1\t0\t16\t5\t0.5\na\twave\tjump\t0.6\t1\t1\t0\t16\t0\t0.5\n");
  const std::string page = Page();
  EXPECT_EQ(PicturesOf(page).size(), 6U);
  EXPECT_THAT(page, HasSubstr("nowhere has no strip of frames: the shards do not hold this video"));
  EXPECT_THAT(page,
              HasSubstr("b has no strip of frames: evaluation/predictions.tsv names frame 24"));
  EXPECT_THAT(page, HasSubstr("names frame 15 and crop 5, but there are 20 frames and 1 crop:"));
}

TEST_F(Strips, NameADamagedFrame) {
  std::string shard = ReadFile(run_ / "shards/00000.h5");
  const std::vector<uint8_t> jpeg = test::ShownJpeg(0, 5);
  const size_t at = shard.find(std::string(jpeg.begin(), jpeg.end()));
  ASSERT_NE(at, std::string::npos);
  shard[at + jpeg.size() / 2] ^= 1;
  WriteFileAtomically(run_ / "shards/00000.h5", shard);
  const std::string page = Page();
  EXPECT_EQ(PicturesOf(page).size(), 0U);
  EXPECT_THAT(page, HasSubstr("a has no strip of frames"));
  EXPECT_THAT(page, HasSubstr("does not match its checksum"));
}

TEST_F(Strips, OfOlderEvaluationsAreAbsent) {
  Write("evaluation/predictions.tsv", "id\tlabel\tpredicted\tscore\na\twave\tjump\t0.9\n");
  const std::string page = Page();
  EXPECT_EQ(PicturesOf(page).size(), 0U);
  EXPECT_THAT(page, HasSubstr("evaluate-scores writes which clips to show"));
}

TEST_F(Strips, ShortenNamesBesideEachPicture) {
  WriteAnswers("a\twave\t" + std::string(200, 'x') + "\t0.9\t1\t1\t0\t16\t0\t0.5\n");
  for (const ShownPicture& picture : PicturesOf(Page())) {
    EXPECT_THAT(picture.alt, HasSubstr("taken for xxx"));
    EXPECT_LT(picture.alt.size(), 120U);
  }
}

TEST_F(Strips, EscapeNames) {
  for (const char* name : test::kHostileNames) {
    WriteAnswers("a\t" + std::string(name) + "\t" + std::string(200, 'x') +
                 "\t0.9\t1\t1\t0\t16\t0\t0.5\n");
    const std::string page = Page();
    EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
    const std::regex whole("<img src=\"[^\"]*\" alt=\"[^\"<>]*\">");
    EXPECT_EQ(std::distance(std::sregex_iterator(page.begin(), page.end(), whole), {}), 6) << name;
  }
}

TEST_F(Strips, StayBelowTheBytesThatTheyMayHave) {
  WriteAnswers(
      "a\twave\tjump\t0.9\t1\t1\t0\t16\t0\t0.5\nb\twave\tjump\t0.8\t1\t1\t0\t16\t0\t0.5\n"
      "c\twave\tjump\t0.7\t1\t1\t0\t16\t0\t0.5\n");
  report::RunRecord whole = report::ReadRun(run_);
  AddStrips({}, 1'000'000, &whole);
  ASSERT_EQ(whole.strips.size(), 3U);
  EXPECT_EQ(whole.strips_note, "");
  size_t of_two = size_t{2 * 6 * 2} * 400;  // text of pictures
  for (const size_t strip : {0, 1}) {
    for (const report::StripPicture& picture : whole.strips[strip].pictures) {
      of_two += report::Base64(picture.jpeg).size();
    }
  }
  report::RunRecord cut = report::ReadRun(run_);
  AddStrips({}, static_cast<int64_t>(of_two), &cut);
  EXPECT_EQ(cut.strips.size(), 2U);
  EXPECT_THAT(cut.strips_note, HasSubstr("frames of 1 more wrongly answered video are not shown"));
  report::RunRecord smaller = report::ReadRun(run_);
  AddStrips({}, static_cast<int64_t>(of_two) - 1, &smaller);
  EXPECT_EQ(smaller.strips.size(), 1U);
}

}  // namespace
}  // namespace reel3d

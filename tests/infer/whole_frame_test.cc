// Compares networks on complete frames with PyTorch (tests/golden/make_whole_frame_golden.py).
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/base/file.h"
#include "lib/infer/clip_runner.h"
#include "lib/infer/clip_tensors.h"
#include "tests/model/golden_options.h"
#include "tests/model/noise.h"
#include "tests/test_support.h"

namespace reel3d::test {
namespace {

using Json = nlohmann::json;

std::vector<uint8_t> FromHex(const std::string& hex) {
  std::vector<uint8_t> bytes;
  for (size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

// The videos of the golden file: a few JPEGs each, all of one shape.
class WholeFrames : public testing::Test {
 protected:
  WholeFrames()
      : golden_(Json::parse(ReadFile(SourceFolder() / "tests/golden/whole_frame_golden.json"))) {
    for (const Json& video : golden_["videos"]) {
      videos_.emplace_back();
      for (const Json& frame : video) {
        videos_.back().push_back(FromHex(frame));
      }
    }
  }

  ClipRecipe Recipe() const {
    ClipRecipe recipe;
    recipe.shape = {golden_["length"], 1};
    recipe.size = golden_["size"];
    recipe.input.mean = golden_["mean"].get<std::vector<double>>();
    recipe.input.std = golden_["std"].get<std::vector<double>>();
    return recipe;
  }

  FrameSize Shape(size_t video) const {
    return {golden_["shapes"][video][0], golden_["shapes"][video][1]};
  }

  ClipRequest Request(size_t video) const {
    ClipRequest request;
    request.video = video;
    request.clip.num_distinct = static_cast<int>(videos_[video].size());
    for (int t = 0; t < golden_["length"].get<int>(); ++t) {
      request.clip.frames.push_back(t % request.clip.num_distinct);
    }
    request.whole_frame = Shape(video);
    return request;
  }

  FrameSource Source() const {
    FrameSource source;
    source.read = [this](size_t video, const std::vector<int>& indices, FrameBytes* bytes) {
      bytes->Clear();
      for (const int index : indices) {
        const std::vector<uint8_t>& jpeg = videos_[video][static_cast<size_t>(index)];
        std::copy(jpeg.begin(), jpeg.end(), bytes->Append({0, jpeg.size()}, {0}));
      }
    };
    source.name = [](size_t video) { return "video " + std::to_string(video); };
    return source;
  }

  Network NetworkOf(const Json& options) const {
    Network network = MakeNetwork(GoldenOptions(options, golden_["classes"]));
    FillWithNoise(*network);
    network->eval();
    return network;
  }

  ClipRunner Runner(const Json& options, int batch, ScoringCrop crops = ScoringCrop::kWhole) const {
    return {NetworkOf(options),
            Recipe(),
            {batch, 2, Decoding::kExact, BadClips::kReport, {crops, 0}},
            at::kCPU};
  }

  const Json golden_;
  std::vector<std::vector<std::vector<uint8_t>>> videos_;  // JPEGs
};

TEST_F(WholeFrames, LogitsAreThoseOfPyTorch) {
  for (const Json& item : golden_["cases"]) {
    std::vector<ClipRequest> clips;
    for (size_t video = 0; video < videos_.size(); ++video) {
      clips.push_back(Request(video));
    }
    std::vector<float> found;
    Runner(item["options"], 4).Run(clips, Source(), [&](const Batch& batch, const at::Tensor& out) {
      EXPECT_TRUE(batch.faults.empty());
      EXPECT_EQ(batch.size(), 1);  // no two videos have the same shape
      AppendRows(out, &found);
    });
    std::vector<double> expected;
    for (const Json& logits : item["logits"]) {
      for (const Json& logit : logits) {
        expected.push_back(logit);
      }
    }
    ASSERT_EQ(found.size(), expected.size());
    double largest = 0;
    for (const double logit : expected) {
      largest = std::max(largest, std::abs(logit));
    }
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_NEAR(found[i], expected[i], 1e-5 * largest) << item["options"] << ", value " << i;
    }
  }
}

TEST_F(WholeFrames, ASquareFrameIsTheCentreCrop) {
  for (size_t video = 0; video < videos_.size(); ++video) {
    const bool is_square = Shape(video).width == Shape(video).height;
    std::vector<float> logits[2];
    for (const ScoringCrop crops : {ScoringCrop::kWhole, ScoringCrop::kCenter}) {
      ClipRequest request = Request(video);
      request.whole_frame = crops == ScoringCrop::kWhole ? request.whole_frame : FrameSize{};
      Runner(golden_["cases"][0]["options"], 4, crops)
          .Run({request}, Source(), [&](const Batch& /*batch*/, const at::Tensor& out) {
            AppendRows(out, &logits[crops == ScoringCrop::kWhole ? 0 : 1]);
          });
    }
    EXPECT_EQ(logits[0] == logits[1], is_square) << video;
  }
}

TEST_F(WholeFrames, ClipsShareABatchAsLongAsTheyHaveOneShape) {
  std::vector<ClipRequest> clips;
  for (const size_t video : {0, 0, 0, 2, 2, 1}) {
    clips.push_back(Request(video));
  }
  std::vector<std::vector<int64_t>> sizes;
  constexpr int kBatch = 4;  // in squares, whose area is that of two of these frames
  Runner(golden_["cases"][0]["options"], kBatch)
      .RunWith(
          clips, Source(),
          [&](const Batch& /*batch*/, const at::Tensor& input) {
            sizes.push_back(input.sizes().vec());
            return at::zeros({input.size(0), 5});
          },
          [](const Batch& /*batch*/, const at::Tensor& /*outputs*/) {});
  const std::vector<std::vector<int64_t>> expected = {
      {2, 3, 8, 32, 48}, {1, 3, 8, 32, 48}, {2, 3, 8, 32, 56}, {1, 3, 8, 48, 32}};
  EXPECT_EQ(sizes, expected);
}

TEST_F(WholeFrames, AFrameOfAnotherSizeIsAFaultOfItsClip) {
  videos_[0][1] = videos_[1][1];
  ClipRequest begins_otherwise = Request(2);
  begins_otherwise.whole_frame = Shape(0);
  std::vector<std::string> reasons;
  Runner(golden_["cases"][0]["options"], 4)
      .Run({Request(0), begins_otherwise, Request(1)}, Source(),
           [&](const Batch& batch, const at::Tensor& /*out*/) {
             for (const ClipFault& fault : batch.faults) {
               reasons.push_back(fault.reason);
             }
           });
  ASSERT_EQ(reasons.size(), 2U);
  EXPECT_EQ(reasons[0], "video 0: frame 1: 40x60 pixels, but the clip began with 60x40");
  EXPECT_EQ(reasons[1], "video 2: frame 0: 71x40 pixels, but the video has 60x40");
}

}  // namespace
}  // namespace reel3d::test

// SPDX-License-Identifier: Apache-2.0
#include "lib/infer/clip_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <vector>

#include "lib/base/error.h"
#include "lib/data/frame_order.h"
#include "lib/infer/clip_tensors.h"
#include "lib/model/conv_unit.h"
#include "tests/loader/fake_videos.h"
#include "tests/model/small_network.h"

namespace reel3d::test {
namespace {

ClipRecipe SmallRecipe() {
  ClipRecipe recipe;
  recipe.shape = {kLength, 1};
  recipe.size = kSize;
  return recipe;
}

Network SmallR3d() { return MakeFilled(SmallNetwork("r3d", 0.125, ShortcutType::kB)); }

// Returns one clip of each video, and a second clip of the first video.
std::vector<ClipRequest> OneOfEach(size_t num_videos) {
  std::vector<ClipRequest> clips;
  for (size_t i = 0; i <= num_videos; ++i) {
    clips.push_back(RequestOf(0, static_cast<int64_t>(i), num_videos));
  }
  return clips;
}

// Returns the outputs for one clip, computed without ClipRunner.
std::vector<float> OutputsOf(Network network, const ClipRequest& clip, FakeVideos& videos) {
  const at::NoGradGuard no_grad;
  BatchRequests requests = BatchesOf({clip}, 1);
  requests.crop = [](const ClipRequest& /*clip*/, FrameSize frame, Rng& /*rng*/) {
    return CenterCrop(frame, kSize);
  };
  BatchLoader loader(std::move(requests), videos.Source(), Options(1, 1));
  Batch batch;
  EXPECT_TRUE(loader.Next(&batch));
  ClipInput input(SmallRecipe().input, at::kCPU);
  std::vector<float> outputs;
  AppendRows(network->forward(input.ToInput(AsTensors(batch, kLength).pixels)), &outputs);
  return outputs;
}

TEST(ClipRunnerTest, EachClipGetsItsOwnOutputsInOrder) {
  constexpr size_t kVideos = 4;
  FakeVideos videos(kVideos);
  Network network = SmallR3d();
  for (const int batch_size : {1, 2, 100}) {
    ClipRunner runner(network, SmallRecipe(), {batch_size, 2, Decoding::kFast, BadClips::kThrow},
                      at::kCPU);
    std::vector<float> all;
    std::vector<int64_t> sizes;
    runner.Run(OneOfEach(kVideos), videos.Source(), [&](const Batch& batch, const at::Tensor& out) {
      EXPECT_FALSE(out.requires_grad());
      sizes.push_back(batch.size());
      AppendRows(out, &all);
    });
    const std::vector<int64_t> wanted = batch_size == 1   ? std::vector<int64_t>{1, 1, 1, 1, 1}
                                        : batch_size == 2 ? std::vector<int64_t>{2, 2, 1}
                                                          : std::vector<int64_t>{5};
    EXPECT_EQ(sizes, wanted);
    ASSERT_EQ(all.size(), 5 * (kVideos + 1));
    const std::vector<ClipRequest> clips = OneOfEach(kVideos);
    for (size_t clip = 0; clip < clips.size(); ++clip) {
      const std::vector<float> alone = OutputsOf(network, clips[clip], videos);
      for (size_t i = 0; i < alone.size(); ++i) {
        EXPECT_NEAR(all[clip * 5 + i], alone[i], 1e-4 * std::abs(alone[i]) + 1e-5) << clip;
      }
    }
  }
}

// Returns the outputs for all clips of some videos. `computed` becomes the number of clips in the
// network's last batch.
std::vector<float> OutputsOfBatches(bool fill_batches, int64_t* computed) {
  constexpr size_t kVideos = 6;
  FakeVideos videos(kVideos);
  Network network = SmallR3d();
  ClipRunnerOptions options = {4, 1, Decoding::kFast, BadClips::kThrow};
  options.fill_batches = fill_batches;
  ClipRunner runner(network, SmallRecipe(), options, at::kCPU);
  std::vector<float> all;
  std::vector<int64_t> sizes;
  const auto use = [&](const Batch& batch, const at::Tensor& out) {
    EXPECT_EQ(out.size(0), batch.size());
    sizes.push_back(batch.size());
    AppendRows(out, &all);
  };
  runner.Run(OneOfEach(kVideos), videos.Source(), use);
  runner.RunInOrders(
      OneOfEach(kVideos), videos.Source(), {{}},
      [&](const Batch& batch, size_t /*order*/, const at::Tensor& out) { use(batch, out); });
  EXPECT_EQ(sizes, (std::vector<int64_t>{4, 3, 4, 3}));
  *computed = ConvolutionsOf(*network).front()->input_sizes().front();
  return all;
}

TEST(ClipRunnerTest, ASmallerBatchIsComputedWithAsManyClipsAsTheOthersIfWanted) {
  int64_t computed = 0;
  const std::vector<float> as_they_are = OutputsOfBatches(/*fill_batches=*/false, &computed);
  EXPECT_EQ(computed, 3);
  const std::vector<float> filled = OutputsOfBatches(/*fill_batches=*/true, &computed);
  EXPECT_EQ(computed, 4);
  EXPECT_THAT(filled, testing::Pointwise(testing::FloatNear(1e-5), as_they_are));
}

TEST(ClipRunnerTest, ADamagedClipIsReportedWithItsBatchOrThrown) {
  FakeVideos videos(3);
  for (int frame = 0; frame < kNumFrames; ++frame) {
    videos.Damage(1, frame);
  }
  ClipRunner reporting(SmallR3d(), SmallRecipe(), {2, 1, Decoding::kFast, BadClips::kReport},
                       at::kCPU);
  std::vector<size_t> damaged;
  size_t first_clip = 0;
  reporting.Run(OneOfEach(3), videos.Source(), [&](const Batch& batch, const at::Tensor& out) {
    EXPECT_EQ(out.size(0), batch.size());
    for (const ClipFault& fault : batch.faults) {
      damaged.push_back(first_clip + fault.clip);
      EXPECT_EQ(fault.video, 1U);
    }
    first_clip += batch.clips.size();
  });
  EXPECT_EQ(damaged, std::vector<size_t>{1});
  ClipRunner throwing(SmallR3d(), SmallRecipe(), {2, 1, Decoding::kFast, BadClips::kThrow},
                      at::kCPU);
  EXPECT_THROW(throwing.Run(OneOfEach(3), videos.Source(), [](const Batch&, const at::Tensor&) {}),
               Error);
}

TEST(ClipRunnerTest, OrdersOfFramesShareTheLoadingAndGetTheirOwnOutputs) {
  constexpr size_t kVideos = 3;
  FakeVideos videos(kVideos);
  Network network = SmallR3d();
  const auto reversed = [](const ClipRequest& clip) {
    return ShownFrames(FrameOrder::kReversed, kLength, clip.clip.num_distinct, Rng(0));
  };
  const auto one_frame = [](const ClipRequest& clip) {
    return ShownFrames(FrameOrder::kOneFrame, kLength, clip.clip.num_distinct, Rng(0));
  };
  ClipRunner runner(network, SmallRecipe(), {2, 1, Decoding::kFast, BadClips::kThrow}, at::kCPU);
  std::vector<float> found[3];
  runner.RunInOrders(OneOfEach(kVideos), videos.Source(), {{}, reversed, one_frame},
                     [&](const Batch& /*batch*/, size_t order, const at::Tensor& outputs) {
                       AppendRows(outputs, &found[order]);
                     });
  EXPECT_EQ(videos.num_reads(), static_cast<int>((kVideos + 1) * kLength));
  const at::NoGradGuard no_grad;
  ClipInput to_input(SmallRecipe().input, at::kCPU);
  std::vector<float> expected[3];
  runner.Run(OneOfEach(kVideos), videos.Source(), [&](Batch batch, const at::Tensor& outputs) {
    AppendRows(outputs, &expected[0]);
    const at::Tensor pixels = AsTensors(batch, kLength).pixels;
    AppendRows(network->forward(to_input.ToInput(pixels.flip(2).contiguous())), &expected[1]);
    const at::Tensor middle = pixels.select(2, kLength / 2).unsqueeze(2);
    const at::Tensor repeated = middle.expand(pixels.sizes()).contiguous();
    AppendRows(network->forward(to_input.ToInput(repeated)), &expected[2]);
  });
  for (size_t order = 0; order < 3; ++order) {
    EXPECT_EQ(found[order], expected[order]) << order;
  }
  EXPECT_NE(found[0], found[1]);
  EXPECT_NE(found[0], found[2]);
}

// Returns the pixels (3, T, S, S) of each crop of one clip.
std::vector<at::Tensor> PixelsOfCrops(ScoringCrop crops_of_clip) {
  const CropChoice choice = {crops_of_clip, 0};
  FakeVideos videos(1);
  std::vector<ClipRequest> requests;
  for (int crop = 0; crop < choice.Count(); ++crop) {
    requests.push_back(RequestOf(0, 0, 1));
    requests.back().crop = crop;
  }
  ClipRunner runner(SmallR3d(), SmallRecipe(), {4, 1, Decoding::kExact, BadClips::kThrow, choice},
                    at::kCPU);
  std::vector<at::Tensor> crops;
  runner.Run(std::move(requests), videos.Source(), [&](const Batch& batch, const at::Tensor&) {
    for (int64_t clip = 0; clip < batch.size(); ++clip) {
      const uint8_t* begin = batch.pixels.begin() + static_cast<size_t>(clip) * kClipBytes;
      const at::Tensor pixels = torch::empty({3, kLength, kSize, kSize}, at::kByte);
      std::copy(begin, begin + kClipBytes, pixels.data_ptr<uint8_t>());
      crops.push_back(pixels);
    }
  });
  return crops;
}

// Returns the part of `crop` that shows width x height pixels of the resized frame from (x, y) on.
// The crop itself begins at (left, top) of the frame.
at::Tensor Shown(const at::Tensor& crop, int left, int top, int x, int y, int width, int height) {
  return crop.slice(3, x - left, x - left + width).slice(2, y - top, y - top + height);
}

// Frames of 64 x 48 become 32 x 24 pixels. The crops of 24 begin at columns 4, 0 and 8.
TEST(ClipRunnerTest, ThreeCropsAreSquaresOfOneResizedFrame) {
  const std::vector<at::Tensor> crops = PixelsOfCrops(ScoringCrop::kThree);
  ASSERT_EQ(crops.size(), 3U);
  EXPECT_TRUE(Shown(crops[0], 4, 0, 4, 0, 20, 24).equal(Shown(crops[1], 0, 0, 4, 0, 20, 24)));
  EXPECT_TRUE(Shown(crops[0], 4, 0, 8, 0, 20, 24).equal(Shown(crops[2], 8, 0, 8, 0, 20, 24)));
  EXPECT_FALSE(crops[1].equal(crops[2]));
  EXPECT_TRUE(crops[0].equal(PixelsOfCrops(ScoringCrop::kCenter)[0]));
}

// The short side is 24 * 8 / 7 = 27, so the frames become 36 x 27 pixels. The centre begins at
// (6, 2), since 1.5 is rounded to the even number, and the corners at columns 0 and 12, rows 0 and
// 3. The square of 12 x 21 pixels from (12, 3) is in all five.
TEST(ClipRunnerTest, TenCropsAreTheCentreTheCornersAndTheirMirrorImages) {
  const std::vector<at::Tensor> crops = PixelsOfCrops(ScoringCrop::kTen);
  ASSERT_EQ(crops.size(), 10U);
  const int corners[5][2] = {{6, 2}, {0, 0}, {12, 0}, {0, 3}, {12, 3}};
  const at::Tensor common = Shown(crops[0], 6, 2, 12, 3, 12, 21);
  for (size_t crop = 0; crop < 5; ++crop) {
    EXPECT_TRUE(common.equal(Shown(crops[crop], corners[crop][0], corners[crop][1], 12, 3, 12, 21)))
        << crop;
    EXPECT_TRUE(crops[crop].flip(3).equal(crops[crop + 5])) << crop;
    for (size_t other = 0; other < crop; ++other) {
      EXPECT_FALSE(crops[crop].equal(crops[other])) << crop << " " << other;
    }
  }
}

TEST(ClipRunnerTest, CropsThatCannotBeAreUsageErrors) {
  EXPECT_THROW(
      ClipRunner(SmallR3d(), SmallRecipe(),
                 {4, 1, Decoding::kExact, BadClips::kThrow, {ScoringCrop::kCenter, kSize - 1}},
                 at::kCPU),
      Error);
}

TEST(ClipRunnerTest, NoClipsAreNoBatches) {
  FakeVideos videos(1);
  ClipRunner runner(SmallR3d(), SmallRecipe(), {}, at::kCPU);
  runner.Run({}, videos.Source(), [](const Batch&, const at::Tensor&) { ADD_FAILURE(); });
}

}  // namespace
}  // namespace reel3d::test

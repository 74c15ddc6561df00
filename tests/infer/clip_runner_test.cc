// SPDX-License-Identifier: Apache-2.0
#include "lib/infer/clip_runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <vector>

#include "lib/base/error.h"
#include "lib/infer/clip_tensors.h"
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

Network SmallR3d() { return MakeFilled(SmallNetwork("r3d", 0.125, "b")); }

// One clip of each video, and one more of the first.
std::vector<ClipRequest> OneOfEach(size_t num_videos) {
  std::vector<ClipRequest> clips;
  for (size_t i = 0; i <= num_videos; ++i) {
    clips.push_back(RequestOf(0, static_cast<int64_t>(i), num_videos));
  }
  return clips;
}

// The outputs for one clip alone, computed without ClipRunner.
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
  AppendRows(network->forward(input.ToInput(AsTensors(batch, kLength, kSize).pixels)), &outputs);
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

TEST(ClipRunnerTest, NoClipsAreNoBatches) {
  FakeVideos videos(1);
  ClipRunner runner(SmallR3d(), SmallRecipe(), {}, at::kCPU);
  runner.Run({}, videos.Source(), [](const Batch&, const at::Tensor&) { ADD_FAILURE(); });
}

}  // namespace
}  // namespace reel3d::test

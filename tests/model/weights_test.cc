// Loads state dicts that fit the network, and checks the errors for those that do not fit.
// SPDX-License-Identifier: Apache-2.0
#include "lib/model/weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include "lib/base/error.h"
#include "lib/model/network.h"

namespace reel3d {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

Network Small(int depth, ShortcutType shortcut, double width, int num_classes, uint64_t seed = 0) {
  NetworkOptions options;
  options.depth = depth;
  options.shortcut = shortcut;
  options.width = width;
  options.num_classes = num_classes;
  return MakeNetwork(options, seed);
}

TEST(Weights, ComeBack) {
  const Network source = Small(10, ShortcutType::kB, 0.125, 7, 1);
  Network target = Small(10, ShortcutType::kB, 0.125, 7, 2);
  source->named_buffers()["bn1.num_batches_tracked"].fill_(12);
  NamedTensors state = StateDict(*source);
  std::reverse(state.begin(), state.end());  // the order does not matter
  LoadStateDict(*target, state, "weights");
  const NamedTensors expected = StateDict(*source);
  const NamedTensors found = StateDict(*target);
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].first, expected[i].first);
    EXPECT_TRUE(found[i].second.equal(expected[i].second)) << found[i].first;
  }
  EXPECT_TRUE(target->parameters()[0].requires_grad());
}

// Files from before torch 0.4.1 do not count batches.
TEST(Weights, CountsOfBatchesMayBeMissing) {
  const Network source = Small(10, ShortcutType::kB, 0.125, 7, 1);
  Network target = Small(10, ShortcutType::kB, 0.125, 7, 2);
  target->named_buffers()["bn1.num_batches_tracked"].fill_(12);
  NamedTensors state;
  for (const auto& [name, tensor] : StateDict(*source)) {
    if (name.find("num_batches_tracked") == std::string::npos) {
      state.emplace_back(name, tensor);
    }
  }
  LoadStateDict(*target, state, "weights");
  EXPECT_TRUE(target->parameters()[0].equal(source->parameters()[0]));
  EXPECT_EQ(target->named_buffers()["bn1.num_batches_tracked"].item<int64_t>(), 0);
  state.erase(state.begin());
  EXPECT_THROW(LoadStateDict(*target, state, "weights"), Error);
}

std::string Refusal(Network target, const NamedTensors& state) {
  const at::Tensor before = target->parameters()[0].detach().clone();
  try {
    LoadStateDict(*target, state, "some.safetensors");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_TRUE(before.equal(target->parameters()[0])) << "changed in spite of the error";
    return error.what();
  }
  return "accepted";
}

TEST(Weights, MakeTheirNetwork) {
  const Network source = Small(10, ShortcutType::kB, 0.125, 7, 1);
  NetworkOptions options;
  options.depth = 10;
  options.shortcut = ShortcutType::kB;
  options.width = 0.125;
  options.num_classes = 7;
  const Network made = MakeNetworkOf(options, StateDict(*source), "some.safetensors");
  EXPECT_TRUE(made->parameters()[0].equal(source->parameters()[0]));
}

// A small file may describe a network that is far too large for the file's weights.
TEST(Weights, ANetworkFarLargerThanTheyIsNotMade) {
  NetworkOptions options;
  options.width = 2;  // half a gigabyte of weights
  try {
    MakeNetworkOf(options, StateDict(*Small(10, ShortcutType::kB, 0.125, 7)), "some.safetensors");
    ADD_FAILURE() << "it was made";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), AllOf(HasSubstr("some.safetensors"), HasSubstr("far fewer values")));
  }
}

TEST(Weights, SayWhatDoesNotFit) {
  const Network target = Small(18, ShortcutType::kB, 0.125, 7);
  EXPECT_THAT(Refusal(target, StateDict(*Small(18, ShortcutType::kB, 0.125, 400))),
              AllOf(HasSubstr("some.safetensors: tensor fc.weight"), HasSubstr("(7, 64)"),
                    HasSubstr("(400, 64)"), HasSubstr("number of classes")));
  EXPECT_THAT(
      Refusal(target, StateDict(*Small(18, ShortcutType::kA, 0.125, 7))),
      AllOf(HasSubstr("layer2.0.downsample.0.weight is missing"), HasSubstr("--shortcut a")));
  EXPECT_THAT(Refusal(Small(18, ShortcutType::kA, 0.125, 7), StateDict(*target)),
              AllOf(HasSubstr("unknown tensor layer2.0.downsample"), HasSubstr("--shortcut b")));
  EXPECT_THAT(Refusal(target, StateDict(*Small(34, ShortcutType::kB, 0.125, 7))),
              AllOf(HasSubstr("unknown tensor layer1.2"), HasSubstr("--depth")));
  EXPECT_THAT(Refusal(target, StateDict(*Small(10, ShortcutType::kB, 0.125, 7))),
              AllOf(HasSubstr("layer1.1.conv1.weight is missing"), HasSubstr("--depth")));
  EXPECT_THAT(Refusal(target, StateDict(*Small(18, ShortcutType::kB, 0.25, 7))),
              AllOf(HasSubstr("conv1.weight"), HasSubstr("(8, 3, 7, 7, 7)"),
                    HasSubstr("(16, 3, 7, 7, 7)"), HasSubstr("--width")));
  EXPECT_THAT(Refusal(target, StateDict(*Small(34, ShortcutType::kA, 0.125, 7))),
              HasSubstr("(r3d --depth 34 --shortcut a --width 0.125 --stem-frames 7, 7 classes)"));
  NetworkOptions other;
  other.model = "preact";
  other.width = 0.125;
  EXPECT_THAT(Refusal(target, StateDict(*MakeNetwork(other))), HasSubstr("--model preact"));
  EXPECT_THAT(Refusal(MakeNetwork(other), StateDict(*target)), HasSubstr("--model r3d"));
  other.model = "i3d";
  EXPECT_THAT(Refusal(target, StateDict(*MakeNetwork(other))),
              AllOf(HasSubstr("conv1.weight is missing"), HasSubstr("--model i3d"),
                    HasSubstr("(i3d --width 0.125, 400 classes)")));
  const Network colours = MakeNetwork(other);
  other.channels = 2;
  EXPECT_THAT(
      Refusal(colours, StateDict(*MakeNetwork(other))),
      AllOf(HasSubstr("(8, 3, 7, 7, 7), found (8, 2, 7, 7, 7)"), HasSubstr("input channels")));
  other.channels = 3;
  other.num_classes = 7;
  EXPECT_THAT(Refusal(colours, StateDict(*MakeNetwork(other))),
              AllOf(HasSubstr("logits.conv3d.weight"), HasSubstr("number of classes")));
  // The error must not suggest a wrong cause.
  const std::string same = "look like those of r3d --depth 18 --shortcut b";
  NamedTensors more = StateDict(*target);
  more.emplace_back("attention.weight", at::ones({4}));
  EXPECT_THAT(Refusal(target, more),
              AllOf(HasSubstr("unknown tensor attention.weight"), HasSubstr(same),
                    HasSubstr("which has no such tensor"), Not(HasSubstr("input channels"))));
  NamedTensors fewer = StateDict(*target);
  fewer.erase(fewer.begin() + 1);
  EXPECT_THAT(Refusal(target, fewer), AllOf(HasSubstr("is missing"), HasSubstr(same),
                                            HasSubstr("lack"), Not(HasSubstr("--depth or"))));
  NetworkOptions short_stem;
  short_stem.width = 0.125;
  short_stem.depth = 18;
  short_stem.shortcut = ShortcutType::kB;
  short_stem.num_classes = 7;
  short_stem.stem_frames = 3;
  EXPECT_THAT(Refusal(target, StateDict(*MakeNetwork(short_stem))),
              AllOf(HasSubstr("a network with --stem-frames 3 ("), Not(HasSubstr("--width,"))));
  NamedTensors integers = StateDict(*target);
  integers[0].second = integers[0].second.to(at::kInt);
  EXPECT_THAT(Refusal(target, integers), HasSubstr("should hold Float, found Int"));
  EXPECT_THAT(Refusal(target, {}), AllOf(HasSubstr("conv1.weight is missing"),
                                         HasSubstr("no network that reel3d knows")));
}

}  // namespace
}  // namespace reel3d

// Makes the video networks of torchvision, under its names: residual, 18 layers, shortcut B, a stem
// that spans three frames, no max pooling.
// SPDX-License-Identifier: Apache-2.0
#include "lib/model/family_network.h"
#include "lib/model/resnet.h"
#include "lib/weights/channels.h"
#include "lib/weights/family_list.h"

namespace reel3d {
namespace {

constexpr int kDepth = 18;

// Returns a block whose two convolutions are in 3D, or only in space ("mixed convolutions", Tran et
// al. 2018).
std::vector<ConvPlan> PlainBlock(bool in_time, int64_t in, int64_t planes, int64_t stride) {
  const Triple kernel = {{in_time ? 3 : 1, 3, 3}};
  const Triple first_stride = {{in_time ? stride : 1, stride, stride}};
  return {{"conv1.0", "conv1.1", {in, planes, kernel, first_stride}},
          {"conv2.0", "conv2.1", {planes, planes, kernel}}};
}

// Both convolutions of a block have the same number of middle planes, unlike those of r2p1d.
std::vector<ConvPlan> FactorizedBlock(int64_t in, int64_t planes, int64_t stride) {
  const int64_t middle = MiddlePlanes(in, planes);
  const Triple space = {{1, 3, 3}};
  const Triple time = {{3, 1, 1}};
  return {{"conv1.0.0", "conv1.0.1", {in, middle, space, {{1, stride, stride}}}},
          {"conv1.0.3", "conv1.1", {middle, planes, time, {{stride, 1, 1}}}},
          {"conv2.0.0", "conv2.0.1", {planes, middle, space}},
          {"conv2.0.3", "conv2.1", {middle, planes, time}}};
}

ResNetPlan PlanWithBasicStem(const NetworkOptions& options) {
  ResNetPlan plan;
  plan.planes = PlanesOf(options);
  plan.stem = {{"stem.0", "stem.1", {options.channels, plan.planes[0], {{3, 7, 7}}, {{1, 2, 2}}}}};
  plan.max_pool = false;
  plan.num_blocks = DepthOf(kDepth).blocks;
  return plan;
}

std::shared_ptr<NetworkImpl> MakeR3d18(const NetworkOptions& options) {
  ResNetPlan plan = PlanWithBasicStem(options);
  plan.block = [](int /*layer*/, int64_t in, int64_t planes, int64_t stride) {
    return PlainBlock(/*in_time=*/true, in, planes, stride);
  };
  return MakeResNet(plan, options.num_classes);
}

std::shared_ptr<NetworkImpl> MakeMc318(const NetworkOptions& options) {
  ResNetPlan plan = PlanWithBasicStem(options);
  plan.block = [](int layer, int64_t in, int64_t planes, int64_t stride) {
    return PlainBlock(/*in_time=*/layer == 1, in, planes, stride);
  };
  return MakeResNet(plan, options.num_classes);
}

std::shared_ptr<NetworkImpl> MakeR2plus1d18(const NetworkOptions& options) {
  ResNetPlan plan = PlanWithBasicStem(options);
  const auto middle = ScaledChannels(45, options.width);
  plan.stem = {{"stem.0", "stem.1", {options.channels, middle, {{1, 7, 7}}, {{1, 2, 2}}}},
               {"stem.3", "stem.4", {middle, plan.planes[0], {{3, 1, 1}}}}};
  plan.block = [](int /*layer*/, int64_t in, int64_t planes, int64_t stride) {
    return FactorizedBlock(in, planes, stride);
  };
  return MakeResNet(plan, options.num_classes);
}

}  // namespace

template <>
FamilyNetwork NetworkOf<family::R3d18>() {
  return {MakeR3d18};
}

template <>
FamilyNetwork NetworkOf<family::Mc318>() {
  return {MakeMc318};
}

template <>
FamilyNetwork NetworkOf<family::R2plus1d18>() {
  return {MakeR2plus1d18};
}

}  // namespace reel3d

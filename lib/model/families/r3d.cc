// Makes the 3D ResNets whose convolutions span time and space at once: plain (R3D), pre-activation,
// wide and ResNeXt. In the ResNet authors' code and weights of 2018, the first convolution has 64
// channels. In their code of 2020, that of wide and ResNeXt has 128 (--stem-channels).
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "lib/model/family_network.h"
#include "lib/model/resnet.h"
#include "lib/weights/family_list.h"

namespace reel3d {
namespace {

constexpr int64_t kCardinality = 32;

ResNetPlan PlanWithStem(const NetworkOptions& options) {
  ResNetPlan plan;
  plan.stem = {{"conv1",
                "bn1",
                {options.channels,
                 options.StemChannels(),
                 {{options.stem_frames, 7, 7}},
                 {{options.stem_stride, 2, 2}}}}};
  plan.max_pool = options.max_pool;
  plan.shortcut = options.shortcut;
  plan.cut_gradient = options.shortcut_gradient == ShortcutGradient::kCut;
  plan.planes = PlanesOf(options);
  plan.num_blocks = DepthOf(options.depth).blocks;
  return plan;
}

std::vector<ConvPlan> BasicBlock(int64_t in, int64_t planes, int64_t stride) {
  return {{"conv1", "bn1", {in, planes, 3, stride}}, {"conv2", "bn2", {planes, planes, 3}}};
}

std::vector<ConvPlan> Bottleneck(int64_t in, int64_t middle, int64_t out, int64_t stride,
                                 int64_t groups = 1) {
  return {{"conv1", "bn1", {in, middle}},
          {"conv2", "bn2", {middle, middle, 3, stride, groups}},
          {"conv3", "bn3", {middle, out}}};
}

ResNetPlan R3dPlan(const NetworkOptions& options) {
  ResNetPlan plan = PlanWithStem(options);
  const bool bottlenecks = DepthOf(options.depth).bottlenecks;
  plan.block = [bottlenecks](int /*layer*/, int64_t in, int64_t planes, int64_t stride) {
    return bottlenecks ? Bottleneck(in, planes, 4 * planes, stride)
                       : BasicBlock(in, planes, stride);
  };
  return plan;
}

std::shared_ptr<NetworkImpl> MakeR3d(const NetworkOptions& options) {
  return MakeResNet(R3dPlan(options), options.num_classes);
}

std::shared_ptr<NetworkImpl> MakePreActivation(const NetworkOptions& options) {
  ResNetPlan plan = R3dPlan(options);
  plan.pre_activation = true;
  return MakeResNet(plan, options.num_classes);
}

std::shared_ptr<NetworkImpl> MakeWide(const NetworkOptions& options) {
  ResNetPlan plan = PlanWithStem(options);
  plan.planes = PlanesOf(options, 2);
  plan.block = [](int /*layer*/, int64_t in, int64_t planes, int64_t stride) {
    return Bottleneck(in, planes, 2 * planes, stride);
  };
  return MakeResNet(plan, options.num_classes);
}

std::shared_ptr<NetworkImpl> MakeResNeXt(const NetworkOptions& options) {
  ResNetPlan plan = PlanWithStem(options);
  plan.planes = PlanesOf(options, 2);
  plan.block = [](int /*layer*/, int64_t in, int64_t planes, int64_t stride) {
    const int64_t middle = kCardinality * std::max<int64_t>(1, planes / kCardinality);
    return Bottleneck(in, middle, 2 * planes, stride, kCardinality);
  };
  return MakeResNet(plan, options.num_classes);
}

}  // namespace

template <>
FamilyNetwork NetworkOf<family::R3d>() {
  return {MakeR3d};
}

template <>
FamilyNetwork NetworkOf<family::PreAct>() {
  return {MakePreActivation};
}

template <>
FamilyNetwork NetworkOf<family::Wide>() {
  return {MakeWide};
}

template <>
FamilyNetwork NetworkOf<family::ResNeXt>() {
  return {MakeResNeXt};
}

}  // namespace reel3d

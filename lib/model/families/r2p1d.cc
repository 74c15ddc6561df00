// Makes R(2+1)D as in the authors' code of 2020: each 3x3x3 convolution becomes one over space and
// one over time, with batch norm and ReLU between them.
// SPDX-License-Identifier: Apache-2.0
#include "lib/model/family_network.h"
#include "lib/model/resnet.h"
#include "lib/weights/channels.h"
#include "lib/weights/family_list.h"

namespace reel3d {
namespace {

void AddFactorized(const std::string& number, int64_t in, int64_t middle, int64_t out,
                   int64_t stride, std::vector<ConvPlan>* plans) {
  plans->push_back({"conv" + number + "_s",
                    "bn" + number + "_s",
                    {in, middle, {{1, 3, 3}}, {{1, stride, stride}}}});
  plans->push_back(
      {"conv" + number + "_t", "bn" + number + "_t", {middle, out, {{3, 1, 1}}, {{stride, 1, 1}}}});
}

std::vector<ConvPlan> SplitBasicBlock(int64_t in, int64_t planes, int64_t stride) {
  std::vector<ConvPlan> plans;
  AddFactorized("1", in, MiddlePlanes(in, planes), planes, stride, &plans);
  AddFactorized("2", planes, MiddlePlanes(planes, planes), planes, 1, &plans);
  return plans;
}

std::vector<ConvPlan> SplitBottleneck(int64_t in, int64_t planes, int64_t stride) {
  std::vector<ConvPlan> plans = {{"conv1", "bn1", {in, planes}}};
  AddFactorized("2", planes, MiddlePlanes(planes, planes), planes, stride, &plans);
  plans.push_back({"conv3", "bn3", {planes, 4 * planes}});
  return plans;
}

std::shared_ptr<NetworkImpl> MakeR2p1d(const NetworkOptions& options) {
  ResNetPlan plan;
  plan.planes = PlanesOf(options);
  const int64_t out = options.StemChannels();
  // The authors' code always computes this for three input channels.
  const int64_t middle = MiddlePlanes(3, out, options.stem_frames, 7);
  plan.stem = {{"conv1_s", "bn1_s", {options.channels, middle, {{1, 7, 7}}, {{1, 2, 2}}}},
               {"conv1_t",
                "bn1_t",
                {middle, out, {{options.stem_frames, 1, 1}}, {{options.stem_stride, 1, 1}}}}};
  plan.max_pool = options.max_pool;
  plan.shortcut = options.shortcut;
  plan.cut_gradient = options.shortcut_gradient == ShortcutGradient::kCut;
  plan.num_blocks = DepthOf(options.depth).blocks;
  const bool bottlenecks = DepthOf(options.depth).bottlenecks;
  plan.block = [bottlenecks](int /*layer*/, int64_t in, int64_t planes, int64_t stride) {
    return bottlenecks ? SplitBottleneck(in, planes, stride) : SplitBasicBlock(in, planes, stride);
  };
  return MakeResNet(plan, options.num_classes);
}

}  // namespace

template <>
FamilyNetwork NetworkOf<family::R2p1d>() {
  return {MakeR2p1d};
}

}  // namespace reel3d

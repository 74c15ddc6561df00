// Private to lib/model: declares the functions of the families for the table in network.cc.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "lib/model/network.h"

namespace reel3d {

// These make the networks of Hara, Kataoka and Satoh (ICCV-W 2017, CVPR 2018). Names and shapes
// follow their github.com/kenshohara/3D-ResNets-PyTorch.
std::shared_ptr<NetworkImpl> MakeR3d(const NetworkOptions& options);
std::shared_ptr<NetworkImpl> MakePreActivation(const NetworkOptions& options);
std::shared_ptr<NetworkImpl> MakeWide(const NetworkOptions& options);
std::shared_ptr<NetworkImpl> MakeResNeXt(const NetworkOptions& options);
std::shared_ptr<NetworkImpl> MakeR2p1d(const NetworkOptions& options);
std::shared_ptr<NetworkImpl> MakeDenseNet(const NetworkOptions& options);
void CheckClipsOfDenseNet(const NetworkOptions& options, int64_t frames, int64_t height,
                          int64_t width);

// These make torchvision's video networks, of 18 layers each.
std::shared_ptr<NetworkImpl> MakeTorchvisionR3d(const NetworkOptions& options);
std::shared_ptr<NetworkImpl> MakeTorchvisionMc3(const NetworkOptions& options);
std::shared_ptr<NetworkImpl> MakeTorchvisionR2plus1d(const NetworkOptions& options);

std::shared_ptr<NetworkImpl> MakeC3d(const NetworkOptions& options);
std::shared_ptr<NetworkImpl> MakeC3dWithBatchNorm(const NetworkOptions& options);
void CheckClipsOfC3d(const NetworkOptions& options, int64_t frames, int64_t height, int64_t width);

std::shared_ptr<NetworkImpl> MakeI3d(const NetworkOptions& options);

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "lib/dist/process_group.h"

#include <torch/types.h>

#include <torch/csrc/distributed/c10d/comm.hpp>
#include <utility>

#include "lib/dist/mpi_backend.h"
#include "lib/dist/nccl_group.h"

namespace reel3d {

ProcessGroup MakeProcessGroup(const World& world, at::Device device) {
  if (device.is_cuda()) {
    return MakeNcclGroup(world, device);
  }
  // The group needs no store: only Python's new_group() would.
  auto group = c10::make_intrusive<c10d::ProcessGroup>(c10::intrusive_ptr<c10d::Store>(),
                                                       world.rank(), world.size());
  group->setBackend(at::kCPU, c10d::ProcessGroup::BackendType::CUSTOM,
                    c10::make_intrusive<MpiBackend>(world));
  group->setDefaultBackend(c10d::ProcessGroup::BackendType::CUSTOM);
  group->setGroupName("mpi");
  return group;
}

void AllReduceSum(const ProcessGroup& group, at::Tensor tensor) {
  std::vector<at::Tensor> tensors{std::move(tensor)};
  group->allreduce(tensors)->wait();
}

void BroadcastFromMain(const ProcessGroup& group, const std::vector<at::Tensor>& tensors) {
  constexpr size_t kBufferBytes = size_t{25} << 20;
  if (tensors.empty()) {  // as without batch norm; c10d requires at least one tensor
    return;
  }
  c10d::broadcast_coalesced(group, tensors, kBufferBytes, /*rank=*/0);
}

}  // namespace reel3d

// Implements a c10d backend for CPU tensors over MPI, with the operations that c10d::Reducer,
// broadcast_coalesced and verify_params_across_processes need. (LibTorch's wheel has the header of
// c10d::ProcessGroupMPI, but not its code.)
//
// One thread makes all MPI calls, in the order in which collectives were requested, so that the
// calls of all ranks match. Callers wait for futures. The thread is needed because Reducer only
// waits for futures and would never drive MPI.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <vector>

#include "lib/dist/world.h"

namespace reel3d {

class MpiBackend : public c10d::Backend {
 public:
  // Collective. `world` must outlive the backend.
  explicit MpiBackend(const World& world);
  ~MpiBackend() override;

  const std::string getBackendName() const override { return "mpi"; }

  // Each call takes one dense CPU tensor. Reductions are sum, average, minimum, maximum and
  // product; float16 and bfloat16 are reduced in float32. A failed collective throws when its Work
  // is waited for.
  c10::intrusive_ptr<c10d::Work> allreduce(std::vector<at::Tensor>& tensors,
                                           const c10d::AllreduceOptions& options) override;
  c10::intrusive_ptr<c10d::Work> broadcast(std::vector<at::Tensor>& tensors,
                                           const c10d::BroadcastOptions& options) override;
  c10::intrusive_ptr<c10d::Work> allgather(std::vector<std::vector<at::Tensor>>& outputs,
                                           std::vector<at::Tensor>& inputs,
                                           const c10d::AllgatherOptions& options) override;
  c10::intrusive_ptr<c10d::Work> _allgather_base(at::Tensor& output, at::Tensor& input,
                                                 const c10d::AllgatherOptions& options) override;
  c10::intrusive_ptr<c10d::Work> barrier(const c10d::BarrierOptions& options) override;

 private:
  struct Communicator;
  struct Collective;

  c10::intrusive_ptr<c10d::Work> Enqueue(Collective collective);
  void Progress();  // the loop of thread_
  std::deque<Collective> TakeQueued(bool wait);
  bool EndFinished(std::deque<Collective>& active);

  std::unique_ptr<Communicator> communicator_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Collective> queue_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace reel3d

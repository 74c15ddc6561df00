// SPDX-License-Identifier: Apache-2.0
#include "lib/dist/mpi_backend.h"

#include <mpi.h>
#include <torch/types.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "lib/dist/mpi_check.h"

namespace reel3d {
namespace {

class MpiWork : public c10d::Work {
 public:
  MpiWork(int rank, c10d::OpType type, std::vector<at::Tensor> outputs)
      : c10d::Work(rank, type),
        outputs_(std::move(outputs)),
        future_(c10::make_intrusive<c10::ivalue::Future>(
            c10::ListType::create(c10::TensorType::get()))) {}

  bool isCompleted() override { return future_->completed(); }
  bool isSuccess() const override { return future_->completed() && !future_->hasError(); }
  bool wait(std::chrono::milliseconds /*timeout*/) override {
    future_->waitAndThrow();
    return true;
  }
  void synchronize() override {}
  std::vector<at::Tensor> result() override { return outputs_; }
  c10::intrusive_ptr<c10::ivalue::Future> getFuture() override { return future_; }

  void Complete() { future_->markCompleted(at::IValue(outputs_)); }
  void Fail(std::exception_ptr error) { future_->setError(std::move(error)); }

 private:
  std::vector<at::Tensor> outputs_;
  c10::intrusive_ptr<c10::ivalue::Future> future_;
};

MPI_Datatype MpiType(at::ScalarType type) {
  switch (type) {
    case at::kFloat:
      return MPI_FLOAT;
    case at::kDouble:
      return MPI_DOUBLE;
    case at::kLong:
      return MPI_INT64_T;
    case at::kInt:
      return MPI_INT32_T;
    case at::kShort:
      return MPI_INT16_T;
    case at::kChar:
      return MPI_INT8_T;
    case at::kByte:
      return MPI_UINT8_T;
    default:
      TORCH_CHECK(false, "MPI cannot reduce tensors of ", toString(type));
  }
}

MPI_Op MpiOperation(const c10d::ReduceOp& operation) {
  switch (operation.op_) {
    case c10d::ReduceOp::SUM:
    case c10d::ReduceOp::AVG:  // divided by the number of ranks afterwards
      return MPI_SUM;
    case c10d::ReduceOp::MIN:
      return MPI_MIN;
    case c10d::ReduceOp::MAX:
      return MPI_MAX;
    case c10d::ReduceOp::PRODUCT:
      return MPI_PROD;
    default:
      TORCH_CHECK(false, "this reduce operation is not among those of the MPI backend");
  }
}

// Accepts any order of axes (channels last, for example); all ranks must have the same order.
at::Tensor Dense(const at::Tensor& tensor) {
  TORCH_CHECK(tensor.device().is_cpu() && tensor.is_non_overlapping_and_dense(),
              "the MPI backend moves dense CPU tensors only");
  return tensor.detach();
}

at::Tensor Single(const std::vector<at::Tensor>& tensors) {
  TORCH_CHECK(tensors.size() == 1, "the MPI backend takes one tensor at a time");
  return Dense(tensors[0]);
}

int SizeBytes(const at::Tensor& tensor) { return MpiCount(static_cast<int64_t>(tensor.nbytes())); }

}  // namespace

struct MpiBackend::Communicator {
  Communicator() {
    CheckMpi(MPI_Comm_dup(MPI_COMM_WORLD, &handle), "MPI_Comm_dup");
    CheckMpi(MPI_Comm_set_errhandler(handle, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  }
  ~Communicator() { MPI_Comm_free(&handle); }
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;

  MPI_Comm handle = MPI_COMM_NULL;
};

struct MpiBackend::Collective {
  c10::intrusive_ptr<MpiWork> work;
  std::function<void(MPI_Request*)> start;  // posts the non-blocking call; keeps its buffers alive
  std::function<void()> finish;             // may be empty
  MPI_Request request = MPI_REQUEST_NULL;

  void End() {
    try {
      if (finish) {
        finish();
      }
      work->Complete();
    } catch (...) {
      work->Fail(std::current_exception());
    }
  }
};

MpiBackend::MpiBackend(const World& world)
    : c10d::Backend(world.rank(), world.size()),
      communicator_(std::make_unique<Communicator>()),
      thread_([this] { Progress(); }) {}

MpiBackend::~MpiBackend() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();  // the thread first completes the queued collectives
}

c10::intrusive_ptr<c10d::Work> MpiBackend::Enqueue(Collective collective) {
  auto work = collective.work;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    queue_.push_back(std::move(collective));
  }
  wake_.notify_one();
  return work;
}

// Empties the queue and returns its collectives. With `wait`, first waits until a collective is
// queued or the backend stops.
std::deque<MpiBackend::Collective> MpiBackend::TakeQueued(bool wait) {
  std::unique_lock<std::mutex> lock(mutex_);
  if (wait) {
    wake_.wait(lock, [this] { return stop_ || !queue_.empty(); });
  }
  return std::exchange(queue_, {});
}

// Ends the collectives that MPI has finished. Returns true if there were any.
bool MpiBackend::EndFinished(std::deque<Collective>& active) {
  std::vector<MPI_Request> requests;
  for (const Collective& collective : active) {
    requests.push_back(collective.request);
  }
  std::vector<int> finished(requests.size());
  int num_finished = 0;
  CheckMpi(MPI_Testsome(MpiCount(static_cast<int64_t>(requests.size())), requests.data(),
                        &num_finished, finished.data(), MPI_STATUSES_IGNORE),
           "MPI_Testsome");
  for (size_t i = 0; i < active.size(); ++i) {
    active[i].request = requests[i];
  }
  finished.resize(static_cast<size_t>(std::max(num_finished, 0)));
  std::sort(finished.rbegin(), finished.rend());
  // Collectives end in the order of their start. Erasing goes from the back, so that indices stay
  // valid.
  for (auto index = finished.rbegin(); index != finished.rend(); ++index) {
    active[static_cast<size_t>(*index)].End();
  }
  for (const int index : finished) {
    active.erase(active.begin() + index);
  }
  return !finished.empty();
}

void MpiBackend::Progress() {
  constexpr int kSpins = 100;
  constexpr std::chrono::microseconds kPause(20);
  std::deque<Collective> active;
  int idle_rounds = 0;
  for (;;) {
    for (Collective& collective : TakeQueued(/*wait=*/active.empty())) {
      try {
        collective.start(&collective.request);
        active.push_back(std::move(collective));
      } catch (...) {
        collective.work->Fail(std::current_exception());
      }
    }
    if (active.empty()) {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (stop_ && queue_.empty()) {
        return;
      }
      continue;
    }
    try {
      idle_rounds = EndFinished(active) ? 0 : idle_rounds + 1;
    } catch (...) {
      for (Collective& collective : active) {
        collective.work->Fail(std::current_exception());
      }
      active.clear();
    }
    // Yield first, for low latency; then sleep, so that ranks and compute threads can share cores.
    if (idle_rounds > kSpins) {
      std::this_thread::sleep_for(kPause);
    } else if (idle_rounds > 0) {
      std::this_thread::yield();
    }
  }
}

c10::intrusive_ptr<c10d::Work> MpiBackend::allreduce(std::vector<at::Tensor>& tensors,
                                                     const c10d::AllreduceOptions& options) {
  const at::Tensor tensor = Single(tensors);
  const bool is_half = tensor.scalar_type() == at::kHalf || tensor.scalar_type() == at::kBFloat16;
  const at::Tensor buffer = is_half ? tensor.to(at::kFloat) : tensor;
  const MPI_Op operation = MpiOperation(options.reduceOp);
  const MPI_Datatype type = MpiType(buffer.scalar_type());
  const bool average = options.reduceOp.op_ == c10d::ReduceOp::AVG;
  Collective collective;
  collective.work = c10::make_intrusive<MpiWork>(rank_, c10d::OpType::ALLREDUCE, tensors);
  collective.start = [this, buffer, type, operation](MPI_Request* request) {
    CheckMpi(MPI_Iallreduce(MPI_IN_PLACE, buffer.data_ptr(), MpiCount(buffer.numel()), type,
                            operation, communicator_->handle, request),
             "MPI_Iallreduce");
  };
  collective.finish = [this, tensor, buffer, average] {
    const at::NoGradGuard no_gradient;
    if (average) {
      buffer.div_(size_);
    }
    if (!buffer.is_same(tensor)) {
      tensor.copy_(buffer);
    }
  };
  return Enqueue(std::move(collective));
}

c10::intrusive_ptr<c10d::Work> MpiBackend::broadcast(std::vector<at::Tensor>& tensors,
                                                     const c10d::BroadcastOptions& options) {
  const at::Tensor tensor = Single(tensors);
  const int root = static_cast<int>(options.rootRank);
  Collective collective;
  collective.work = c10::make_intrusive<MpiWork>(rank_, c10d::OpType::BROADCAST, tensors);
  collective.start = [this, tensor, root](MPI_Request* request) {
    CheckMpi(MPI_Ibcast(tensor.data_ptr(), SizeBytes(tensor), MPI_BYTE, root, communicator_->handle,
                        request),
             "MPI_Ibcast");
  };
  return Enqueue(std::move(collective));
}

c10::intrusive_ptr<c10d::Work> MpiBackend::_allgather_base(
    at::Tensor& output, at::Tensor& input, const c10d::AllgatherOptions& /*options*/) {
  const at::Tensor all = Dense(output);
  const at::Tensor own = Dense(input);
  TORCH_CHECK(all.nbytes() == own.nbytes() * static_cast<size_t>(size_),
              "the output of an allgather must hold one input of each rank");
  Collective collective;
  collective.work = c10::make_intrusive<MpiWork>(rank_, c10d::OpType::_ALLGATHER_BASE,
                                                 std::vector<at::Tensor>{output});
  collective.start = [this, all, own](MPI_Request* request) {
    CheckMpi(MPI_Iallgather(own.data_ptr(), SizeBytes(own), MPI_BYTE, all.data_ptr(),
                            SizeBytes(own), MPI_BYTE, communicator_->handle, request),
             "MPI_Iallgather");
  };
  return Enqueue(std::move(collective));
}

c10::intrusive_ptr<c10d::Work> MpiBackend::allgather(std::vector<std::vector<at::Tensor>>& outputs,
                                                     std::vector<at::Tensor>& inputs,
                                                     const c10d::AllgatherOptions& /*options*/) {
  const at::Tensor own = Single(inputs).contiguous();
  TORCH_CHECK(outputs.size() == 1 && outputs[0].size() == static_cast<size_t>(size_),
              "an allgather needs one output for each rank");
  std::vector<int64_t> shape = own.sizes().vec();
  shape.insert(shape.begin(), size_);
  const at::Tensor all = at::empty(shape, own.options());
  Collective collective;
  collective.work = c10::make_intrusive<MpiWork>(rank_, c10d::OpType::ALLGATHER, outputs[0]);
  collective.start = [this, all, own](MPI_Request* request) {
    CheckMpi(MPI_Iallgather(own.data_ptr(), SizeBytes(own), MPI_BYTE, all.data_ptr(),
                            SizeBytes(own), MPI_BYTE, communicator_->handle, request),
             "MPI_Iallgather");
  };
  collective.finish = [all, targets = outputs[0]] {
    const at::NoGradGuard no_gradient;
    for (size_t rank = 0; rank < targets.size(); ++rank) {
      targets[rank].detach().copy_(all[static_cast<int64_t>(rank)]);
    }
  };
  return Enqueue(std::move(collective));
}

c10::intrusive_ptr<c10d::Work> MpiBackend::barrier(const c10d::BarrierOptions& /*options*/) {
  Collective collective;
  collective.work =
      c10::make_intrusive<MpiWork>(rank_, c10d::OpType::BARRIER, std::vector<at::Tensor>{});
  collective.start = [this](MPI_Request* request) {
    CheckMpi(MPI_Ibarrier(communicator_->handle, request), "MPI_Ibarrier");
  };
  return Enqueue(std::move(collective));
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/raw_video_queue.h"

#include <fmt/format.h>

#include <condition_variable>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "lib/base/error.h"

namespace reel3d {
namespace {

// The outcome of a request.
struct Slot {
  std::vector<RawPart> parts;
  bool is_ready = false;
};

Slot Prepared(const PrepareRequest& request, PrepWorker* worker) {
  Slot slot;
  try {
    slot.parts = PrepareRawParts(request, worker);
  } catch (...) {
    slot.parts.clear();
    for (size_t part = 0; part < request.parts.size(); ++part) {
      slot.parts.push_back({nullptr, std::current_exception()});
    }
  }
  slot.is_ready = true;
  return slot;
}

}  // namespace

struct RawVideoQueue::State {
  const std::vector<PrepareRequest> requests;
  const PrepWorkerOptions worker;
  const size_t num_ahead;
  std::vector<std::thread> threads;

  std::mutex mutex;  // guards all members below
  std::condition_variable changed;
  std::vector<Slot> slots;  // by request
  size_t num_taken = 0;     // requests that threads have begun
  size_t num_given = 0;     // requests all of whose parts Next() has returned
  size_t next_part = 0;     // of request num_given
  bool is_stopping = false;

  State(std::vector<PrepareRequest> requests_in, const PrepWorkerOptions& worker_in, size_t ahead)
      : requests(std::move(requests_in)),
        worker(worker_in),
        num_ahead(ahead),
        slots(requests.size()) {}

  void Run();
  void Stop();
  bool IsStopping() {
    const std::lock_guard<std::mutex> lock(mutex);
    return is_stopping;
  }
};

void RawVideoQueue::State::Run() {
  PrepWorkerOptions stoppable = worker;
  stoppable.is_stopping = [this] { return IsStopping(); };
  PrepWorker own(std::move(stoppable));
  std::unique_lock<std::mutex> lock(mutex);
  while (true) {
    changed.wait(lock, [&] {
      return is_stopping || num_taken == requests.size() || num_taken < num_given + num_ahead;
    });
    if (is_stopping || num_taken == requests.size()) {
      return;
    }
    const size_t number = num_taken++;
    lock.unlock();
    Slot slot = Prepared(requests[number], &own);
    lock.lock();
    slots[number] = std::move(slot);
    changed.notify_all();
  }
}

void RawVideoQueue::State::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex);
    is_stopping = true;
  }
  changed.notify_all();
  for (std::thread& thread : threads) {
    thread.join();
  }
}

RawVideoQueue::RawVideoQueue(std::vector<PrepareRequest> requests, const PrepWorkerOptions& worker,
                             int num_threads)
    : state_(
          std::make_unique<State>(std::move(requests), worker, static_cast<size_t>(num_threads))) {
  try {
    for (int i = 0; i < num_threads; ++i) {
      state_->threads.emplace_back([state = state_.get()] { state->Run(); });
    }
  } catch (const std::exception& error) {
    state_->Stop();
    throw EnvironmentError(fmt::format(
        "cannot start thread {} of {} that prepare videos: {}; use fewer --loader-threads",
        state_->threads.size() + 1, num_threads, error.what()));
  }
}

RawVideoQueue::~RawVideoQueue() { state_->Stop(); }

std::unique_ptr<RawVideo> RawVideoQueue::Next() {
  std::unique_lock<std::mutex> lock(state_->mutex);
  const size_t number = state_->num_given;
  REEL3D_CHECK(number < state_->slots.size());
  state_->changed.wait(lock, [&] { return state_->slots[number].is_ready; });
  std::vector<RawPart>& parts = state_->slots[number].parts;
  RawPart part = std::move(parts[state_->next_part++]);
  if (state_->next_part == parts.size()) {
    state_->next_part = 0;
    ++state_->num_given;
  }
  lock.unlock();
  state_->changed.notify_all();
  if (part.error != nullptr) {
    std::rethrow_exception(part.error);
  }
  return std::move(part.video);
}

}  // namespace reel3d

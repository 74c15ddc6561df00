// SPDX-License-Identifier: Apache-2.0
#include "python/src/python_lock.h"

#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace reel3d::python {
namespace {

// These are read and changed with the lock.
int num_without_lock = 0;
bool is_ending = false;
std::thread::id ending_thread;  // it is never stopped

// Threads that still wait after kPatience must not ask for the lock any more.
std::atomic<bool> is_too_late{false};
std::atomic<int> num_asking{0};  // for the lock

[[noreturn]] void Stop() {
  for (;;) {
    pause();
  }
}

// Has the lock at the end, as at the beginning.
template <class Condition>
void WaitFor(const Condition& condition, std::chrono::steady_clock::time_point latest) {
  while (!condition() && std::chrono::steady_clock::now() < latest) {
    PyThreadState* state = PyEval_SaveThread();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    PyEval_RestoreThread(state);
  }
}

// Only the thread that forks is in the new process, and it has the lock.
void NoteFork() {
  num_without_lock = 0;
  num_asking = 0;
}

}  // namespace

WithoutLock::WithoutLock() {
  static const int registered = pthread_atfork(nullptr, nullptr, NoteFork);
  static_cast<void>(registered);
  ++num_without_lock;
  state_ = PyEval_SaveThread();
}

WithoutLock::~WithoutLock() {
  ++num_asking;
  if (is_too_late && std::this_thread::get_id() != ending_thread) {
    --num_asking;
    Stop();
  }
  PyEval_RestoreThread(state_);
  --num_asking;
  --num_without_lock;
}

void StopIfEnding() {
  if (!is_ending || std::this_thread::get_id() == ending_thread) {
    return;
  }
  PyEval_SaveThread();
  Stop();
}

void PrepareEnd(const std::function<void()>& close) {
  is_ending = true;
  ending_thread = std::this_thread::get_id();
  close();
  const auto now = std::chrono::steady_clock::now();
  WaitFor([] { return num_without_lock == 0; }, now + kPatience);
  is_too_late = true;
  WaitFor([] { return num_asking == 0; }, std::chrono::steady_clock::time_point::max());
}

}  // namespace reel3d::python

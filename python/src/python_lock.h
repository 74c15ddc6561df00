// Python's lock (GIL) around C++ that waits or computes. A thread that asks for the lock after the
// interpreter has ended is ended by Python in the middle of C++ functions, which aborts the process
// (CPython before 3.14). So the interpreter ends only when no thread is in such a place.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Python.h>

#include <chrono>
#include <functional>

namespace reel3d::python {

// How long this process waits for threads that should end.
inline constexpr std::chrono::seconds kPatience(10);

// Releases the lock for as long as the object lives.
class WithoutLock {
 public:
  WithoutLock();
  ~WithoutLock();
  WithoutLock(const WithoutLock&) = delete;
  WithoutLock& operator=(const WithoutLock&) = delete;

 private:
  PyThreadState* state_;
};

// Does not return if another thread has called PrepareEnd(). A thread calls it with the lock,
// before it uses loaders, and while it holds nothing of them.
void StopIfEnding();

// Calls `close`, which ends all waits of other threads, and waits until no thread is without the
// lock, at most kPatience. Threads that want the lock later never get it, and those that call
// StopIfEnding() stop. Python calls this function before it ends, with the lock.
void PrepareEnd(const std::function<void()>& close);

}  // namespace reel3d::python

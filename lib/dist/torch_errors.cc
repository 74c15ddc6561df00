// SPDX-License-Identifier: Apache-2.0
#include "lib/dist/torch_errors.h"

#include <c10/util/Exception.h>

#include <string>

#include "lib/base/error.h"

namespace reel3d {
namespace {

constexpr const char* kOutOfMemory =
    "out of memory; a smaller --batch needs less, in training a smaller --micro-batch";

std::string FirstLine(const c10::Error& error) {
  const std::string text = error.what_without_backtrace();
  return text.substr(0, text.find('\n'));
}

// The CPU's allocator throws a plain c10::Error, so only the message identifies its errors.
bool IsOutOfMemory(const c10::Error& error) {
  return dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
         FirstLine(error).find("can't allocate memory") != std::string::npos;
}

// Returns true for errors of the GPU's driver and of NCCL, which are faults of the machine.
bool IsOfTheMachine(const c10::Error& error) {
  return dynamic_cast<const c10::DistError*>(&error) != nullptr ||
         dynamic_cast<const c10::AcceleratorError*>(&error) != nullptr;
}

}  // namespace

void WithTorchErrors(const std::function<void()>& work) {
  try {
    work();
  } catch (const c10::Error& error) {
    if (IsOutOfMemory(error)) {
      throw EnvironmentError(std::string(kOutOfMemory) + " (" + FirstLine(error) + ")");
    }
    if (IsOfTheMachine(error)) {
      throw EnvironmentError(FirstLine(error));
    }
    throw Error(ErrorKind::kInternal, FirstLine(error) + " (unexpected: a bug of reel3d)");
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    // oneDNN throws a type of its own that carries nothing but words. In all cases seen so far,
    // this message meant that memory had run out.
    if (std::string(error.what()) == "could not create a primitive") {
      throw EnvironmentError(kOutOfMemory);
    }
    throw;
  }
}

}  // namespace reel3d

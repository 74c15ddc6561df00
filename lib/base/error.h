// The one exception type of reel3d, and the exit status that each kind of it becomes.
//
// A kind says whose fault it is and so what the caller may do about it: an input fault costs one
// item (pipeline/support/item_loop swallows it and counts), everything else ends the tool.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <exception>
#include <stdexcept>
#include <string>

namespace reel3d {

enum class ErrorKind {
  kFailed,       // the work could not be done, for none of the reasons below
  kUsage,        // wrong option, unknown configuration key, contradictory settings
  kInput,        // a video, shard, manifest or weights file is bad, or too many of them are
  kEnvironment,  // disk, file system, memory, GPU, MPI
  kInternal,     // a bug of ours
};

// Exit statuses of every tool.
constexpr int kExitDone = 0;
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;
constexpr int kExitInput = 3;
constexpr int kExitEnvironment = 4;
constexpr int kExitInternal = 70;
constexpr int kExitStoppedEarly = 75;  // stopped at a checkpoint: run the same command again

int ExitStatus(ErrorKind kind);

// The message is one line: what failed, which item, why, and what to do where that is known.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

inline Error UsageError(const std::string& message) { return {ErrorKind::kUsage, message}; }
inline Error InputError(const std::string& message) { return {ErrorKind::kInput, message}; }
inline Error EnvironmentError(const std::string& message) {
  return {ErrorKind::kEnvironment, message};
}

// Opening or reading failed with this errno: an environment error that ends in the system's own
// words. ENOENT, EISDIR, ENOTDIR, EACCES and ENAMETOOLONG become input errors: the user named the
// wrong file.
Error ReadError(const std::string& what, int error_number);

// Making or writing failed with this errno: always an environment error, with a hint for a full
// disk. What a stage cannot write is never the fault of the item it is working on.
Error WriteError(const std::string& what, int error_number);

// What ends a tool: its exit status and the one line that says why. An exception that is not ours
// is a bug of reel3d unless it is known to speak of the machine (memory, threads, file system).
struct Failure {
  int exit_status;
  std::string line;
};
Failure DescribeFailure(const std::exception& exception);

[[noreturn]] void FailCheck(const char* file, int line, const char* expression);

}  // namespace reel3d

// States what must hold unless reel3d itself is wrong. Never for checking input.
#define REEL3D_CHECK(expression) \
  ((expression) ? static_cast<void>(0) : ::reel3d::FailCheck(__FILE__, __LINE__, #expression))

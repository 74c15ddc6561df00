// Defines the one exception type of reel3d, and the exit status of each of its kinds.
//
// The kind says whose fault an error is. An input error costs one item: pipeline/support/item_loop
// catches and counts it. Every other kind ends the tool.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cerrno>
#include <exception>
#include <stdexcept>
#include <string>

namespace reel3d {

enum class ErrorKind {
  kFailed,       // the work could not be done, and no kind below fits
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

// The message is one line. It says what failed, for which item, why, and what to do if that is
// known. It is for people: code decides by the kind and by the number of the system.
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message, int system_error = 0)
      : std::runtime_error(message), kind_(kind), system_error_(system_error) {}
  ErrorKind kind() const { return kind_; }
  // Returns the errno of the system call that failed; 0 if there was none, or it is not known.
  int system_error() const { return system_error_; }
  // Returns whether a disk is full or a quota is used up.
  bool IsDiskFull() const { return system_error_ == ENOSPC || system_error_ == EDQUOT; }

 private:
  ErrorKind kind_;
  int system_error_;
};

inline Error UsageError(const std::string& message) { return {ErrorKind::kUsage, message}; }
inline Error InputError(const std::string& message) { return {ErrorKind::kInput, message}; }
inline Error EnvironmentError(const std::string& message) {
  return {ErrorKind::kEnvironment, message};
}

// Makes the error for a file that could not be opened or read. The message ends with the system's
// text for `error_number`. ENOENT, EISDIR, ENOTDIR, EACCES and ENAMETOOLONG are input errors,
// because the user named the wrong file. Others are environment errors.
Error ReadError(const std::string& what, int error_number);

// Makes the error for a file that could not be created or written. It is always an environment
// error, because no input item causes it. For a full disk the message has a hint.
Error WriteError(const std::string& what, int error_number);

// Describes how a tool ends: its exit status, and one line with the reason. An exception of another
// type counts as a bug of reel3d, except if it reports a fault of the machine (memory, threads,
// files).
struct Failure {
  int exit_status;
  std::string line;
};
Failure DescribeFailure(const std::exception& exception);

[[noreturn]] void FailCheck(const char* file, int line, const char* expression);

}  // namespace reel3d

// States a condition that can only be false if reel3d itself is wrong. Never use it to check input.
#define REEL3D_CHECK(expression) \
  ((expression) ? static_cast<void>(0) : ::reel3d::FailCheck(__FILE__, __LINE__, #expression))

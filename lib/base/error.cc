// SPDX-License-Identifier: Apache-2.0
#include "lib/base/error.h"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

namespace reel3d {

int ExitStatus(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kFailed:
      return kExitFailed;
    case ErrorKind::kUsage:
      return kExitUsage;
    case ErrorKind::kInput:
      return kExitInput;
    case ErrorKind::kEnvironment:
      return kExitEnvironment;
    case ErrorKind::kInternal:
      break;
  }
  return kExitInternal;
}

Error SystemError(const std::string& what, int error_number) {
  const std::string reason = std::generic_category().message(error_number);
  switch (error_number) {
    case ENOENT:
    case EISDIR:
    case ENOTDIR:
      return {ErrorKind::kInput, fmt::format("{}: {}", what, reason)};
    case ENOSPC:
    case EDQUOT:
      return {ErrorKind::kEnvironment,
              fmt::format("{}: {}; free some space and run the same command again", what, reason)};
    default:
      return {ErrorKind::kEnvironment, fmt::format("{}: {}", what, reason)};
  }
}

void FailCheck(const char* file, int line, const char* expression) {
  throw Error(ErrorKind::kInternal,
              fmt::format("{}:{}: does not hold: {} (a bug of reel3d)", file, line, expression));
}

}  // namespace reel3d

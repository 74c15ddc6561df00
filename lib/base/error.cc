// SPDX-License-Identifier: Apache-2.0
#include "lib/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <new>
#include <system_error>

#include "lib/base/visible_text.h"

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

namespace {

std::string Reason(const std::string& what, int error_number) {
  return fmt::format("{}: {}", what, std::generic_category().message(error_number));
}

std::string OneLine(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');  // messages of libraries may have several
  return EscapedLines(text);
}

}  // namespace

Error ReadError(const std::string& what, int error_number) {
  const bool wrong_name = error_number == ENOENT || error_number == EISDIR ||
                          error_number == ENOTDIR || error_number == EACCES ||
                          error_number == ENAMETOOLONG;
  return {wrong_name ? ErrorKind::kInput : ErrorKind::kEnvironment, Reason(what, error_number),
          error_number};
}

Error WriteError(const std::string& what, int error_number) {
  const Error error(ErrorKind::kEnvironment, Reason(what, error_number), error_number);
  return error.IsDiskFull()
             ? Error(error.kind(),
                     std::string(error.what()) + "; free some space and run the same command again",
                     error_number)
             : error;
}

Failure DescribeFailure(const std::exception& exception) {
  const std::string line = OneLine(exception.what());
  if (const auto* error = dynamic_cast<const Error*>(&exception)) {
    return {ExitStatus(error->kind()), line};
  }
  if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr) {
    return {kExitEnvironment, "out of memory"};
  }
  if (const auto* error = dynamic_cast<const std::filesystem::filesystem_error*>(&exception);
      error != nullptr && !error->path1().empty()) {
    const std::string target = error->path2().empty() ? "" : " -> " + error->path2().string();
    return {kExitEnvironment,
            OneLine(error->path1().string() + target + ": " + error->code().message())};
  }
  // A thread that cannot start throws one of these.
  if (dynamic_cast<const std::system_error*>(&exception) != nullptr) {
    return {kExitEnvironment, line};
  }
  return {kExitInternal, line + " (unexpected: a bug of reel3d)"};
}

void FailCheck(const char* file, int line, const char* expression) {
  throw Error(ErrorKind::kInternal,
              fmt::format("{}:{}: does not hold: {} (a bug of reel3d)", file, line, expression));
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "lib/base/job_end.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>

namespace reel3d {
namespace {

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool IsNumber(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

// Reads "2026-11-25T23:25:34" in local time, as Slurm's tools print it.
std::optional<int64_t> ParseLocalTime(const std::string& text) {
  std::tm parts{};
  if (strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr) {
    return std::nullopt;  // "NONE", "Unknown"
  }
  parts.tm_isdst = -1;
  const std::time_t time = std::mktime(&parts);
  return time < 0 ? std::nullopt : std::optional<int64_t>(time);
}

std::string AskSqueue(const std::string& job) {
  const std::string command =
      "SLURM_TIME_FORMAT=standard squeue --noheader --jobs=" + job + " --format=%e 2>/dev/null";
  // popen() runs a shell, which finds squeue. Its error is discarded if there is no squeue.
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command.c_str(), "re"), pclose);
  std::array<char, 64> line{};
  const bool answered =
      pipe && std::fgets(line.data(), static_cast<int>(line.size()), pipe.get()) != nullptr;
  return answered ? line.data() : "";
}

}  // namespace

std::optional<int64_t> JobEndTime() {
  const std::string end = FromEnvironment("SLURM_JOB_END_TIME");
  if (IsNumber(end) && end.size() < 19) {
    return std::strtoll(end.c_str(), nullptr, 10);
  }
  const std::string job = FromEnvironment("SLURM_JOB_ID");
  return IsNumber(job) ? ParseLocalTime(AskSqueue(job)) : std::nullopt;
}

}  // namespace reel3d

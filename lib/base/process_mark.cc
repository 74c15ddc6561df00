// SPDX-License-Identifier: Apache-2.0
#include "lib/base/process_mark.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "lib/base/host.h"
#include "lib/base/json.h"
#include "lib/base/process_state.h"

namespace reel3d {
namespace {

using Json = nlohmann::ordered_json;

std::string JobName() {
  for (const char* name : {"SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID"}) {
    if (const char* job = std::getenv(name)) {
      return job;
    }
  }
  return "";
}

}  // namespace

ProcessMark OwnMark() {
  return {HostName(), getpid(), JobName(), ObserveProcess(getpid()).start, ProcessSpace()};
}

Json ToJson(const ProcessMark& mark) {
  return {{"host", mark.host},
          {"process", mark.process},
          {"job", mark.job},
          {"process_start", mark.process_start},
          {"machine", mark.machine}};
}

ProcessMark ProcessMarkOf(const Json& json) {
  const std::string none;
  return {MemberOr(json, "host", none), MemberOr(json, "process", 0), MemberOr(json, "job", none),
          MemberOr(json, "process_start", none), MemberOr(json, "machine", none)};
}

std::optional<bool> IsAlive(const ProcessMark& mark) {
  if (mark.process <= 0 || mark.machine != ProcessSpace()) {
    return std::nullopt;
  }
  const ProcessState state = ObserveProcess(mark.process);
  return state.is_alive && (state.start.empty() || state.start == mark.process_start);
}

std::string NameProcess(const ProcessMark& mark) {
  return fmt::format("process {} on {}{}{}", mark.process, mark.host.empty() ? "?" : mark.host,
                     mark.job.empty() ? "" : ", job ", mark.job);
}

}  // namespace reel3d

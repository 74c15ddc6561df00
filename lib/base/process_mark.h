// States in a file which process wrote it, so that others can tell whether that process has ended.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace reel3d {

struct ProcessMark {
  std::string host;
  int process = 0;
  std::string job;            // number of the scheduler's job; "" outside of jobs
  std::string process_start;  // ProcessState::start
  std::string machine;        // ProcessSpace(): where the number of the process is valid
};

// Returns the mark of this process. Any thread may call it.
ProcessMark OwnMark();

// These convert a mark to and from an object of JSON. A member that is absent, or that has another
// type than expected, is read as empty.
nlohmann::ordered_json ToJson(const ProcessMark& mark);
ProcessMark ProcessMarkOf(const nlohmann::ordered_json& json);

// Returns whether the process is there; nothing if this machine cannot tell.
std::optional<bool> IsAlive(const ProcessMark& mark);

// Returns a text such as "process 4711 on node17, job 815".
std::string NameProcess(const ProcessMark& mark);

}  // namespace reel3d

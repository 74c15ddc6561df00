// The log: one line an event on stderr, with the time, the tool's name and (under MPI) the rank.
// stdout belongs to results and is never written here.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace reel3d {

// Sets the name that stands in every line. `tag` follows it where several processes share a
// terminal ("rank 3"). Call once, before other threads log.
void InitLog(const std::string& tool_name, const std::string& tag = "");
// "debug", "info", "warn" or "error"; lower lines are dropped. Throws a usage error on others.
void SetLogLevel(const std::string& level);

// Any thread. Build messages with fmt::format. Control characters in them become visible.
void LogDebug(const std::string& message);
void LogInfo(const std::string& message);
void LogWarn(const std::string& message);
void LogError(const std::string& message);

}  // namespace reel3d

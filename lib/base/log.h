// Writes the log to stderr: one line per event, with the time, the tool's name and (under MPI) the
// rank. It never writes to stdout, which is for results.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace reel3d {

// Sets the tool's name, which follows the time in every line. `tag` ("rank 3") follows the name if
// several processes share a terminal. Call it once, before other threads log.
void InitLog(const std::string& tool_name, const std::string& tag = "");
// Sets the level: "debug", "info", "warn" or "error"; lines of lower levels are dropped. Throws a
// usage error on other names.
void SetLogLevel(const std::string& level);

// Any thread may call these. Build messages with fmt::format. Control characters in them become
// visible.
void LogDebug(const std::string& message);
void LogInfo(const std::string& message);
void LogWarn(const std::string& message);
void LogError(const std::string& message);

}  // namespace reel3d

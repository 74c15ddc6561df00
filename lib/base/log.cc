// SPDX-License-Identifier: Apache-2.0
#include "lib/base/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "lib/base/error.h"
#include "lib/base/visible_text.h"

namespace reel3d {
namespace {

spdlog::logger& Logger() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = std::make_shared<spdlog::logger>(
        "reel3d", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    made->set_pattern("%H:%M:%S %^%l%$ %v");
    // Many processes write to one job log, so each line is written complete and at once.
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

}  // namespace

void InitLog(const std::string& tool_name, const std::string& tag) {
  const std::string name = tag.empty() ? tool_name : tool_name + " " + tag;
  Logger().set_pattern("%H:%M:%S " + name + " %^%l%$: %v");
}

void SetLogLevel(const std::string& level) {
  for (const auto& [name, value] :
       {std::pair{"debug", spdlog::level::debug}, std::pair{"info", spdlog::level::info},
        std::pair{"warn", spdlog::level::warn}, std::pair{"error", spdlog::level::err}}) {
    if (level == name) {
      Logger().set_level(value);
      return;
    }
  }
  throw UsageError("--log-level " + level + ": debug, info, warn or error");
}

void LogDebug(const std::string& message) { Logger().debug(EscapedLines(message)); }
void LogInfo(const std::string& message) { Logger().info(EscapedLines(message)); }
void LogWarn(const std::string& message) { Logger().warn(EscapedLines(message)); }
void LogError(const std::string& message) { Logger().error(EscapedLines(message)); }

}  // namespace reel3d

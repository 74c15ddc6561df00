// Has helpers for tests: temporary folders, the shared test data, running the real tools.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace reel3d::test {

// A folder of its own under the system's temporary folder, removed at the end of the scope.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// The project's own files (REEL3D_SOURCE) and built tools (REEL3D_BIN), as ctest sets them.
std::filesystem::path SourceFolder();
std::filesystem::path ToolPath(const std::string& tool);
// A folder or file beside the project (REEL3D_SHARED); empty where absent, and the test skips:
//   const auto data = SharedData("data/weizmann");
//   if (data.empty()) GTEST_SKIP() << "no ../shared/data/weizmann here";
std::filesystem::path SharedData(const std::string& relative_path);

struct CommandResult {
  int exit_status = -1;  // 128 + signal if killed
  std::string out, err;
};
// Runs a program with these arguments, standard input empty, and waits. `environment` holds
// "NAME=value" to add.
CommandResult RunCommand(const std::vector<std::string>& command,
                         const std::vector<std::string>& environment = {});

// The processes that have `word` among their arguments or, as "NAME=value", in their environment.
std::vector<int> FindProcesses(const std::string& word);

// Runs `command` and after `seconds` kills (SIGKILL) every process that has `argument` among its
// arguments: the command itself and, under mpirun, its ranks. Whether that hit it before its end.
bool RunAndKill(const std::vector<std::string>& command, const std::string& argument,
                double seconds);

}  // namespace reel3d::test

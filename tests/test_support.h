// Helpers for tests: temporary folders, the shared test data, running the real tools.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace reel3d::test {

// A new folder under the system's temporary folder. It is removed at the end of the scope.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// Returns the project's source folder (REEL3D_SOURCE) and a built tool in REEL3D_BIN. ctest sets
// both variables.
std::filesystem::path SourceFolder();
std::filesystem::path ToolPath(const std::string& tool);
// Returns a folder or file in REEL3D_SHARED, beside the project. If it is absent, the path is empty
// and the test must be skipped:
//   const auto data = SharedData("data/weizmann");
//   if (data.empty()) GTEST_SKIP() << "no ../shared/data/weizmann here";
std::filesystem::path SharedData(const std::string& relative_path);

struct CommandResult {
  int exit_status = -1;  // 128 + signal if killed
  std::string out, err;
};
// Runs a program with these arguments and an empty standard input, and waits for its end.
// `environment` holds further variables as "NAME=value".
CommandResult RunCommand(const std::vector<std::string>& command,
                         const std::vector<std::string>& environment = {});

// Returns the processes with `word` as an argument, or as "NAME=value" in their environment.
std::vector<int> FindProcesses(const std::string& word);

// Runs `number` processes of `command` at once, and returns their results when all have ended.
std::vector<CommandResult> RunAtOnce(const std::vector<std::string>& command, int number);

// Runs `command`, and after `seconds` kills (SIGKILL) every process that has `argument` as an
// argument: the command itself and, under mpirun, its ranks. Returns false if it had already ended.
bool RunAndKill(const std::vector<std::string>& command, const std::string& argument,
                double seconds);
// Does the same as soon as `is_due` returns true, which is asked a thousand times a second.
bool RunAndKillWhen(const std::vector<std::string>& command, const std::string& argument,
                    const std::function<bool()>& is_due);

// Times of kills that hit a command on its way, though other work makes the machine slower or
// quicker from one run to the next.
class KillTimes {
 public:
  // `whole_s` is how long the undisturbed command took.
  explicit KillTimes(double whole_s) : whole_s_(whole_s) {}

  // Returns the time of a kill after this fraction of the command.
  double Seconds(double fraction) const { return fraction * whole_s_; }
  // Takes note of whether a kill came before the command's end. If not, the command has become
  // quicker, and is expected to take a fifth less.
  void Note(bool is_hit) {
    num_hit_ += is_hit ? 1 : 0;
    whole_s_ *= is_hit ? 1 : 0.8;
  }
  int num_hit() const { return num_hit_; }

 private:
  double whole_s_;
  int num_hit_ = 0;
};

}  // namespace reel3d::test

// SPDX-License-Identifier: Apache-2.0
#include "tests/test_support.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

#include "lib/base/error.h"

namespace reel3d::test {
namespace fs = std::filesystem;
namespace {

fs::path FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') {
    throw Error(ErrorKind::kFailed, std::string(name) + " is not set: run the tests by ctest");
  }
  return value;
}

std::string Contents(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (const std::string& string : strings) {
    pointers.push_back(const_cast<char*>(string.c_str()));
  }
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string name = (fs::temp_directory_path() / "reel3d-test-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) {
    throw WriteError("cannot make " + name, errno);
  }
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path SourceFolder() { return FromEnvironment("REEL3D_SOURCE"); }

fs::path ToolPath(const std::string& tool) { return FromEnvironment("REEL3D_BIN") / tool; }

fs::path SharedData(const std::string& relative_path) {
  const char* shared = std::getenv("REEL3D_SHARED");
  const fs::path path = fs::path(shared == nullptr ? "" : shared) / relative_path;
  return shared != nullptr && fs::exists(path) ? path : fs::path();
}

CommandResult RunCommand(const std::vector<std::string>& command,
                         const std::vector<std::string>& environment) {
  const TemporaryFolder folder;
  const std::string out = (folder / "out").string();
  const std::string err = (folder / "err").string();
  std::vector<std::string> variables = environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    variables.emplace_back(*variable);
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), O_WRONLY | O_CREAT, 0600);
  pid_t process = 0;
  const int error = posix_spawnp(&process, command.front().c_str(), &actions, nullptr,
                                 Pointers(command).data(), Pointers(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    throw ReadError("cannot run " + command.front(), error);
  }
  int status = 0;
  waitpid(process, &status, 0);
  CommandResult result;
  result.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = Contents(out);
  result.err = Contents(err);
  return result;
}

std::vector<int> FindProcesses(const std::string& word) {
  std::vector<int> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const int process = std::atoi(entry.path().filename().c_str());
    if (process <= 0) {
      continue;
    }
    // /proc ends each word with a NUL.
    const std::string words = '\0' + Contents((entry.path() / "cmdline").string()) +
                              Contents((entry.path() / "environ").string());
    if (words.find('\0' + word + '\0') != std::string::npos) {
      found.push_back(process);
    }
  }
  return found;
}

std::vector<CommandResult> RunAtOnce(const std::vector<std::string>& command, int number) {
  std::vector<CommandResult> results(static_cast<size_t>(number));
  std::vector<std::thread> processes;
  for (CommandResult& result : results) {
    processes.emplace_back([&] { result = RunCommand(command); });
  }
  for (std::thread& process : processes) {
    process.join();
  }
  return results;
}

bool RunAndKill(const std::vector<std::string>& command, const std::string& argument,
                double seconds) {
  const auto due = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  return RunAndKillWhen(command, argument, [&] { return std::chrono::steady_clock::now() >= due; });
}

bool RunAndKillWhen(const std::vector<std::string>& command, const std::string& argument,
                    const std::function<bool()>& is_due) {
  std::atomic<bool> has_ended = false;
  std::thread killer([&] {
    while (!is_due()) {
      if (has_ended) {
        return;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    for (const int process : FindProcesses(argument)) {
      kill(process, SIGKILL);
    }
  });
  const CommandResult result = RunCommand(command);
  has_ended = true;
  killer.join();
  return result.exit_status == 128 + SIGKILL;
}

}  // namespace reel3d::test

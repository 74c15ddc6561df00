// SPDX-License-Identifier: Apache-2.0
#include "lib/base/process_state.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

namespace reel3d {
namespace {

std::string FirstLineOf(const std::string& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line;
}

// Returns the fields of /proc/PROCESS/stat from the third on, the state. The second is a name,
// which may hold blanks and brackets.
std::istringstream FieldsAfterName(pid_t process) {
  const std::string line = FirstLineOf("/proc/" + std::to_string(process) + "/stat");
  return std::istringstream(line.substr(std::min(line.rfind(')') + 1, line.size())));
}

}  // namespace

ProcessState ObserveProcess(pid_t process) {
  if (process <= 0 || (kill(process, 0) != 0 && errno == ESRCH)) {
    return {};
  }
  std::istringstream fields = FieldsAfterName(process);
  std::string field;
  fields >> field;
  if (field == "Z" || field == "X") {
    return {};
  }
  constexpr int kState = 3;
  constexpr int kStart = 22;
  for (int number = kState; number < kStart; ++number) {
    fields >> field;
  }
  return {true, fields ? field : ""};
}

std::string ProcessSpace() {
  std::error_code ignored;
  return FirstLineOf("/proc/sys/kernel/random/boot_id") + " " +
         std::filesystem::read_symlink("/proc/self/ns/pid", ignored).string();
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "lib/base/process_state.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>

namespace reel3d {
namespace {

// Returns the fields of /proc/PROCESS/stat from the third on, the state. The second is a name,
// which may hold blanks and brackets.
std::istringstream FieldsAfterName(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string line;
  std::getline(file, line);
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

}  // namespace reel3d

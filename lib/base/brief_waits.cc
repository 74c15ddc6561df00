// SPDX-License-Identifier: Apache-2.0
#include "lib/base/brief_waits.h"

#include <unistd.h>

#include <climits>
#include <string_view>
#include <vector>

namespace reel3d {
namespace {

// 50 us on a Xeon: longer than most waits of a program that has the cores to itself.
char brief_waits[] = "GOMP_SPINCOUNT=1000";

bool SaysHowToWait(std::string_view variable) {
  const std::string_view name = variable.substr(0, variable.find('='));
  return name == "GOMP_SPINCOUNT" || name == "OMP_WAIT_POLICY";
}

}  // namespace

void WaitBriefly(int /*argc*/, char** argv, char** environment) {
  std::vector<char*> variables;
  for (; *environment != nullptr; ++environment) {
    if (SaysHowToWait(*environment)) {
      return;
    }
    variables.push_back(*environment);
  }
  variables.push_back(brief_waits);
  variables.push_back(nullptr);
  char path[PATH_MAX] = {};  // the link itself would give the process the name "exe"
  if (readlink("/proc/self/exe", path, sizeof(path) - 1) > 0) {
    execve(path, argv, variables.data());
  }
}

}  // namespace reel3d

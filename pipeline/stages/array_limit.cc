// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/array_limit.h"

#include <cstdio>
#include <memory>
#include <string>

#include "lib/base/error.h"
#include "lib/cluster/slurm_text.h"

namespace reel3d {

double AskMostArrayTasks() {
  const char* command = "timeout 10 scontrol show config 2>/dev/null";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command, "re"), pclose);
  std::string answer;
  char part[4096];
  while (pipe && std::fgets(part, sizeof part, pipe.get()) != nullptr) {
    answer += part;
  }
  const int64_t tasks = MostArrayTasks(answer).value_or(0);
  if (tasks < 1) {
    throw EnvironmentError(
        "scontrol show config says no MaxArraySize: run this where Slurm works, or give "
        "--max-array-size");
  }
  return static_cast<double>(tasks);
}

}  // namespace reel3d

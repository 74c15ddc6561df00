// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/array_limit.h"

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "lib/base/error.h"

namespace reel3d {

double AskMaxArraySize() {
  const char* command = "timeout 10 scontrol show config 2>/dev/null";
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command, "re"), pclose);
  std::string answer;
  char part[4096];
  while (pipe && std::fgets(part, sizeof part, pipe.get()) != nullptr) {
    answer += part;
  }
  const std::string name = "MaxArraySize";
  const size_t place = answer.find(name);
  const size_t equals = place == std::string::npos ? place : answer.find('=', place);
  const double size =
      equals == std::string::npos ? 0 : std::strtod(answer.c_str() + equals + 1, nullptr);
  if (!(size >= 1 && size <= 1e9)) {
    throw EnvironmentError(
        "scontrol show config says no MaxArraySize: run this where Slurm works, or give "
        "--max-array-size");
  }
  return size;
}

}  // namespace reel3d

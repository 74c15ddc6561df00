// Lets a fuzzer made with libFuzzer write its seeds: NAME_fuzzer --write-seeds FOLDER
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/fuzz/fuzz_target.h"

// libFuzzer calls this before anything else.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);

int LLVMFuzzerInitialize(int* argc, char*** argv) {
  const char* const* arguments = *argv;
  if (*argc == 3 && std::string(arguments[1]) == "--write-seeds") {
    const std::filesystem::path folder = arguments[2];
    std::filesystem::create_directories(folder);
    int number = 0;
    for (const std::string& seed : reel3d::fuzz::Seeds()) {
      std::ofstream(folder / ("seed-" + std::to_string(number++)), std::ios::binary) << seed;
    }
    std::exit(0);
  }
  return 0;
}

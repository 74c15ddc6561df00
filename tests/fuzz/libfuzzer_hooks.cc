// Adds two things to a fuzzer made with libFuzzer: NAME_fuzz --write-seeds FOLDER writes its seeds,
// and libraries may fail to get too much memory.
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/fuzz/fuzz_target.h"

// libFuzzer and the sanitizers call these functions by these names.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);
extern "C" const char* __asan_default_options();

// Libraries may ask for far too much memory and continue without it. Our own code uses `new`, whose
// failure is reported all the same.
const char* __asan_default_options() {
  return "allocator_may_return_null=1:max_allocation_size_mb=2048";
}

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

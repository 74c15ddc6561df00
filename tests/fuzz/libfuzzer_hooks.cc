// What a fuzzer made with libFuzzer has besides its target: it can write its seeds,
// NAME_fuzz --write-seeds FOLDER, and libraries may ask it for too much memory.
// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/fuzz/fuzz_target.h"

// The names under which libFuzzer and the sanitizers call these.
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);
extern "C" const char* __asan_default_options();

// Libraries may ask for far too much and go on when they do not get it; our own code uses `new`,
// which is reported all the same.
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

// Runs a fuzz target without libFuzzer. It tries the seeds, every file of a corpus, and then random
// damage to all of these, which is the same on each run.
//
//   NAME_fuzz COUNT [FOLDER_OR_FILE...]     COUNT: number of damaged inputs
//
// An input that causes a crash or a hang is left as ./NAME_fuzz.crash.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "lib/base/child_process.h"
#include "lib/base/file.h"
#include "lib/base/rng.h"
#include "tests/fuzz/fuzz_target.h"

namespace reel3d::fuzz {
namespace {

namespace fs = std::filesystem;

// A single input takes milliseconds, or seconds on a busy machine.
constexpr unsigned kHang_s = 120;
constexpr int kMemory_mb = 4096;
// The maximum size to which a seed grows.
constexpr size_t kMaxBytes = size_t{1} << 20;

// The signal handler reads these.
std::string crash_file;
const std::string* input_at_hand = nullptr;

void LeaveInput(int signal_number) {
  const int file = open(crash_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  const std::string& input = *input_at_hand;
  const bool left = file >= 0 && write(file, input.data(), input.size()) >= 0;
  constexpr std::string_view kFound = "found a crash or hang; its input is left in ";
  if (left && write(STDERR_FILENO, kFound.data(), kFound.size()) >= 0 &&
      write(STDERR_FILENO, crash_file.data(), crash_file.size()) >= 0 &&
      write(STDERR_FILENO, "\n", 1) >= 0) {
  }
  std::signal(signal_number, SIG_DFL);
  std::raise(signal_number);
}

void Try(const std::string& input) {
  input_at_hand = &input;
  alarm(kHang_s);
  // The copy ends where its memory ends, so that sanitizers notice reads past it.
  const std::vector<uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::vector<std::string> Corpus(int num_paths, char** paths) {
  std::vector<std::string> inputs = Seeds();
  std::vector<fs::path> files;
  for (int i = 0; i < num_paths; ++i) {
    const fs::path path = paths[i];
    if (fs::is_regular_file(path)) {
      files.push_back(path);
    } else if (fs::is_directory(path)) {
      std::copy(fs::directory_iterator(path), {}, std::back_inserter(files));
    }
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) {
    inputs.push_back(ReadFile(file));
  }
  return inputs;
}

// Damages inputs as libFuzzer does, but does not notice which inputs reach new code.
class Damage {
 public:
  explicit Damage(const std::vector<std::string>& inputs) : inputs_(inputs) {}

  std::string Next() {
    std::string input = Any();
    for (int64_t damages = 1 + rng_.Below(4); damages > 0 && !input.empty(); --damages) {
      Once(&input);
    }
    return input.substr(0, kMaxBytes);
  }

 private:
  const std::string& Any() { return inputs_[Below(inputs_.size())]; }
  size_t Below(size_t bound) {
    return static_cast<size_t>(rng_.Below(static_cast<int64_t>(bound)));
  }
  // Returns a part of `text`, usually a short one.
  std::string Part(const std::string& text) {
    const size_t begin = text.empty() ? 0 : Below(text.size());
    return text.substr(begin, Below(Below(4) == 0 ? text.size() + 1 : 16));
  }
  // Returns 1, 2, 4 or 8 bytes of a number that programs often handle wrongly.
  std::string Number() {
    constexpr std::array<uint64_t, 8> kNumbers = {
        0, 1, 0x7F, 0xFF, 0x7FFFFFFF, 0xFFFFFFFF, uint64_t{1} << 40, UINT64_MAX};
    const uint64_t number = kNumbers[Below(kNumbers.size())];
    return std::string(reinterpret_cast<const char*>(&number), size_t{1} << Below(4));
  }

  void Once(std::string* input) {
    const size_t at = Below(input->size());
    switch (Below(7)) {
      case 0:
        (*input)[at] = static_cast<char>((*input)[at] ^ (1 << Below(8)));
        break;
      case 1:
        (*input)[at] = static_cast<char>(Below(256));
        break;
      case 2:
        input->erase(at, Part(*input).size());
        break;
      case 3:
        input->insert(at, Part(*input));
        break;
      case 4:
        input->insert(at, Part(Any()));
        break;
      case 5: {
        const std::string number = Number();
        input->replace(at, number.size(), number);
        break;
      }
      default:
        input->replace(at, 1, std::string(1, static_cast<char>(Below(2) * 0xFF)));
        break;
    }
  }

  const std::vector<std::string>& inputs_;
  Rng rng_{1};
};

int Run(int argc, char** argv) {
  const int count = std::atoi(argv[1]);
  const std::vector<std::string> inputs = Corpus(argc - 2, argv + 2);
  crash_file = fs::path(argv[0]).filename().string() + ".crash";
  for (const int signal_number : {SIGABRT, SIGALRM, SIGBUS, SIGFPE, SIGILL, SIGSEGV}) {
    std::signal(signal_number, LeaveInput);
  }
  LimitMemory(kMemory_mb);
  for (const std::string& input : inputs) {
    Try(input);
  }
  Damage damage(inputs);
  for (int i = 0; i < count; ++i) {
    Try(damage.Next());
  }
  std::printf("%zu kept and %d damaged inputs\n", inputs.size(), count);
  return 0;
}

}  // namespace
}  // namespace reel3d::fuzz

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s COUNT [FOLDER_OR_FILE...]\n", argv[0]);
    return 2;
  }
  return reel3d::fuzz::Run(argc, argv);
}

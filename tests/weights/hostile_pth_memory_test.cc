// Tests that .pth files cannot make their reader use much memory.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <iostream>

#include "lib/base/file.h"
#include "tests/test_support.h"
#include "tests/weights/pth_pieces.h"

namespace reel3d::test {
namespace {

namespace fs = std::filesystem;

// Writes the bytes of `make` to a file and reads it in a process of its own. `answer` must be part
// of the refusal, or be "accepted". Returns the peak memory of that process in kilobytes.
int64_t MostKilobytes(const std::function<std::string()>& make, const std::string& answer) {
  const TemporaryFolder folder;
  const fs::path file = folder / "bad.pth";
  const auto in_child = [](const std::function<bool()>& do_it) {
    const pid_t child = fork();
    if (child == 0) {
      _exit(do_it() ? 0 : 1);
    }
    int status = 0;
    rusage usage{};
    wait4(child, &status, 0, &usage);
    EXPECT_EQ(status, 0);
    return usage.ru_maxrss;
  };
  in_child([&] {
    Write(file, make());
    return true;
  });
  malloc_trim(0);  // the child must not reuse memory that this process has freed
  return in_child([&] {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    const rlimit limit = {rlim_t{2} << 30, rlim_t{2} << 30};  // protects the machine
    setrlimit(RLIMIT_AS, &limit);
#endif
    const std::string found = Refusal(file);
    const bool is_meant = found.find(answer) != std::string::npos;
    std::cerr << (is_meant ? "" : found + '\n');
    return is_meant;
  });
}

std::string Repeated(int64_t count, const std::string& bytes) {
  std::string all;
  for (int64_t i = 0; i < count; ++i) {
    all += bytes;
  }
  return all;
}

// Returns a file in the older format of torch.save.
std::string Legacy(const std::string& ballast, const std::string& objects,
                   const std::string& keys) {
  const std::string begin = "\x80\x02" + ballast;
  return begin + "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19." + begin + Integer(1001) + "." +
         begin + "}" + Text("little_endian") + "\x88s." + begin + objects + "." + begin + keys +
         ".";
}

// Returns the values of a pickle with the largest allowed number of values. All are kept in the
// memo, and half of them have one item each.
std::string ManyValues() {
  std::string values;
  for (int64_t i = 0; i < 199'900; ++i) {
    values += "N\x85r" + Number(i, 4);
  }
  return values;
}

std::string ManyStorages() {
  std::string storages = "](" + Text("storage") + "q\1ctorch\nFloatStorage\nq\2";
  std::string keys = "](";
  for (int64_t i = 0; i < 98'000; ++i) {
    const std::string key = Text(fmt::format("{:0>70}", i));
    storages += "(h\1h\2" + key + "h\1K" + std::string(1, '\0') + "tQ";
    keys += key;
  }
  return Legacy("", storages + "e}", keys + "e");
}

// Returns tensors with many axes and many names, which all share the same values.
std::string ManyTensors() {
  const std::vector<int64_t> ones(16, 1);
  std::string items;
  for (int64_t i = 0; i < 99'000; ++i) {
    items += Text(fmt::format("{:0>140}", i)) + (i == 0 ? Tensor(4, 0, ones, ones) + "q\1" : "h\1");
  }
  const TemporaryFolder folder;
  WriteZip(folder / "a.pth", Dict(items));
  return ReadFile(folder / "a.pth");
}

// Each file makes the reader use as much memory as possible, in a different way.
TEST(HostilePthMemory, IsBounded) {
  const auto names = [](size_t size) {  // memo 1 and 2 are texts, memo 3 is a class made of both
    return Text("__torch__.x") + "q\1" + Text(std::string(size, 'x')) + "q\2\x93q\3";
  };
  const auto long_text = [] { return Text(std::string(8'000'000, 'x')); };
  struct Case {
    const char* what;
    std::function<std::string()> make;
    const char* answer;
  };
  const std::vector<Case> cases = {
      {"values", [] { return Legacy(ManyValues(), "}", "]"); }, "accepted"},
      {"storages", [] { return ManyStorages(); }, "ends early"},
      {"tensors", [] { return ManyTensors(); }, "accepted"},
      {"names", [&] { return Legacy("", names(280) + Repeated(300'000, "h\1h\2\x93"), "]"); },
       "names more"},
      {"long names", [&] { return Legacy("", names(2000) + Repeated(300'000, "h\1h\2\x93"), "]"); },
       "longer than"},
      {"objects", [&] { return Legacy("", names(280) + Repeated(300'000, "h\3)\x81"), "]"); },
       "names more"},
      {"attributes",
       [&] { return Legacy("", "c__torch__.M\nM\n)\x81q\1}(" + long_text() + "h\1ub", "]"); },
       "longer than"},
      {"storage key",
       [&] {
         std::string objects = Dict(Text("a") + Tensor(4, 0, {4}, {1}));
         const std::string key = Text("0");
         return Legacy("", objects.replace(objects.find(key), key.size(), long_text()), "]");
       },
       "storage's key"}};
  for (const Case& c : cases) {
    const int64_t most_kilobytes = MostKilobytes(c.make, c.answer);
    EXPECT_LT(most_kilobytes, 200'000) << c.what;
  }
}

}  // namespace
}  // namespace reel3d::test

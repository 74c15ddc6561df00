// Runs a stage on disks that are too small for its output, and then with enough space.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lib/base/error.h"
#include "tests/test_support.h"

namespace reel3d::test {

using FileContents = std::map<std::string, std::string>;

// `command` gets an output folder below `out_dir` as last argument. `contents` returns a folder's
// result files by name, and `whole` is the expected result. For each size of the disk, the command
// must end with an environment error, or with 0 if everything fits. No file may be half written.
// The same command must finish when there is enough space.
inline void ExpectFullDiskDoesNoHarm(
    const std::vector<std::string>& command, const std::filesystem::path& out_dir,
    const FileContents& whole,
    const std::function<FileContents(const std::filesystem::path&)>& contents) {
  const bool may_mount = RunCommand({"unshare", "--map-root-user", "--mount", "mount", "-t",
                                     "tmpfs", "tmpfs", out_dir.parent_path().string()})
                             .exit_status == 0;
  size_t total_bytes = 0;
  for (const auto& [name, bytes] : whole) {
    total_bytes += bytes.size();
  }
  int num_full = 0;
  constexpr int kSizes = 8;
  for (int i = 1; i <= kSizes; ++i) {
    // The limit applies to each file if the command has no disk of its own.
    const size_t most_bytes = may_mount ? total_bytes : 2 * total_bytes / whole.size();
    const size_t kilobytes = std::max<size_t>(4, most_bytes * i / kSizes / 1024);
    const std::filesystem::path dir = out_dir / std::to_string(i);
    std::vector<std::string> run;
    if (may_mount) {
      run = {"unshare", "--map-root-user", "--mount"};
    }
    run.insert(run.end(), {(SourceFolder() / "tests/pipeline/full_disk.sh").string(),
                           may_mount ? "disk" : "limit", std::to_string(kilobytes), dir.string()});
    run.insert(run.end(), command.begin(), command.end());
    run.push_back(dir.string());
    const CommandResult result = RunCommand(run);
    const std::string where = fmt::format("{} kilobytes: {}", kilobytes, result.err);
    const bool full = result.out == fmt::format("{} 0\n", kExitEnvironment);
    EXPECT_TRUE(full || result.out == "0 0\n") << result.out << where;
    num_full += full ? 1 : 0;
    const bool says_what_to_do =
        result.err.find("free some space and run the same command again") != std::string::npos;
    EXPECT_TRUE(!full || !may_mount || says_what_to_do) << where;
    for (const auto& [name, bytes] : contents(dir.string() + ".full")) {
      EXPECT_TRUE(name.front() == '.' || bytes == whole.at(name))
          << name << " is half done, " << where;
    }
    EXPECT_TRUE(contents(dir.string() + ".whole") == whole) << where;
  }
  EXPECT_GE(num_full, kSizes / 2) << "the test did not hit";
}

}  // namespace reel3d::test

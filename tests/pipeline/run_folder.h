// A folder of a run whose stages exist only as the files that they leave.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/test_support.h"

namespace reel3d::test {

class RunFolder {
 public:
  const std::filesystem::path& path() const { return folder_.path(); }

  // Writes a file that was last changed `age_s` seconds ago.
  void Write(const std::string& name, const std::string& text, double age_s = 0) const {
    const std::filesystem::path file = path() / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    SetAge(name, age_s);
  }
  void SetAge(const std::string& name, double age_s) const {
    const auto age = std::chrono::duration_cast<std::filesystem::file_time_type::clock::duration>(
        std::chrono::duration<double>(age_s));
    std::filesystem::last_write_time(path() / name,
                                     std::filesystem::file_time_type::clock::now() - age);
  }
  void Remove(const std::string& name) const { std::filesystem::remove_all(path() / name); }

 private:
  TemporaryFolder folder_;
};

}  // namespace reel3d::test

// A folder of a run whose stages exist only as the files that they leave.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/test_support.h"

namespace reel3d::test {

// All ages are counted from the moment at which the folder was made, so that they do not depend on
// how fast a test runs.
class RunFolder {
 public:
  // Returns that moment, in seconds since 1970.
  double Now_s() const { return now_s_; }
  const std::filesystem::path& path() const { return folder_.path(); }

  // Writes a file that was last changed `age_s` seconds before.
  void Write(const std::string& name, const std::string& text, double age_s = 0) const {
    const std::filesystem::path file = path() / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    SetAge(name, age_s);
  }
  void SetAge(const std::string& name, double age_s) const {
    const double changed_s = now_s_ - age_s;
    timespec time{};
    time.tv_sec = static_cast<time_t>(std::floor(changed_s));
    time.tv_nsec = static_cast<long>((changed_s - std::floor(changed_s)) * 1e9);
    const timespec times[] = {time, time};
    utimensat(AT_FDCWD, (path() / name).c_str(), times, 0);
  }
  void Remove(const std::string& name) const { std::filesystem::remove_all(path() / name); }

 private:
  TemporaryFolder folder_;
  const double now_s_ =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
};

}  // namespace reel3d::test

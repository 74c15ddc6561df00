// Counts how often a file is opened, by any process. A decoder opens its file once.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>

namespace reel3d::test {

class OpenCount {
 public:
  explicit OpenCount(const std::filesystem::path& file)
      : events_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    // Events of closing keep the kernel from joining those of opening.
    EXPECT_GE(inotify_add_watch(events_, file.c_str(), IN_OPEN | IN_CLOSE), 0) << file;
  }
  ~OpenCount() { close(events_); }
  OpenCount(const OpenCount&) = delete;
  OpenCount& operator=(const OpenCount&) = delete;

  // Returns the number since the call before.
  int Take() {
    int count = 0;
    std::array<char, 4096> bytes{};
    for (ssize_t size = 0; (size = read(events_, bytes.data(), bytes.size())) > 0;) {
      inotify_event event{};
      for (ssize_t at = 0; at < size; at += static_cast<ssize_t>(sizeof event) + event.len) {
        std::memcpy(&event, bytes.data() + at, sizeof event);
        count += (event.mask & IN_OPEN) != 0 ? 1 : 0;
      }
    }
    return count;
  }

 private:
  const int events_;
};

}  // namespace reel3d::test

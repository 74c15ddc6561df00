// Replaces a file again and again, as a stage does that publishes its output while another reads
// it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <thread>
#include <vector>

namespace reel3d::test {

// Keeps putting another file in the place of `target`, in turn each of `files`.
class Replacing {
 public:
  Replacing(const std::vector<std::filesystem::path>& files, const std::filesystem::path& target)
      : thread_([this, files, target] {
          const std::filesystem::path next = target.string() + ".next";
          for (size_t turn = 0; !must_end_; ++turn) {
            std::filesystem::create_hard_link(files[turn % files.size()], next);
            std::filesystem::rename(next, target);
            std::this_thread::sleep_for(std::chrono::microseconds(100));
          }
        }) {}
  ~Replacing() {
    must_end_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> must_end_{false};
  std::thread thread_;
};

}  // namespace reel3d::test

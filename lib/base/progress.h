// How far a loop is, for a person: items, rate and time left, rewritten in place on a terminal and
// as a log line every ten seconds elsewhere.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "lib/base/timer.h"

namespace reel3d {

class Progress {
 public:
  // `unit` is a plural: "videos". A `total` of 0 shows no time left.
  Progress(std::string unit, int64_t total);
  ~Progress();  // ends the terminal's line

  // Any thread. `count` more are done.
  void Advance(int64_t count = 1);
  // Any thread. Stands at the end of the line from now on.
  void Note(const std::string& detail);

 private:
  void ShowIfDue();
  void Show();

  std::mutex mutex_;
  const std::string unit_;
  const int64_t total_;
  const bool on_terminal_;
  int64_t done_ = 0;
  std::string detail_;
  Stopwatch clock_;
  double last_shown_s_ = 0;
};

// "1 h 02 min", "3 min 20 s", "12 s".
std::string FormatDuration(double seconds);

}  // namespace reel3d

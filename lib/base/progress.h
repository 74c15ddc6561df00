// Shows a user how far a loop is: items, rate and time left. On a terminal one line is rewritten in
// place; elsewhere a log line appears every ten seconds.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "lib/base/timer.h"

namespace reel3d {

class Progress {
 public:
  // `unit` is a plural: "videos". A `total` of 0 shows no time left. In a log, lines have the level
  // info at intervals of at least `info_every_s`; the lines between them have the level debug.
  Progress(std::string unit, int64_t total, double info_every_s = 0);
  ~Progress();  // clears the line on a terminal

  // Adds `count` items that are done. Any thread may call it.
  void Advance(int64_t count = 1);
  // Puts `detail` at the end of the line from now on. Any thread may call it.
  void Note(const std::string& detail);

 private:
  void ShowIfDue();
  void Show();

  std::mutex mutex_;
  const std::string unit_;
  const int64_t total_;
  const bool on_terminal_;
  const double info_every_s_;
  int64_t done_ = 0;
  std::string detail_;
  Stopwatch clock_;
  double last_shown_s_ = 0, last_info_s_ = 0;
};

// Returns a text such as "1 h 02 min", "3 min 20 s" or "12 s".
std::string FormatDuration(double seconds);

}  // namespace reel3d

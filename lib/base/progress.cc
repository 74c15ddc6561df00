// SPDX-License-Identifier: Apache-2.0
#include "lib/base/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "lib/base/log.h"
#include "lib/base/visible_text.h"

namespace reel3d {
namespace {

constexpr double kTerminalEvery_s = 0.2;
constexpr double kLogEvery_s = 10;

}  // namespace

std::string FormatDuration(double seconds) {
  constexpr double kMost_s = 1e15;  // a number of a damaged file may be infinite, or none
  const auto whole = static_cast<int64_t>(
      std::isnan(seconds) ? 0 : std::llround(std::clamp(seconds, -kMost_s, kMost_s)));
  if (whole >= 3600) {
    return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
  }
  if (whole >= 60) {
    return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  }
  return fmt::format("{} s", whole);
}

Progress::Progress(std::string unit, int64_t total, double info_every_s)
    : unit_(std::move(unit)),
      total_(total),
      on_terminal_(isatty(STDERR_FILENO) == 1),
      info_every_s_(info_every_s) {}

Progress::~Progress() {
  if (on_terminal_ && last_shown_s_ > 0) {
    std::fputs("\r\x1b[K", stderr);
  }
}

void Progress::Advance(int64_t count) {
  const std::lock_guard<std::mutex> lock(mutex_);
  done_ += count;
  ShowIfDue();
}

void Progress::Note(const std::string& detail) {
  const std::lock_guard<std::mutex> lock(mutex_);
  detail_ = detail;
  ShowIfDue();
}

void Progress::ShowIfDue() {
  const double now_s = clock_.Seconds();
  if (now_s - last_shown_s_ >= (on_terminal_ ? kTerminalEvery_s : kLogEvery_s)) {
    last_shown_s_ = now_s;
    Show();
  }
}

void Progress::Show() {
  const double rate = static_cast<double>(done_) / clock_.Seconds();
  std::string line = total_ > 0 ? fmt::format("{} of {} {}, {:.1f}/s", done_, total_, unit_, rate)
                                : fmt::format("{} {}, {:.1f}/s", done_, unit_, rate);
  if (total_ > done_ && done_ > 0) {
    line += ", " + FormatDuration(static_cast<double>(total_ - done_) / rate) + " left";
  }
  if (!detail_.empty()) {
    line += ", " + Escaped(detail_);
  }
  if (on_terminal_) {
    std::fprintf(stderr, "\r\x1b[K%s", line.c_str());
  } else if (last_shown_s_ - last_info_s_ >= info_every_s_) {
    last_info_s_ = last_shown_s_;
    LogInfo(line);
  } else {
    LogDebug(line);
  }
}

}  // namespace reel3d

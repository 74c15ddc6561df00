// SPDX-License-Identifier: Apache-2.0
#include "lib/lease/lease.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <string_view>
#include <utility>

namespace reel3d {
namespace fs = std::filesystem;

fs::path EndedName(const fs::path& file, const std::string& token) {
  return file.parent_path() / (file.stem().string() + ".ended-" + token);
}

Lease::Lease(fs::path file, int descriptor, double beat_s)
    : file_(std::move(file)), descriptor_(descriptor), beat_s_(beat_s) {
  state_.holder = OwnMark();
  state_.token = NewToken();
  Write();
  beating_ = std::thread([this] { Beat(); });
}

Lease::~Lease() {
  GiveBack();
  EndBeats();
  close(descriptor_);
}

void Lease::Note(const std::string& at, int64_t num_finished, bool at_once) {
  const std::lock_guard<std::mutex> lock(mutex_);
  state_.at = at;
  state_.num_finished = num_finished;
  if (at_once && !is_ending_) {
    Write();
  }
}

bool Lease::IsOurs() const {
  struct stat ours {};
  struct stat there {};
  return fstat(descriptor_, &ours) == 0 && stat(file_.c_str(), &there) == 0 &&
         ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

void Lease::Fail(const std::string& why) {
  EndBeats();
  const std::lock_guard<std::mutex> lock(mutex_);
  state_.fault = why;
  Write();
  if (IsOurs()) {
    std::rename(file_.c_str(), EndedName(file_, state_.token).c_str());
  }
}

void Lease::GiveBack() {
  if (IsOurs()) {
    unlink(file_.c_str());
  }
}

void Lease::EndBeats() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_ending_ = true;
  }
  wake_.notify_all();
  if (beating_.joinable()) {
    beating_.join();
  }
}

void Lease::Beat() {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto pause = std::chrono::duration<double>(beat_s_);
  while (!wake_.wait_for(lock, pause, [this] { return is_ending_; })) {
    ++state_.beat;
    Write();
  }
}

// Writes in place, not by renaming: the file may have another name by now, and another lease the
// old name. An error costs only the lease.
void Lease::Write() {
  const std::string text = FormatLease(state_);
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto offset = static_cast<off_t>(text.size() - rest.size());
    const ssize_t written = pwrite(descriptor_, rest.data(), rest.size(), offset);
    if (written < 0 && errno != EINTR) {
      return;
    }
    rest.remove_prefix(written < 0 ? 0 : static_cast<size_t>(written));
  }
  if (ftruncate(descriptor_, static_cast<off_t>(text.size())) == 0) {
    fdatasync(descriptor_);  // else other hosts may see it half a minute later
  }
}

}  // namespace reel3d

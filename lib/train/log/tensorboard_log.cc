// SPDX-License-Identifier: Apache-2.0
#include "lib/train/log/tensorboard_log.h"

#include <fmt/format.h>
#include <unistd.h>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/host.h"
#include "lib/base/log.h"
#include "lib/base/wall_clock.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// TensorBoard reads all files whose name contains this, in the order of names.
constexpr const char* kPrefix = "events.out.tfevents.";

// Cuts the events after `last_step` off the file, in place, because a program that reads the file
// keeps reading the same one. Returns false if no events are left, and then removes the file.
bool CutBack(const fs::path& file, int64_t last_step) {
  const std::string bytes = ReadFile(file);
  const size_t kept = SizeOfEventsUpTo(bytes, last_step);
  if (last_step >= 0 && IsDamagedAt(bytes, kept)) {
    LogWarn(
        fmt::format("{} is damaged behind its first {} bytes: TensorBoard's curves lose its "
                    "points behind them; metrics.jsonl has the figures of each epoch",
                    file.string(), kept));
  }
  const bool is_left = kept > VersionEvent(0).size();
  std::error_code error;
  if (is_left) {
    fs::resize_file(file, kept, error);
  } else {
    fs::remove(file, error);
  }
  if (error) {
    throw WriteError("cannot cut back " + file.string(), error.value());
  }
  return is_left;
}

}  // namespace

TensorBoardLog::TensorBoardLog(const fs::path& folder, int64_t last_step) {
  MakeFolders(folder);
  bool has_points = false;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().filename().string().rfind(kPrefix, 0) == 0) {
      has_points = CutBack(entry.path(), last_step) || has_points;
    }
  }
  if (last_step > 0 && !has_points) {
    LogWarn(
        fmt::format("{} holds no points up to step {}: TensorBoard's curves begin behind it; "
                    "metrics.jsonl has the figures of each epoch",
                    folder.string(), last_step));
  }
  const double now_s = SecondsSince1970();
  file_.emplace(folder / fmt::format("{}{:010}.{}.{}", kPrefix, static_cast<int64_t>(now_s),
                                     HostName(), getpid()));
  file_->Append(VersionEvent(now_s));
  if (last_step >= 0) {
    file_->Append(StartEvent(now_s, last_step + 1));
  }
}

void TensorBoardLog::Add(int64_t step, const Scalars& scalars) {
  file_->Append(ScalarsEvent(SecondsSince1970(), step, scalars));
}

void TensorBoardLog::Add(int64_t step, const std::string& tag, const Picture& picture) {
  file_->Append(PictureEvent(SecondsSince1970(), step, tag, picture));
}

}  // namespace reel3d

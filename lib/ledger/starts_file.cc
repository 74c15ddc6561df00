// SPDX-License-Identifier: Apache-2.0
#include "lib/ledger/starts_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"

namespace reel3d {
namespace {

// Gives a file that cannot be read another name, so that its content is kept. Returns that name; ""
// if there is no file, or it cannot be renamed.
std::string SetAside(const std::filesystem::path& file) {
  std::error_code error;
  std::string name;
  int number = 0;
  do {
    name = fmt::format("{}.unread-{}", file.string(), ++number);
  } while (std::filesystem::exists(name, error));
  std::filesystem::rename(file, name, error);
  return error ? "" : name;
}

}  // namespace

StartsFile::StartsFile(std::filesystem::path file)
    : file_(std::move(file)), folder_(file_.parent_path()) {
  try {
    for (const StartRecord& start : ReadStarts(file_)) {
      earlier_ += FormatStart(start);
    }
  } catch (const Error& error) {
    earlier_.clear();
    const std::string name = SetAside(file_);
    LogWarn(fmt::format("the times of earlier starts {}: {}",
                        name.empty() ? "are lost" : "are kept in " + name + ", but do not count",
                        error.what()));
  }
}

void StartsFile::Write(const StartRecord& record) {
  const std::string line = FormatStart(record);
  if (has_line_ && Overwrite(line)) {
    return;
  }
  Publish(line);
}

// Opens the file for each write: a network file system shows the new content to other hosts when
// the file is closed. Returns false if the file is gone, or is not the one that was published.
bool StartsFile::Overwrite(const std::string& line) const {
  const int descriptor = open(file_.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) {
    return false;
  }
  const auto offset = static_cast<off_t>(earlier_.size());
  const bool fits = lseek(descriptor, 0, SEEK_END) == offset + static_cast<off_t>(line.size());
  const bool written = fits && pwrite(descriptor, line.data(), line.size(), offset) ==
                                   static_cast<ssize_t>(line.size());
  return close(descriptor) == 0 && written;
}

void StartsFile::Publish(const std::string& line) {
  try {
    folder_.RequireThere();
    WriteFileAtomically(file_, earlier_ + line);
    has_line_ = true;
  } catch (const Error& error) {
    if (!has_warned_) {
      LogWarn(fmt::format("where the time goes is not recorded for now: {}", error.what()));
    }
    has_warned_ = true;
  }
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "lib/base/held_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "lib/base/error.h"

namespace reel3d {

HeldFolder::HeldFolder(std::filesystem::path folder)
    : folder_(std::move(folder)),
      descriptor_(open(folder_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {}

HeldFolder::~HeldFolder() {
  if (descriptor_ >= 0) {
    close(descriptor_);
  }
}

void HeldFolder::RequireThere() const {
  struct stat held {};
  struct stat there {};
  if (descriptor_ < 0 || fstat(descriptor_, &held) != 0) {
    return;
  }
  const bool found = stat(folder_.c_str(), &there) == 0;
  const bool is_gone = !found && (errno == ENOENT || errno == ENOTDIR);
  const bool is_other = found && (there.st_dev != held.st_dev || there.st_ino != held.st_ino);
  if (is_gone || is_other) {
    throw EnvironmentError(fmt::format(
        "{} was {} while this was at work there, so nothing more can be saved: move it back if it "
        "was renamed, and run the same command again, which starts from the beginning without it",
        folder_.string(), is_gone ? "removed or renamed" : "replaced by another folder"));
  }
}

}  // namespace reel3d

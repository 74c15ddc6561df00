// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/scratch_folder.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <random>
#include <system_error>

#include "lib/base/error.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

fs::path Resolve(const std::string& scratch) {
  if (!scratch.empty()) {
    return scratch;
  }
  const char* folder = std::getenv("TMPDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/tmp";
}

fs::path RequireScratch(const fs::path& scratch) {
  std::error_code error;
  if (!fs::is_directory(scratch, error)) {
    throw EnvironmentError(fmt::format(
        "--scratch {}: {} on this host: make it, or name a folder on a disk of this host",
        scratch.string(), fs::exists(scratch, error) ? "not a folder" : "no such folder"));
  }
  return fs::absolute(scratch);
}

// Host and process alone do not tell containers apart, and could be guessed by others in /tmp.
std::string UniqueName() {
  std::random_device random;
  return fmt::format("reel3d-{:08x}{:08x}", random(), random());
}

void MakeNewFolder(const fs::path& folder) {
  if (mkdir(folder.c_str(), 0700) != 0) {
    throw EnvironmentError(
        fmt::format("cannot make folder {}: {}", folder.string(), std::strerror(errno)));
  }
}

// A request to stop ends the process without destructors (pipeline/support/stop_watcher.h).
fs::path& FolderToRemove() {
  static fs::path folder;
  return folder;
}

// Other threads are still at work. A file that one of them makes meanwhile lets the removal fail,
// so it is repeated.
void RemoveAtQuickExit() {
  constexpr int kMostTries = 1000;
  std::error_code ignored;
  for (int tries = 0; tries < kMostTries && !FolderToRemove().empty(); ++tries) {
    fs::remove_all(FolderToRemove(), ignored);
    if (!fs::exists(fs::symlink_status(FolderToRemove(), ignored))) {
      return;
    }
  }
}

}  // namespace

ScratchFolder::ScratchFolder(const std::string& scratch)
    : pending_(RequireScratch(Resolve(scratch)) / UniqueName()) {
  RemoveStaleTemporaries(path().parent_path());
  MakeNewFolder(path());
  held_ = std::make_unique<const HeldFolder>(path());
  static const int is_registered = std::at_quick_exit(RemoveAtQuickExit);
  static_cast<void>(is_registered);
  FolderToRemove() = path();
}

ScratchFolder::~ScratchFolder() { FolderToRemove().clear(); }

void ScratchFolder::Clear() const {
  RequireThere();
  for (const fs::directory_entry& entry : fs::directory_iterator(path())) {
    fs::remove_all(entry.path());
  }
}

void ScratchFolder::RequireThere() const {
  try {
    held_->RequireThere();
  } catch (const Error&) {
    throw EnvironmentError(
        fmt::format("{} was removed or replaced while it was in use: name a --scratch that nothing "
                    "cleans, and run the same command again",
                    path().string()));
  }
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "lib/lease/lease_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <system_error>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

constexpr uint64_t kMostBytes = 1 << 16;
constexpr const char* kHeldEnding = ".lease";

// Returns the text of a lease; "" if it cannot be read; nothing if the file is absent.
std::optional<std::string> TextOf(const fs::path& file) {
  std::error_code error;
  if (fs::symlink_status(file, error).type() == fs::file_type::not_found) {
    return std::nullopt;
  }
  try {
    return ReadFile(file, kMostBytes);
  } catch (const Error&) {
    return "";
  }
}

// Returns the files whose ending begins with `ending`, sorted.
std::vector<fs::path> FilesOf(const fs::path& folder, const std::string& ending) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension().string().rfind(ending, 0) == 0) {
      files.push_back(entry->path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<fs::path> EndedFiles(const fs::path& folder) { return FilesOf(folder, ".ended-"); }

}  // namespace

LeaseFolder::LeaseFolder(fs::path folder, LeaseTimes times)
    : folder_(std::move(folder)), times_(times) {
  MakeFolders(folder_);
}

fs::path LeaseFolder::FileOf(const std::string& name) const {
  return folder_ / (name + kHeldEnding);
}

std::unique_ptr<Lease> LeaseFolder::Take(const std::string& name) {
  const std::optional<std::string> text = TextOf(FileOf(name));
  if (!text) {
    watches_.erase(name);
    return Create(name);
  }
  if (!IsStale(name, *text)) {
    return nullptr;
  }
  watches_.erase(name);
  if (!MoveAside(name, *text)) {
    return nullptr;
  }
  LogWarn(fmt::format("{} is taken over: its holder has given no sign of life. It was {}",
                      FileOf(name).string(), NameProcess(ParseLease(*text).holder)));
  return Create(name);
}

std::unique_ptr<Lease> LeaseFolder::Create(const std::string& name) const {
  const fs::path file = FileOf(name);
  const auto create = [&] {
    return open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  };
  constexpr int kMostTries = 10;
  int descriptor = create();
  for (int tries = 1; descriptor < 0 && errno == ENOENT && tries < kMostTries; ++tries) {
    std::error_code error;  // somebody has removed the folder
    fs::create_directory(folder_, error);
    descriptor = create();
  }
  if (descriptor < 0 && errno == EEXIST) {
    return nullptr;
  }
  if (descriptor < 0) {
    throw WriteError("cannot create " + file.string(), errno);
  }
  return std::make_unique<Lease>(file, descriptor, times_.Beat());
}

// If this process stood still between two looks, it has not seen the holder meanwhile. So only a
// part of such a time counts.
bool LeaseFolder::IsStale(const std::string& name, const std::string& text) {
  Watch& watch = watches_[name];
  if (watch.text != text) {
    watch = {text, 0, {}};
  } else {
    watch.unchanged_s += std::min(watch.since_look.Seconds(), times_.stale_s / 4);
    watch.since_look = {};
  }
  const bool is_gone = IsAlive(ParseLease(text).holder) == std::optional<bool>(false);
  return is_gone || watch.unchanged_s >= times_.stale_s;
}

// Returns true if this process has moved the lease away that it has judged. Meanwhile another may
// have taken the lease over. Then its new lease has been moved, and is put back; it is lost if a
// third process creates its own first.
bool LeaseFolder::MoveAside(const std::string& name, const std::string& judged) const {
  const fs::path file = FileOf(name);
  const fs::path ended = EndedName(file, NewToken());
  if (std::rename(file.c_str(), ended.c_str()) != 0) {
    if (errno == ENOENT) {
      return false;
    }
    throw WriteError("cannot take over " + file.string(), errno);
  }
  if (TextOf(ended) == judged) {
    return true;
  }
  if (link(ended.c_str(), file.c_str()) == 0 || errno == EEXIST) {
    unlink(ended.c_str());
  } else {  // no hard links there
    std::rename(ended.c_str(), file.c_str());
  }
  return false;
}

void LeaseFolder::LookAtHeld() {
  taken_.clear();
  for (const fs::path& file : FilesOf(folder_, ".")) {
    const std::string name = file.stem().string();
    taken_.insert(name);
    if (file.extension() != kHeldEnding) {
      continue;
    }
    if (const std::optional<std::string> text = TextOf(file)) {
      IsStale(name, *text);
    }
  }
}

std::vector<LeaseState> LeaseFolder::Ended(const std::string& name) const {
  std::vector<LeaseState> ended;
  for (const fs::path& file : EndedFiles(folder_)) {
    const std::optional<std::string> text =
        file.stem().string() == name ? TextOf(file) : std::nullopt;
    if (text) {
      ended.push_back(ParseLease(*text));
    }
  }
  return ended;
}

void LeaseFolder::ForgetEnded(const std::string& name) const {
  for (const fs::path& file : EndedFiles(folder_)) {
    std::error_code another_did;
    if (file.stem().string() == name) {
      fs::remove(file, another_did);
    }
  }
}

std::vector<std::string> HeldLeases(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::path& file : FilesOf(folder, kHeldEnding)) {
    names.push_back(file.stem().string());
  }
  return names;
}

std::vector<std::pair<std::string, LeaseState>> EndedLeases(const fs::path& folder) {
  std::vector<std::pair<std::string, LeaseState>> ended;
  for (const fs::path& file : EndedFiles(folder)) {
    if (const std::optional<std::string> text = TextOf(file)) {
      ended.emplace_back(file.stem().string(), ParseLease(*text));
    }
  }
  return ended;
}

}  // namespace reel3d

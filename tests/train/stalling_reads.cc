// A library that is preloaded into train-r3d (LD_PRELOAD). After REEL3D_GOOD_READS reads of frames,
// reads of frames by rank REEL3D_BAD_RANK hang or fail. The head of a shard, which is read when it
// is opened, does not count. REEL3D_BAD_READS chooses how: "hang" hangs for ever,
// a path makes a folder of this name and waits until it is removed, and any other word lets reads
// fail. Each read of a shard below the folder REEL3D_SLOW_FOLDER takes REEL3D_SLOW_US microseconds
// longer. fsync of a checkpoint's files waits until the file REEL3D_CHECKPOINTS_AFTER exists.
// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

std::string PathOf(int descriptor) {
  std::array<char, 4096> path{};
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  const ssize_t size = readlink(link.c_str(), path.data(), path.size());
  return {path.data(), static_cast<size_t>(std::max<ssize_t>(size, 0))};
}

bool IsShard(int descriptor) {
  const std::string path = PathOf(descriptor);
  return path.size() > 3 && path.compare(path.size() - 3, 3, ".h5") == 0;
}

bool IsBadRank() {
  const char* bad = std::getenv("REEL3D_BAD_RANK");
  const char* rank = std::getenv("OMPI_COMM_WORLD_RANK");
  return bad != nullptr && std::strcmp(bad, rank == nullptr ? "0" : rank) == 0;
}

void WaitIfSlow(int descriptor) {
  static const char* const folder = std::getenv("REEL3D_SLOW_FOLDER");
  if (folder != nullptr && PathOf(descriptor).rfind(folder, 0) == 0) {
    usleep(static_cast<useconds_t>(std::atoi(std::getenv("REEL3D_SLOW_US"))));
  }
}

}  // namespace

extern "C" ssize_t pread(int descriptor, void* to, size_t size, off_t offset) {
  static std::atomic<int> num_reads{0};
  using Read = ssize_t (*)(int, void*, size_t, off_t);
  static const Read real = reinterpret_cast<Read>(dlsym(RTLD_NEXT, "pread"));
  WaitIfSlow(descriptor);
  if (offset > 0 && IsBadRank() && IsShard(descriptor) &&
      ++num_reads > std::atoi(std::getenv("REEL3D_GOOD_READS"))) {
    while (std::strcmp(std::getenv("REEL3D_BAD_READS"), "hang") == 0) {
      pause();
    }
    const char* held = std::getenv("REEL3D_BAD_READS");
    if (*held == '/') {
      static const int made = mkdir(held, 0700);
      while (made == 0 && access(held, F_OK) == 0) {
        usleep(1000);
      }
      return real(descriptor, to, size, offset);
    }
    errno = EIO;
    return -1;
  }
  return real(descriptor, to, size, offset);
}

extern "C" int fsync(int descriptor) {
  using Sync = int (*)(int);
  static const Sync real = reinterpret_cast<Sync>(dlsym(RTLD_NEXT, "fsync"));
  const char* gate = std::getenv("REEL3D_CHECKPOINTS_AFTER");
  if (gate != nullptr && PathOf(descriptor).find("/checkpoints/") != std::string::npos) {
    while (access(gate, F_OK) != 0) {
      usleep(1000);
    }
  }
  return real(descriptor);
}

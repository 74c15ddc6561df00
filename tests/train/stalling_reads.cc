// Preloaded into train-r3d (LD_PRELOAD): from the REEL3D_GOOD_READS-th read of a shard on, the rank
// REEL3D_BAD_RANK reads no more. REEL3D_BAD_READS says whether reads hang ("hang") or fail.
// SPDX-License-Identifier: Apache-2.0
#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

bool IsShard(int descriptor) {
  std::array<char, 64> link{};
  std::array<char, 4096> path{};
  std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", descriptor);
  const ssize_t size = readlink(link.data(), path.data(), path.size() - 1);
  return size > 3 && std::strcmp(path.data() + size - 3, ".h5") == 0;
}

bool IsBadRank() {
  const char* bad = std::getenv("REEL3D_BAD_RANK");
  const char* rank = std::getenv("OMPI_COMM_WORLD_RANK");
  return bad != nullptr && std::strcmp(bad, rank == nullptr ? "0" : rank) == 0;
}

}  // namespace

extern "C" ssize_t pread(int descriptor, void* to, size_t size, off_t offset) {
  static std::atomic<int> num_reads{0};
  using Read = ssize_t (*)(int, void*, size_t, off_t);
  static const Read real = reinterpret_cast<Read>(dlsym(RTLD_NEXT, "pread"));
  if (IsBadRank() && IsShard(descriptor) &&
      ++num_reads > std::atoi(std::getenv("REEL3D_GOOD_READS"))) {
    while (std::strcmp(std::getenv("REEL3D_BAD_READS"), "hang") == 0) {
      pause();
    }
    errno = EIO;
    return -1;
  }
  return real(descriptor, to, size, offset);
}

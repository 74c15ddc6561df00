// A preloaded library (LD_PRELOAD). It makes flock fail as on a file system without flock.
// SPDX-License-Identifier: Apache-2.0
#include <sys/file.h>

#include <cerrno>

extern "C" int flock(int /*descriptor*/, int /*operation*/) noexcept {
  errno = ENOSYS;
  return -1;
}

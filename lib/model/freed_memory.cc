// SPDX-License-Identifier: Apache-2.0
#include "lib/model/freed_memory.h"

#include <malloc.h>

#include <limits>

namespace reel3d {

void KeepFreedMemory() {
  // If these calls fail, programs are slower, but not wrong.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  mallopt(M_TOP_PAD, 64 << 20);
}

}  // namespace reel3d

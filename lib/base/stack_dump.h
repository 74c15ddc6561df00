// Logs where the threads of this process are, for a process that hangs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace reel3d {

// Writes the stack of every other thread to stderr, by sending SIGUSR2 to each of them. A thread
// that takes no signals, because the kernel blocks it, is skipped after 0.2 s. One thread at a time
// may call this.
void DumpStacks();

}  // namespace reel3d

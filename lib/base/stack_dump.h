// Logs where the threads of this process are, for a process that hangs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace reel3d {

// Writes the stack of every other thread to stderr, by sending SIGUSR2 to each of them. A thread
// that cannot take signals, because the system holds it, is skipped after a moment. One thread at a
// time may call this.
void DumpStacks();

}  // namespace reel3d

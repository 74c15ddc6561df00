// Where the threads of this process are, for the log of a process that hangs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace reel3d {

// Writes the stack of every other thread to stderr, by a signal (SIGUSR2) to each of them. A thread
// that cannot take signals, since the system holds it, is passed over after a moment. From one
// thread at a time.
void DumpStacks();

}  // namespace reel3d

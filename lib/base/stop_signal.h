// A polite request to stop: Ctrl-C, or SIGTERM or SIGUSR1 as schedulers send before they end a job.
// Work goes on to where it can be saved; the same signal, or
// SIGINT, a second later or more ends the process at once.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace reel3d {

// From here on a first SIGINT, SIGTERM or SIGUSR1 only sets a flag. Call once, from the main
// thread.
void CatchStopSignals();

// Whether one has come. Any thread.
bool StopRequested();

}  // namespace reel3d

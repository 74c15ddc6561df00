// A polite request to stop: Ctrl-C, or SIGTERM or SIGUSR1 as schedulers send before they end a job.
// Work goes on to where it can be saved; the same signal, or SIGINT, a second later or more ends
// the process at once.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace reel3d {

// From here on a first SIGINT, SIGTERM or SIGUSR1 only sets a flag. May be called before main().
void CatchStopSignals();

// What is written to standard error when the first one comes, for SIGUSR1 and for the others.
// Nothing is before this is called, or for null. Both must live as long as the process.
void SayWhenStopped(const char* for_usr1, const char* for_others);

// From here on SIGUSR1 may come any number of times and never ends the process: whoever started it
// repeats its request.
void AllowRepeatedStops();

// Whether one has come. Any thread.
bool StopRequested();

}  // namespace reel3d

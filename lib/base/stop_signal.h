// Turns signals into requests to stop: Ctrl-C, and SIGTERM or SIGUSR1, which schedulers send before
// they end a job. The program continues to a point where its work can be saved. The same signal, or
// SIGINT, a second later or more ends the process at once.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace reel3d {

// Makes a first SIGINT, SIGTERM or SIGUSR1 set a flag only. It may be called before main().
void CatchStopSignals();

// From here on a thread of its own receives these signals. The calling thread, and all threads that
// it starts later, never run the handler. Call it before anything computes: a matrix product of
// oneDNN (sgemm for AVX and AVX2) keeps values further below the stack pointer than the kernel
// respects, so that a handler on the same stack overwrites them, and the product writes anywhere.
// Throws an environment error if no thread can be started.
void ReceiveStopSignalsInOwnThread();

// Sets the texts that are written to standard error when the first request comes, one for SIGUSR1
// and one for the other signals. Null writes nothing, which is the default. Both texts must live as
// long as the process.
void SayWhenStopped(const char* for_usr1, const char* for_others);

// Makes further SIGUSR1 harmless, for a process whose launcher repeats its requests.
void AllowRepeatedStops();

// Returns whether a request has come. Any thread may call it.
bool StopRequested();

// Returns the signal of the first request, or 0 if none has come. Any thread may call it.
int FirstStopSignal();

}  // namespace reel3d

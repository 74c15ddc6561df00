// Keeps OpenMP's threads from waiting long on a core that another process could use. libgomp's
// threads wait for each other in a loop of 300,000 rounds, 15 ms on a Xeon, before they sleep. If
// other programs share the cores, the thread that is waited for does not run meanwhile, and
// training is up to ten times slower.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace reel3d {

// Starts the program again with GOMP_SPINCOUNT set, unless the environment says already how
// OpenMP's threads wait. libgomp reads the environment when it is loaded, so a tool calls this
// from its .preinit_array, before any library is initialised; the second start then takes 10 ms.
// Signals that are caught before are not caught after it. If the program cannot be started again,
// it goes on as it is. The parameters are those of main(), and the environment.
void WaitBriefly(int argc, char** argv, char** environment);

}  // namespace reel3d

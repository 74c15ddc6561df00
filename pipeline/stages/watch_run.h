// The stage behind inspect-file --watch: shows how far a run is, again and again, until the user
// ends it. It only reads, and takes at most a twentieth of the time of one thread for that, so it
// does not disturb the run.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/base/option_binder.h"
#include "lib/cli/tool.h"

namespace reel3d {

struct WatchOptions {
  bool watch = false;
  double every = 2;  // seconds

  void Bind(OptionBinder& binder);
};

// Looks once at `folder`, a run or a folder of runs, and returns what it finds. If standard output
// is a terminal, the result draws on a second screen until the user types q, or a signal asks it to
// stop. Throws an input error if there is no such folder.
ToolResult WatchRun(const std::string& folder, const WatchOptions& options);

}  // namespace reel3d

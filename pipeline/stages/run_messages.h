// Finds the last warnings and errors of a run: in the logs of its jobs (slurm/*.log), in logs that
// a user keeps in the run's folder (*.log), and in the stages' lists of failed items. It reads only
// the ends of the newest logs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace reel3d {

struct RunMessage {
  double at_s = 0;  // seconds since 1970: when its file was last written
  bool is_error = false;
  std::string text;    // one line, as in the log; control characters are not yet escaped
  std::string source;  // the file's name below the run
};

// Returns at most `most` messages, oldest first. A message that stands several times is returned
// once.
std::vector<RunMessage> ReadRunMessages(const std::filesystem::path& run, size_t most);

}  // namespace reel3d

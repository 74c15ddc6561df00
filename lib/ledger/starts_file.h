// Writes starts.jsonl: keeps the lines of earlier starts and rewrites the line of this start in
// place, so the file has one line for each start however long it runs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

#include "lib/base/held_folder.h"
#include "lib/ledger/start_record.h"

namespace reel3d {

// One thread at a time may use it. The caller holds the run's lock.
class StartsFile {
 public:
  // Reads the lines of earlier starts from `file`, and drops damaged ones. Throws no error: a
  // file that cannot be read is renamed to FILE.unread-N, and a warning says so.
  explicit StartsFile(std::filesystem::path file);

  // Writes the line of this start. The first call publishes the file with all lines; later calls
  // overwrite this start's line in place, which needs no space on the disk. If a call fails, the
  // line is written by the next one, and the first failure is a warning. Nothing is written if
  // another folder has taken the place of the file's.
  void Write(const StartRecord& record);

 private:
  bool Overwrite(const std::string& line) const;
  void Publish(const std::string& line);

  const std::filesystem::path file_;
  const HeldFolder folder_;
  std::string earlier_;  // lines of earlier starts
  bool has_line_ = false;
  bool has_warned_ = false;
};

}  // namespace reel3d

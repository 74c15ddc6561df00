// A folder of this process below a scratch folder, such as the local disk of a node, for files that
// are needed only for a while.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "lib/base/file.h"
#include "lib/base/held_folder.h"

namespace reel3d {

// A process has one at a time. It is removed when it is destroyed, and at a request to stop.
class ScratchFolder {
 public:
  // Makes the folder, and removes what killed processes of this host have left below `scratch`.
  // "": the folder that TMPDIR names, else /tmp. Throws an environment error if `scratch` is not
  // there or cannot be written.
  explicit ScratchFolder(const std::string& scratch);
  ~ScratchFolder();  // removes the folder
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::filesystem::path& path() const { return pending_.temporary_path(); }
  // Removes everything in the folder.
  void Clear() const;
  // Throws an environment error if the folder was removed or replaced.
  void RequireThere() const;

 private:
  // Its temporary name holds host and process, by which later processes know what is left over.
  PendingFile pending_;
  std::unique_ptr<const HeldFolder> held_;
};

}  // namespace reel3d

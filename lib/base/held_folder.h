// Notices when somebody removes, renames or replaces a folder in which a program is at work. Files
// that are written to such a folder would be lost, or stand in another run's.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace reel3d {

class HeldFolder {
 public:
  // Remembers the folder that `folder` names now.
  explicit HeldFolder(std::filesystem::path folder);
  ~HeldFolder();
  HeldFolder(const HeldFolder&) = delete;
  HeldFolder& operator=(const HeldFolder&) = delete;

  // Throws an environment error unless that folder still has its name. Passes where the system
  // cannot say, as a network file system may for a while. Any thread may call it.
  void RequireThere() const;

 private:
  std::filesystem::path folder_;
  int descriptor_;  // below 0 if the system lets us hold no folder: then there is no guard
};

}  // namespace reel3d

// Notices when somebody removes, renames or replaces a folder in which a program works. Files that
// the program writes afterwards would be lost, or mixed with those of another run.
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

  // Throws an environment error if the path no longer leads to the remembered folder. Returns
  // normally if the system cannot answer, for example while a network file system fails. Any thread
  // may call it.
  void RequireThere() const;

 private:
  std::filesystem::path folder_;
  int descriptor_;  // below 0 if the folder could not be opened: nothing is checked
};

}  // namespace reel3d

// The folders in which score-videos keeps its parts: OUT_DIR for the first order of the frames, and
// one folder below it for each further one (FolderOf). Each folder has the same parts, and can be
// evaluated and compared by itself.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lib/data/frame_order.h"
#include "lib/data/passport.h"
#include "lib/eval/score_file.h"

namespace reel3d {

class ScoreFolders {
 public:
  // Throws a usage error if a folder for one of `orders` below `folder` is that of another run, or
  // holds files that no probe writes. Writes nothing.
  static void RequireOwn(const std::filesystem::path& folder,
                         const std::vector<FrameOrder>& orders);

  // Makes the folders. `settings` are the lines of settings.ini. Throws as RequireOwn() does.
  ScoreFolders(std::filesystem::path folder, std::vector<FrameOrder> orders, std::string settings);

  // Removes what earlier runs with more parts or other orders left behind, and the unfinished files
  // of killed processes in the folders below OUT_DIR. Leaves folders of other runs alone.
  void RemoveOthers(int num_parts) const;

  // Writes both passports into each folder, or removes those of an earlier run.
  void CarryPassports(const std::optional<Passport>& data,
                      const std::optional<Passport>& trained_on) const;

  // The scores of a part: one for each order. Sets their `settings`, which name the order.
  void NameSettings(std::vector<Scores>* scores) const;
  // Returns true if an earlier run has scored all clips of the part, in all orders. If a video
  // failed then, returns false, so that it is tried again. Without `has_clips` the plan does not
  // say which clips there are, and each video must have one. Warns of scores that are of another
  // checkpoint, part or data, but only of the first such file.
  bool HaveScored(const std::vector<Scores>& planned, bool has_clips);
  // Publishes the part, the scores of the first order last. Whoever finds those has the others as
  // well.
  void Write(const std::vector<Scores>& scores) const;

 private:
  std::filesystem::path FolderFor(FrameOrder order) const;
  bool IsScored(const std::filesystem::path& file, const Scores& planned, bool has_clips);

  const std::filesystem::path folder_;
  const std::vector<FrameOrder> orders_;
  const std::string settings_;
  bool has_told_ = false;
};

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/score_folders.h"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <system_error>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

bool EachVideoHasAClip(const Scores& scores) {
  std::vector<bool> has_clip(scores.videos.size());
  for (const ScoredClip& clip : scores.clips) {
    has_clip[clip.video] = true;
  }
  return std::find(has_clip.begin(), has_clip.end(), false) == has_clip.end();
}

bool HaveSameVideos(const Scores& a, const Scores& b) {
  return std::equal(a.videos.begin(), a.videos.end(), b.videos.begin(), b.videos.end(),
                    [](const ScoredVideo& one, const ScoredVideo& other) {
                      return one.id == other.id && one.label == other.label;
                    });
}

// Returns why the part in `file` is not the planned one; "" if it is.
std::string Difference(const fs::path& file, const Scores& there, const Scores& planned) {
  if (there.checkpoint != planned.checkpoint) {
    return fmt::format("{}: these scores are of {}, not of {}", file.string(), there.checkpoint,
                       planned.checkpoint);
  }
  const bool is_planned = there.data == planned.data && there.settings == planned.settings &&
                          there.subset == planned.subset && there.part == planned.part &&
                          there.num_parts == planned.num_parts &&
                          there.num_videos_expected == planned.num_videos_expected &&
                          there.classes == planned.classes && HaveSameVideos(there, planned);
  return is_planned ? "" : fmt::format("{} holds another part, or other data", file.string());
}

const std::regex& PartPattern() {
  static const std::regex pattern("scores-([0-9]{5})\\.h5");
  return pattern;
}

// Removes the parts from `num_parts` on.
void RemoveParts(const fs::path& folder, int num_parts) {
  std::vector<fs::path> others;
  std::error_code another_task_removed_it;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, another_task_removed_it)) {
    const std::string name = entry.path().filename().string();
    std::smatch match;
    if (std::regex_match(name, match, PartPattern()) && std::stoi(match[1]) >= num_parts) {
      others.push_back(entry.path());
    }
  }
  for (const fs::path& path : others) {
    LogInfo(fmt::format("removing {}: of an earlier plan", path.string()));
    std::error_code another_task_did;
    fs::remove(path, another_task_did);
  }
}

// Returns the name of a file in the folder that no probe writes; "" if there is none. Such a folder
// belongs to another run or to the user.
std::string ForeignFile(const fs::path& folder) {
  std::error_code absent;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, absent)) {
    const std::string name = entry.path().filename().string();
    std::smatch match;
    if (name.front() != '.' && name != Passport::kFileName && name != Passport::kTrainedOn &&
        !std::regex_match(name, match, PartPattern())) {
      return name;
    }
  }
  return "";
}

// The same for a folder that may hold folders of orders only.
std::string ForeignFileAmongOrders(const fs::path& folder) {
  std::error_code absent;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, absent)) {
    const std::string name = entry.path().filename().string();
    const std::vector<NamedChoice<FrameOrder>> choices = ChoicesOf(FrameOrder());
    if (name.front() != '.' &&
        std::none_of(choices.begin(), choices.end(), [&](const NamedChoice<FrameOrder>& choice) {
          return fs::path(FolderOf(choice.value)).filename() == name;
        })) {
      return name;
    }
  }
  return "";
}

void Refuse(const fs::path& folder, const std::string& foreign) {
  if (!foreign.empty()) {
    throw UsageError(fmt::format(
        "{} is where the scores of another order of frames belong, and holds {}, which --probe "
        "does not write: name another OUT_DIR, or move that folder away",
        folder.string(), foreign));
  }
}

// Removes the scores of an order that is not wanted any more, and the folders if nothing else is in
// them. Leaves the folders of other runs alone.
void RemoveFolder(const fs::path& folder) {
  if (!fs::is_directory(folder) || !ForeignFile(folder).empty() ||
      !ForeignFileAmongOrders(folder.parent_path()).empty()) {
    return;
  }
  RemoveParts(folder, 0);
  std::error_code error;  // another task did it, or something else is in the folder
  for (const char* name : {Passport::kFileName, Passport::kTrainedOn}) {
    fs::remove(folder / name, error);
  }
  fs::remove(folder, error);
  fs::remove(folder.parent_path(), error);
}

}  // namespace

ScoreFolders::ScoreFolders(fs::path folder, std::vector<FrameOrder> orders, std::string settings)
    : folder_(std::move(folder)), orders_(std::move(orders)), settings_(std::move(settings)) {
  RequireOwn(folder_, orders_);
  for (const FrameOrder order : orders_) {
    MakeFolders(FolderFor(order));
  }
}

void ScoreFolders::RequireOwn(const fs::path& folder, const std::vector<FrameOrder>& orders) {
  for (size_t place = 1; place < orders.size(); ++place) {
    const fs::path of_order = folder / FolderOf(orders[place]);
    Refuse(of_order.parent_path(), ForeignFileAmongOrders(of_order.parent_path()));
    Refuse(of_order, ForeignFile(of_order));
  }
}

fs::path ScoreFolders::FolderFor(FrameOrder order) const {
  return order == orders_.front() ? folder_ : folder_ / FolderOf(order);
}

void ScoreFolders::RemoveOthers(int num_parts) const {
  RemoveParts(folder_, num_parts);
  for (const NamedChoice<FrameOrder>& choice : ChoicesOf(FrameOrder())) {
    if (choice.value == FrameOrder::kAsIs) {
      continue;
    }
    const fs::path folder = folder_ / FolderOf(choice.value);
    if (std::find(orders_.begin() + 1, orders_.end(), choice.value) == orders_.end()) {
      RemoveFolder(folder);
    } else {
      RemoveParts(folder, num_parts);
      RemoveStaleTemporaries(folder);
    }
  }
}

void ScoreFolders::CarryPassports(const std::optional<Passport>& data,
                                  const std::optional<Passport>& trained_on) const {
  for (const FrameOrder order : orders_) {
    WritePassport(FolderFor(order) / Passport::kFileName, data);
    WritePassport(FolderFor(order) / Passport::kTrainedOn, trained_on);
  }
}

void ScoreFolders::NameSettings(std::vector<Scores>* scores) const {
  REEL3D_CHECK(scores->size() == orders_.size());
  for (size_t place = 0; place < orders_.size(); ++place) {
    std::string& settings = (*scores)[place].settings;
    settings = settings_;
    std::replace(settings.begin(), settings.end(), '\n', ';');
    if (orders_[place] != FrameOrder::kAsIs) {
      settings += fmt::format("shown-frames = {};", NameOf(orders_[place]));
    }
  }
}

bool ScoreFolders::HaveScored(const std::vector<Scores>& planned, bool has_clips) {
  for (size_t place = 0; place < orders_.size(); ++place) {
    if (!IsScored(FolderFor(orders_[place]) / ScoreFileName(planned[place].part), planned[place],
                  has_clips)) {
      return false;
    }
  }
  return true;
}

bool ScoreFolders::IsScored(const fs::path& file, const Scores& planned, bool has_clips) {
  if (!fs::exists(file)) {
    return false;
  }
  try {
    const Scores there = ReadScores(file);
    const std::string difference = Difference(file, there, planned);
    if (difference.empty()) {
      return has_clips ? there.clips.size() == planned.clips.size() : EachVideoHasAClip(there);
    }
    // The first part stands for those behind it, which are mostly of the same checkpoint.
    if (!has_told_) {
      LogWarn("scoring again: " + difference);
    }
    has_told_ = true;
  } catch (const Error& error) {
    LogWarn(fmt::format("scoring again: {}", error.what()));
  }
  return false;
}

void ScoreFolders::Write(const std::vector<Scores>& scores) const {
  for (size_t place = orders_.size(); place-- > 0;) {
    WriteScores(FolderFor(orders_[place]) / ScoreFileName(scores[place].part), scores[place]);
  }
}

}  // namespace reel3d

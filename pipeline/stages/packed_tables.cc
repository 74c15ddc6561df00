// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/packed_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/log.h"
#include "lib/shard/data_doubts.h"
#include "lib/shard/equal_frames.h"
#include "lib/shard/index_image.h"
#include "pipeline/support/stage_files.h"
#include "pipeline/support/stage_output.h"

namespace reel3d {
namespace fs = std::filesystem;

int64_t PackedVideos::NumFrames() const {
  int64_t num_frames = 0;
  for (const IndexedVideo& video : index) {
    num_frames += video.num_frames;
  }
  return num_frames;
}

namespace {

// Returns the files in `folder` whose names fit.
std::vector<fs::path> FilesWith(const fs::path& folder,
                                const std::function<bool(const std::string& name)>& fits) {
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (fits(entry.path().filename().string())) {
      files.push_back(entry.path());
    }
  }
  return files;
}

// Returns whether `name` is a number of at least five digits, followed by `end`.
bool IsNumberBefore(const std::string& name, std::string_view end) {
  const size_t digits = name.find_first_not_of("0123456789");
  return digits != std::string::npos && digits >= 5 && name.compare(digits, end.size(), end) == 0;
}

}  // namespace

std::vector<int> ShardsIn(const fs::path& folder) {
  std::vector<int> numbers;
  FilesWith(folder, [&](const std::string& name) {
    int number = 0;
    std::from_chars(name.data(), name.data() + name.size(), number);
    if (name == ShardFileName(number)) {
      numbers.push_back(number);
    }
    return false;
  });
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

void RemoveOtherShards(const fs::path& folder, const PackedVideos& packed) {
  std::unordered_set<std::string> ours;
  for (const auto& [number, uuid] : packed.uuids) {
    ours.insert(ShardFileName(number));
  }
  for (const fs::path& path : FilesWith(folder, [&](const std::string& name) {
         return fs::path(name).extension() == ".h5" && IsNumberBefore(name, ".h5") &&
                ours.count(name) == 0;
       })) {
    LogInfo(fmt::format("removing {}: of an earlier plan", path.string()));
    fs::remove(path);
  }
}

void RemoveUnpublishedShards(const fs::path& folder, size_t begin, size_t end) {
  for (const fs::path& path : FilesWith(folder, [&](const std::string& name) {
         size_t number = 0;
         std::from_chars(name.data() + 1, name.data() + name.size(), number);
         return name.front() == '.' && IsNumberBefore(name.substr(1), ".h5.tmp-") &&
                number >= begin && number < end;
       })) {
    std::error_code gone;
    fs::remove(path, gone);
  }
}

void WritePackedTables(const fs::path& folder, const std::vector<std::string>& classes,
                       const PackedVideos& packed) {
  WriteClasses(folder / "classes.txt", classes);
  WriteShardList(folder / "shards.tsv", packed.uuids);
  const HeldOutCopies copies = FindEqualFrames(packed.index, packed.contents);
  const fs::path table = folder / kEqualFramesFile;
  if (copies.empty() || fs::is_directory(table)) {
    fs::remove_all(table);
  }
  if (!copies.empty()) {
    WriteEqualFrames(table, copies);  // by renaming, as another task may sum it up for its DONE
  }
  WriteIndex(folder / "index.tsv", packed.index);
  WriteIndexImage(
      folder / kIndexImageFile, packed.index.size(), [&](size_t row) { return packed.index[row]; },
      SumOfFile(folder / "index.tsv"));
}

void AddNoFiles(const Manifest& manifest, const std::vector<MissingFile>& no_files,
                PackPlan* plan) {
  std::unordered_set<std::string_view> ids;
  if (!no_files.empty()) {
    for (const VideoRow& row : manifest.videos) {
      ids.insert(row.id);
    }
  }
  for (const MissingFile& row : no_files) {
    if (ids.count(row.id) != 0) {
      throw InputError(
          fmt::format("video '{}' stands both in the manifest and in its table of "
                      "missing files: list the videos again",
                      row.id));
    }
    plan->missing.push_back({row.id, row.subset});
  }
}

Passport ListedPassport(const fs::path& path, const Manifest& manifest,
                        const std::vector<MissingFile>& no_files) {
  Passport passport =
      PassportOrWarning([&] { return ReadManifestPassport(path); }).value_or(Passport());
  passport.counts.clear();
  CountListed(manifest, no_files, &passport);
  return passport;
}

// Rows are counted under the label of the manifest: the class of the shards may be the same name in
// another form.
void WritePackedPassport(const fs::path& folder, const Manifest& manifest, Passport listed,
                         const std::optional<FrameFacts>& frames, const PackedVideos& packed) {
  std::unordered_map<std::string_view, std::string_view> label_of_id;
  for (const VideoRow& row : manifest.videos) {
    label_of_id.emplace(row.id, row.label);
  }
  for (const IndexedVideo& video : packed.index) {
    PassportCounts& counts = listed.counts[{video.subset, std::string(label_of_id.at(video.id))}];
    ++counts.packed;
    counts.num_short += video.num_frames < PassportCounts::kShortFrames ? 1 : 0;
  }
  listed.shards = {{Passport::kOfShards, FileIdentity(folder / "shards.tsv")},
                   {"num_frames", packed.NumFrames()}};
  if (frames) {
    SetFrames(*frames, &listed);
  }
  WritePassport(folder / Passport::kFileName, listed);
}

void WarnOfDoubts(const fs::path& shards_dir) {
  try {
    for (const Doubt& doubt : DataDoubts(ShardSet(shards_dir))) {
      LogWarn(doubt.text);
    }
  } catch (const Error&) {
    if (fs::exists(shards_dir / kDoneFile)) {
      throw;
    }
    // The same command has been started again meanwhile, and has removed DONE. It will warn.
  }
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/shard_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/shard/open_shards.h"
#include "lib/shard/shard_copies.h"
#include "lib/shard/shard_reader.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

struct ListedShard {
  size_t first_video = 0;  // row of the first video in the index
  size_t num_videos = 0;
  std::string uuid;  // expected, from shards.tsv
};

bool Agrees(const IndexedVideo& row, const ShardTable& table, size_t video) {
  const uint64_t num_frames = table.first_frames[video + 1] - table.first_frames[video];
  return row.id == table.videos[video].id && row.label == table.videos[video].label &&
         static_cast<uint64_t>(row.num_frames) == num_frames;
}

// Replaces `frames` by frames of the video number `video_index` of a shard.
void ReadRuns(const OpenShard& shard, int video_index, const std::vector<int>& frame_indices,
              FrameBytes* frames) {
  const uint64_t first = shard.first_frames[static_cast<size_t>(video_index)];
  frames->Clear();
  for (size_t begin = 0, end = 1; begin < frame_indices.size(); begin = end++) {
    while (end < frame_indices.size() && frame_indices[end] == frame_indices[end - 1] + 1) {
      ++end;
    }
    shard.frames->Read(first + static_cast<uint64_t>(frame_indices[begin]), end - begin, frames);
  }
}

// Throws an input error that names the first frame which does not match its checksum.
void RequireSound(const FrameBytes& frames, const IndexedVideo& row,
                  const std::vector<int>& frame_indices, const fs::path& file) {
  if (const size_t damaged = frames.FindDamaged(); damaged < frames.size()) {
    throw InputError(fmt::format("{}: video {}, frame {} {}", file.string(), row.id,
                                 frame_indices[damaged], kDamagedFrame));
  }
}

}  // namespace

struct ShardSet::State {
  fs::path folder;
  VideoIndex videos;
  std::vector<std::string> classes;
  std::vector<MissingVideo> missing;
  uint32_t fingerprint = 0;
  TableChecksums checksums;
  std::map<int, ListedShard> shards;  // by number; no entry is added after construction
  std::unique_ptr<OpenShards> open;
  std::unique_ptr<ShardCopies> copies;  // null: none are used

  void ReadTables(const fs::path& from);
  void RequireClasses() const;
  // Makes an entry for each shard of the index.
  void ListShards(const std::map<int, std::string>& uuids);
  void RequireAgreement(int number, const ListedShard& shard, const ShardReader& reader) const;
  OpenShards::Handle Opened(int number) const;
  // Returns null if there is no copy that can be used.
  OpenShards::Handle Copy(int number) const;
  bool ReadCopy(const OpenShards::Handle& shard, const IndexedVideo& row,
                const std::vector<int>& frame_indices, FrameBytes* frames) const;
};

void ShardSet::State::RequireAgreement(int number, const ListedShard& shard,
                                       const ShardReader& reader) const {
  const ShardTable& table = reader.table();
  bool agrees = reader.uuid() == shard.uuid && table.classes == classes &&
                table.videos.size() == shard.num_videos;
  for (size_t i = 0; agrees && i < shard.num_videos; ++i) {
    agrees = Agrees(videos[shard.first_video + i], table, i);
  }
  if (!agrees) {
    const std::string difference =
        ClassDifference({"the shard", table.classes}, {"classes.txt", classes});
    throw InputError(
        fmt::format("{} does not agree with index.tsv, shards.tsv and classes.txt beside it{}: "
                    "pack the shards again",
                    (folder / ShardFileName(number)).string(),
                    difference.empty() ? "" : " (" + difference + ")"));
  }
}

OpenShards::Handle ShardSet::State::Copy(int number) const {
  const ListedShard& shard = shards.at(number);
  const auto copy = copies ? copies->Open(shard.uuid) : std::nullopt;
  if (!copy) {
    return nullptr;
  }
  RequireAgreement(number, shard, *copy->reader);  // the shard itself would not agree either
  return std::make_shared<OpenShard>(*copy->reader, copy->mark);
}

OpenShards::Handle ShardSet::State::Opened(int number) const {
  return open->Get(number, [&](const OpenShards::Handle& in_use) -> OpenShards::Handle {
    if (in_use && (in_use->is_copy() || !copies)) {
      return in_use;
    }
    if (OpenShards::Handle copy = Copy(number)) {
      return copy;
    }
    if (in_use) {
      return in_use;
    }
    const ShardReader reader(folder / ShardFileName(number));
    RequireAgreement(number, shards.at(number), reader);
    return std::make_shared<OpenShard>(reader);
  });
}

// Returns false if the copy cannot be read or is damaged. Then it is not used any more.
bool ShardSet::State::ReadCopy(const OpenShards::Handle& shard, const IndexedVideo& row,
                               const std::vector<int>& frame_indices, FrameBytes* frames) const {
  const std::string& uuid = shards.at(row.shard).uuid;
  try {
    ReadRuns(*shard, row.video_index, frame_indices, frames);
    if (const size_t damaged = frames->FindDamaged(); damaged < frames->size()) {
      throw InputError(fmt::format("{}: frame {} of video {} does not match its checksum",
                                   copies->FileOf(uuid).string(), frame_indices[damaged], row.id));
    }
    frames->SetFromCopy();
    return true;
  } catch (const Error& fault) {
    copies->Reject(uuid, *shard->copy, fault);
    open->Close(row.shard, shard);
    return false;
  }
}

void ShardSet::State::ReadTables(const fs::path& from) {
  folder = from;
  checksums = TableChecksums(folder);
  const fs::path shard_list = folder / "shards.tsv";
  videos = OpenIndex(folder, checksums);
  classes = ReadClasses(folder / "classes.txt");
  const std::map<int, std::string> uuids = ReadShardList(shard_list);
  fingerprint = videos.table().crc32;  // continued by the other two
  for (const char* name : {"shards.tsv", "classes.txt"}) {
    const std::string text = ReadFile(folder / name);
    checksums.Require(name, text);
    fingerprint = Crc32(text.data(), text.size(), fingerprint);
  }
  if (const fs::path file = folder / "missing.tsv"; fs::exists(file)) {
    missing = ReadMissing(file);
    checksums.Require("missing.tsv", ReadFile(file));
  } else {
    checksums.RequireAbsent("missing.tsv");
  }
  RequireClasses();
  ListShards(uuids);
  for (const auto& [number, uuid] : uuids) {
    if (shards.count(number) == 0) {
      throw InputError(fmt::format("{}: has no video of shard {} of {}: pack the shards again",
                                   (folder / "index.tsv").string(), number, shard_list.string()));
    }
  }
}

void ShardSet::State::RequireClasses() const {
  const auto num_classes = static_cast<int>(classes.size());
  if (videos.num_labels() <= num_classes) {
    return;
  }
  for (const IndexedVideo& video : videos) {
    if (video.label >= num_classes) {
      throw InputError(fmt::format("{}: video {} has label {}, but {} names {} classes",
                                   (folder / "index.tsv").string(), video.id, video.label,
                                   (folder / "classes.txt").string(), num_classes));
    }
  }
}

void ShardSet::State::ListShards(const std::map<int, std::string>& uuids) {
  for (const IndexShard& indexed : videos.shards()) {
    const auto number = static_cast<int>(indexed.number);
    const auto uuid = uuids.find(number);
    if (uuid == uuids.end()) {
      throw InputError(fmt::format("{}: lacks shard {} of {}: pack the shards again",
                                   (folder / "shards.tsv").string(), number,
                                   (folder / "index.tsv").string()));
    }
    ListedShard& shard = shards[number];
    shard.first_video = indexed.first_video;
    shard.num_videos = indexed.num_videos;
    shard.uuid = uuid->second;
  }
}

ShardSet::ShardSet(const fs::path& folder) : state_(std::make_unique<State>()) {
  RequireFolder(folder, "the shards made by pack-shards");
  state_->ReadTables(folder);
  state_->open = std::make_unique<OpenShards>(AllowOpenShards(state_->shards.size()));
}

ShardSet::~ShardSet() = default;

const fs::path& ShardSet::folder() const { return state_->folder; }
const VideoIndex& ShardSet::videos() const { return state_->videos; }
const std::vector<std::string>& ShardSet::classes() const { return state_->classes; }
int64_t ShardSet::NumMissing(Subset subset) const {
  return std::count_if(state_->missing.begin(), state_->missing.end(),
                       [&](const MissingVideo& video) { return video.subset == subset; });
}
uint32_t ShardSet::fingerprint() const { return state_->fingerprint; }
const TableChecksums& ShardSet::checksums() const { return state_->checksums; }

void ShardSet::ReadCopiesIn(const fs::path& copies) {
  state_->copies = std::make_unique<ShardCopies>(copies);
}

fs::path ShardSet::FileOf(int number) const { return state_->folder / ShardFileName(number); }
const std::string& ShardSet::UuidOf(int number) const { return state_->shards.at(number).uuid; }

void ShardSet::RequireSoundIndex() const {
  state_->checksums.Require("index.tsv", SumOfFile(state_->folder / "index.tsv"));
  state_->videos.Verify();
}

void ShardSet::RequireAgreement(int number, const ShardReader& reader) const {
  state_->RequireAgreement(number, state_->shards.at(number), reader);
}

FrameSize ShardSet::FrameSizeOf(size_t video) const {
  const IndexedVideo& row = state_->videos[video];
  return state_->Opened(row.shard)->frame_sizes[static_cast<size_t>(row.video_index)];
}

void ShardSet::ReadFrame(size_t video, int frame_index, std::vector<uint8_t>* jpeg) const {
  FrameBytes frames;
  ReadFrames(video, {frame_index}, &frames);
  jpeg->assign(frames.data(0), frames.data(0) + frames.size_bytes(0));
}

void ShardSet::ReadFrames(size_t video, const std::vector<int>& frame_indices,
                          FrameBytes* frames) const {
  const IndexedVideo row = state_->videos[video];
  REEL3D_CHECK(!frame_indices.empty() && frame_indices.front() >= 0 &&
               frame_indices.back() < row.num_frames);
  OpenShards::Handle shard = state_->Opened(row.shard);
  while (shard->is_copy()) {
    if (state_->ReadCopy(shard, row, frame_indices, frames)) {
      return;
    }
    shard = state_->Opened(row.shard);
  }
  ReadRuns(*shard, row.video_index, frame_indices, frames);
  RequireSound(*frames, row, frame_indices, FileOf(row.shard));
}

void ShardSet::ReadAhead(size_t video, int first, int last) const {
  const IndexedVideo row = state_->videos[video];
  if (const OpenShards::Handle shard = state_->open->Find(row.shard)) {
    const uint64_t video_begin = shard->first_frames[static_cast<size_t>(row.video_index)];
    shard->frames->ReadAhead(video_begin + static_cast<uint64_t>(first),
                             static_cast<size_t>(last - first) + 1);
  }
}

}  // namespace reel3d

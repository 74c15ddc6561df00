// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/shard_set.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/shard/shard_reader.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// A shard that is opened when the first thread needs it.
struct LazyShard {
  size_t first_video = 0;  // row of the first video in the index
  size_t num_videos = 0;
  std::string uuid;  // expected, from shards.tsv
  std::mutex opening;
  std::atomic<bool> is_open{false};  // true: the members below are set and do not change any more
  std::shared_ptr<const ShardFrames> frames;
  std::vector<uint64_t> first_frames;  // for each video of the shard
  std::vector<FrameSize> frame_sizes;  // for each video of the shard
};

// Each shard keeps one descriptor open; the default limit of many systems, 1024, is too low for
// large sets.
void AllowOpenFiles(size_t count) {
  constexpr rlim_t kOtherFiles = 256;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < count + kOtherFiles) {
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, count + kOtherFiles);
    setrlimit(RLIMIT_NOFILE, &limit);  // if this fails, opening a shard reports it
  }
}

bool Agrees(const IndexedVideo& row, const ShardTable& table, size_t video) {
  const uint64_t num_frames = table.first_frames[video + 1] - table.first_frames[video];
  return row.id == table.videos[video].id && row.label == table.videos[video].label &&
         static_cast<uint64_t>(row.num_frames) == num_frames;
}

}  // namespace

struct ShardSet::State {
  fs::path folder;
  VideoIndex videos;
  std::vector<std::string> classes;
  std::vector<MissingVideo> missing;
  uint32_t fingerprint = 0;
  TableChecksums checksums;
  std::map<int, LazyShard> shards;  // by number; no entry is added after construction

  void ReadTables(const fs::path& from);
  void RequireClasses() const;
  // Makes an entry for each shard of the index.
  void ListShards(const std::map<int, std::string>& uuids);
  void RequireAgreement(int number, const LazyShard& shard, const ShardReader& reader) const;
  void Open(int number, LazyShard* shard) const;
  const LazyShard& Opened(int number);
};

void ShardSet::State::RequireAgreement(int number, const LazyShard& shard,
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

void ShardSet::State::Open(int number, LazyShard* shard) const {
  const ShardReader reader(folder / ShardFileName(number));
  RequireAgreement(number, *shard, reader);
  shard->first_frames = reader.table().first_frames;
  for (const ShardVideo& video : reader.table().videos) {
    shard->frame_sizes.push_back({video.width, video.height});
  }
  shard->frames = reader.frames();
  shard->is_open = true;
}

const LazyShard& ShardSet::State::Opened(int number) {
  LazyShard& shard = shards.at(number);
  // std::call_once() is not used, because with some standard libraries an exception in it blocks
  // the next thread forever.
  if (!shard.is_open) {
    const std::lock_guard<std::mutex> lock(shard.opening);
    if (!shard.is_open) {
      Open(number, &shard);
    }
  }
  return shard;
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
    LazyShard& shard = shards[number];
    shard.first_video = indexed.first_video;
    shard.num_videos = indexed.num_videos;
    shard.uuid = uuid->second;
  }
}

ShardSet::ShardSet(const fs::path& folder) : state_(std::make_unique<State>()) {
  RequireFolder(folder, "the shards made by pack-shards");
  state_->ReadTables(folder);
  AllowOpenFiles(state_->shards.size());
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

void ShardSet::RequireSoundIndex() const {
  state_->checksums.Require("index.tsv", SumOfFile(state_->folder / "index.tsv"));
  state_->videos.Verify();
}

void ShardSet::RequireAgreement(int number, const ShardReader& reader) const {
  state_->RequireAgreement(number, state_->shards.at(number), reader);
}

FrameSize ShardSet::FrameSizeOf(size_t video) const {
  const IndexedVideo& row = state_->videos[video];
  return state_->Opened(row.shard).frame_sizes[static_cast<size_t>(row.video_index)];
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
  const LazyShard& shard = state_->Opened(row.shard);
  const uint64_t first = shard.first_frames[static_cast<size_t>(row.video_index)];
  frames->Clear();
  for (size_t begin = 0, end = 1; begin < frame_indices.size(); begin = end++) {
    while (end < frame_indices.size() && frame_indices[end] == frame_indices[end - 1] + 1) {
      ++end;
    }
    shard.frames->Read(first + static_cast<uint64_t>(frame_indices[begin]), end - begin, frames);
  }
  if (const size_t damaged = frames->FindDamaged(); damaged < frames->size()) {
    throw InputError(fmt::format("{}: video {}, frame {} {}",
                                 (state_->folder / ShardFileName(row.shard)).string(), row.id,
                                 frame_indices[damaged], kDamagedFrame));
  }
}

void ShardSet::ReadAhead(size_t video, int first, int last) const {
  const IndexedVideo row = state_->videos[video];
  const LazyShard& shard = state_->shards.at(row.shard);
  if (shard.is_open) {
    const uint64_t video_begin = shard.first_frames[static_cast<size_t>(row.video_index)];
    shard.frames->ReadAhead(video_begin + static_cast<uint64_t>(first),
                            static_cast<size_t>(last - first) + 1);
  }
}

}  // namespace reel3d

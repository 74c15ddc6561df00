// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/video_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <iterator>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/mapped_file.h"
#include "lib/base/rng.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

constexpr const char* kRemoveOrPackAgain =
    "remove it, and index.tsv is read instead, or run the same pack-shards command again";

size_t NumBlocks(uint64_t num_videos) {
  return static_cast<size_t>((num_videos + kIndexBlock - 1) / kIndexBlock);
}

}  // namespace

struct VideoIndex::Image {
  std::string name;
  std::string what_to_do = kRemoveOrPackAgain;  // if something is damaged
  std::unique_ptr<const MappedFile> mapped;     // null: the image is in `bytes`
  std::string bytes;
  const std::byte* data = nullptr;
  size_t size_bytes = 0;

  IndexHeader header;
  std::vector<IndexShard> shards;
  std::vector<IndexBlock> blocks;
  size_t records_byte = 0;
  size_t ids_byte = 0;
  std::unique_ptr<std::atomic<bool>[]> is_checked;  // by block
  mutable std::atomic<uint32_t> num_reads{0};

  void Load(const fs::path& file, size_t most_read_bytes);
  void Map(const fs::path& file);
  void Open();
  void ReadHeader();
  template <class Part>
  std::vector<Part> CopyParts(size_t begin_byte, size_t count) const;
  void CheckShards() const;
  void CheckBlocks() const;
  void CheckBlock(size_t block) const;
  const IndexRecord* Records(size_t block) const {
    return reinterpret_cast<const IndexRecord*>(data + records_byte) + block * kIndexBlock;
  }
  size_t NumRecords(size_t block) const {
    return std::min<size_t>(kIndexBlock, header.num_videos - block * kIndexBlock);
  }
  uint64_t EndOfIds(size_t block) const {
    return block + 1 < blocks.size() ? blocks[block + 1].first_id_byte : header.ids_bytes;
  }
  std::string Id(size_t block, const IndexRecord& record) const;
  bool IsGood(const IndexRecord& record) const;
  void Require(bool good, const std::string& fault) const {
    if (!good) {
      throw InputError(fmt::format("{}: {}: {}", name, fault, what_to_do));
    }
  }
  // Lets everything go once many pages may have been used since the last time: a system that counts
  // a rank's memory would otherwise count the complete file.
  void CountRead() const;
};

// A small image is read, so that no page of it can be missing later.
void VideoIndex::Image::Load(const fs::path& file, size_t most_read_bytes) {
  name = file.string();
  try {
    RequireFile(file, "the index that pack-shards wrote");
    if (fs::file_size(file) > most_read_bytes) {
      Map(file);
    }
    if (!mapped) {
      bytes = ReadFile(file, UINT64_MAX);
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kInput) {
      throw;
    }
    throw InputError(fmt::format("{}: {}", error.what(), what_to_do));
  }
}

// Leaves `mapped` null if the file system cannot map files.
void VideoIndex::Image::Map(const fs::path& file) {
  try {
    mapped = std::make_unique<MappedFile>(file);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInput) {
      throw;
    }
  }
}

void VideoIndex::Image::Open() {
  data = mapped ? mapped->data() : reinterpret_cast<const std::byte*>(bytes.data());
  size_bytes = mapped ? mapped->size_bytes() : bytes.size();
  ReadHeader();
  const size_t blocks_byte = sizeof header + header.num_shards * sizeof(IndexShard);
  shards = CopyParts<IndexShard>(sizeof header, header.num_shards);
  blocks = CopyParts<IndexBlock>(blocks_byte, NumBlocks(header.num_videos));
  records_byte = blocks_byte + blocks.size() * sizeof(IndexBlock);
  ids_byte = records_byte + header.num_videos * sizeof(IndexRecord);
  CheckShards();
  CheckBlocks();
  is_checked = std::make_unique<std::atomic<bool>[]>(blocks.size());
}

void VideoIndex::Image::ReadHeader() {
  Require(size_bytes >= sizeof header, fmt::format("has only {} bytes", size_bytes));
  std::memcpy(&header, data, sizeof header);
  Require(header.magic == kIndexMagic, "is not an index that pack-shards wrote");
  Require(
      header.version == kIndexVersion,
      fmt::format("has version {}, and this tool reads version {}", header.version, kIndexVersion));
  IndexHeader zeroed = header;
  zeroed.header_crc32 = 0;
  Require(Crc32(&zeroed, sizeof header) == header.header_crc32, "its header is damaged");
  // Each count is at most the size, so the sum below cannot overflow.
  for (const uint64_t count : {header.num_videos, header.ids_bytes}) {
    Require(count <= size_bytes, "its header is damaged");
  }
  const uint64_t expected = sizeof header + header.num_shards * sizeof(IndexShard) +
                            NumBlocks(header.num_videos) * sizeof(IndexBlock) +
                            header.num_videos * sizeof(IndexRecord) + header.ids_bytes;
  Require(expected == size_bytes, fmt::format("has {} bytes instead of {}", size_bytes, expected));
  uint64_t num_videos = 0;
  for (size_t subset = 0; subset < kNumSubsets; ++subset) {
    Require(header.in_subset[subset] <= header.num_videos &&
                header.unlabelled[subset] <= header.in_subset[subset],
            "its header is damaged");
    num_videos += header.in_subset[subset];
  }
  Require(num_videos == header.num_videos && header.num_labels <= INT32_MAX,
          "its header is damaged");
}

template <class Part>
std::vector<Part> VideoIndex::Image::CopyParts(size_t begin_byte, size_t count) const {
  std::vector<Part> parts(count);
  if (count > 0) {
    std::memcpy(parts.data(), data + begin_byte, count * sizeof(Part));
  }
  return parts;
}

void VideoIndex::Image::CheckShards() const {
  const uint32_t shards_crc32 = Crc32(shards.data(), shards.size() * sizeof(IndexShard));
  Require(
      Crc32(blocks.data(), blocks.size() * sizeof(IndexBlock), shards_crc32) == header.parts_crc32,
      "its tables are damaged");
  uint64_t num_videos = 0;
  for (size_t i = 0; i < shards.size(); ++i) {
    Require(shards[i].number <= INT32_MAX && (i == 0 || shards[i - 1].number < shards[i].number) &&
                shards[i].num_videos > 0 && shards[i].first_video == num_videos,
            "its shards are out of order");
    num_videos += shards[i].num_videos;
  }
  Require(num_videos == header.num_videos, "its shards have another number of videos");
}

void VideoIndex::Image::CheckBlocks() const {
  for (size_t block = 0; block < blocks.size(); ++block) {
    Require((block > 0 || blocks[block].first_id_byte == 0) &&
                blocks[block].first_id_byte <= EndOfIds(block),
            "its blocks are out of order");
  }
  Require(!blocks.empty() || header.ids_bytes == 0, "its blocks are out of order");
}

bool VideoIndex::Image::IsGood(const IndexRecord& record) const {
  return record.subset < kNumSubsets && record.num_frames >= 1 && record.num_frames <= INT32_MAX &&
         record.label >= -1 && record.label < static_cast<int64_t>(header.num_labels) &&
         record.fps >= 0 && record.fps <= kMaxIndexedFps && record.id_bytes <= kMaxIdBytes;
}

void VideoIndex::Image::CheckBlock(size_t block) const {
  if (is_checked[block].load(std::memory_order_relaxed)) {
    return;
  }
  const size_t count = NumRecords(block);
  const IndexRecord* records = Records(block);
  bool good = Crc32(records, count * sizeof(IndexRecord)) == blocks[block].crc32;
  uint64_t id_byte = 0;
  for (size_t i = 0; good && i < count; ++i) {
    good = IsGood(records[i]) && records[i].id_byte == id_byte;
    id_byte += records[i].id_bytes;
  }
  good = good && blocks[block].first_id_byte + id_byte == EndOfIds(block);
  Require(good, fmt::format("its videos {} to {} are damaged", block * kIndexBlock,
                            block * kIndexBlock + count - 1));
  is_checked[block].store(true, std::memory_order_relaxed);
}

// Checks the place again, because the file may have been overwritten since its block was checked.
std::string VideoIndex::Image::Id(size_t block, const IndexRecord& record) const {
  const uint64_t begin = blocks[block].first_id_byte + record.id_byte;
  Require(IsGood(record) && begin + record.id_bytes <= header.ids_bytes, "was changed while open");
  std::string id(reinterpret_cast<const char*>(data + ids_byte + begin), record.id_bytes);
  Require(StableHash(id) == record.id_hash && IdFault(id).empty(),
          "the id of one of its videos is damaged");
  return id;
}

void VideoIndex::Image::CountRead() const {
  constexpr uint32_t kReadsBetween = 256;
  if (mapped && ++num_reads % kReadsBetween == 0) {
    mapped->LetGo(0, size_bytes);
  }
}

VideoIndex::VideoIndex(const fs::path& file, size_t most_read_bytes) {
  auto image = std::make_shared<Image>();
  image->Load(file, most_read_bytes);
  image->Open();
  image_ = std::move(image);
}

VideoIndex::VideoIndex(const std::vector<IndexedVideo>& videos, const TableSum& sum,
                       const fs::path& table) {
  auto image = std::make_shared<Image>();
  image->name = table.string();
  image->what_to_do = "pack the shards again";
  image->bytes = FormatIndexImage(videos, sum);
  image->Open();
  image_ = std::move(image);
}

size_t VideoIndex::size() const { return image_->header.num_videos; }

int64_t VideoIndex::Count(Subset subset) const {
  return static_cast<int64_t>(image_->header.in_subset.at(static_cast<size_t>(subset)));
}

int64_t VideoIndex::CountUnlabelled(Subset subset) const {
  return static_cast<int64_t>(image_->header.unlabelled.at(static_cast<size_t>(subset)));
}

int VideoIndex::num_labels() const { return static_cast<int>(image_->header.num_labels); }

const std::vector<IndexShard>& VideoIndex::shards() const { return image_->shards; }

TableSum VideoIndex::table() const {
  return {image_->header.table_bytes, image_->header.table_crc32};
}

IndexedVideo VideoIndex::operator[](size_t video) const {
  REEL3D_CHECK(video < size());
  const size_t block = video / kIndexBlock;
  const IndexRecord record = Block(block)[video % kIndexBlock];
  const auto after = std::upper_bound(
      shards().begin(), shards().end(), video,
      [](size_t place, const IndexShard& shard) { return place < shard.first_video; });
  const IndexShard& shard = *std::prev(after);
  IndexedVideo row;
  row.shard = static_cast<int>(shard.number);
  row.video_index = static_cast<int>(video - shard.first_video);
  row.id = image_->Id(block, record);
  row.label = record.label;
  row.subset = static_cast<Subset>(record.subset);
  row.num_frames = static_cast<int>(record.num_frames);
  row.fps = record.fps;
  image_->CountRead();
  return row;
}

std::optional<size_t> VideoIndex::Find(const std::string& id) const {
  const uint64_t hash = StableHash(id);
  std::vector<size_t> candidates;
  Scan([&](size_t video, const IndexRecord& record) {
    if (record.id_hash == hash) {
      candidates.push_back(video);
    }
  });
  for (const size_t video : candidates) {
    if ((*this)[video].id == id) {
      return video;
    }
  }
  return std::nullopt;
}

const IndexRecord* VideoIndex::Block(size_t block) const {
  image_->CheckBlock(block);
  return image_->Records(block);
}

void VideoIndex::EndBlock(size_t block) const {
  constexpr size_t kBlocksBetween = 512;
  const Image& image = *image_;
  const size_t end = block + 1;
  if (image.mapped && (end % kBlocksBetween == 0 || end == image.blocks.size())) {
    const size_t begin = (end - 1) / kBlocksBetween * kBlocksBetween;
    const auto byte = [&](size_t first) {
      return image.records_byte + first * kIndexBlock * sizeof(IndexRecord);
    };
    image.mapped->LetGo(byte(begin), byte(end));
  }
}

void VideoIndex::Verify() const {
  std::array<uint64_t, kNumSubsets> in_subset = {};
  std::array<uint64_t, kNumSubsets> unlabelled = {};
  Scan([&](size_t /*video*/, const IndexRecord& record) {
    ++in_subset.at(record.subset);
    unlabelled.at(record.subset) += record.label < 0 ? 1 : 0;
  });
  image_->Require(in_subset == image_->header.in_subset && unlabelled == image_->header.unlabelled,
                  "its header counts other videos");
  const TableSum sum = SumOfIndex(size(), [&](size_t video) { return (*this)[video]; });
  image_->Require(sum == table(), "its rows are not those of its index.tsv");
}

void VideoIndex::Fail(const std::string& fault) const {
  throw InputError(fmt::format("{}: {}: {}", image_->name, fault, image_->what_to_do));
}

VideoIndex OpenIndex(const fs::path& folder, const TableChecksums& checksums) {
  const fs::path table = folder / "index.tsv";
  const fs::path image = folder / kIndexImageFile;
  std::error_code error;
  if (!checksums.are_known() || !fs::exists(image, error)) {
    const std::vector<IndexedVideo> videos = ReadIndex(table);
    const TableSum sum = SumOfFile(table);
    checksums.Require("index.tsv", sum);
    return VideoIndex(videos, sum, table);
  }
  RequireFile(table, "the index that pack-shards wrote");
  VideoIndex index(image);
  const uint64_t size_bytes = fs::file_size(table, error);
  if (size_bytes <= kMostReadBytes || size_bytes != index.table().size_bytes) {
    checksums.Require("index.tsv", SumOfFile(table));
  }
  if (!checksums.States("index.tsv", index.table())) {
    index.Fail("belongs to another index.tsv than DONE states");
  }
  return index;
}

}  // namespace reel3d

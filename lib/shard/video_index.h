// The index of a folder of shards: which videos there are, and where. It stays in the file
// index.bin, which is mapped. So it opens at once, and the ranks of a node share its memory.
//
// Opening checks the header, the sizes and the small tables. A block of records is checked when it
// is first used, and an id each time it is read. Damage is an input error that names the file and
// says what to do.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/shard/index_image.h"
#include "lib/shard/shard_index.h"

namespace reel3d {

// Copies share their content. Any thread may use it.
class VideoIndex {
 public:
  VideoIndex() : VideoIndex(std::vector<IndexedVideo>()) {}
  // Maps a file that WriteIndexImage() wrote. Throws an input error if it is not one.
  explicit VideoIndex(const std::filesystem::path& image);
  // Holds these rows in memory, in the same form. `table` is the sum of their index.tsv.
  explicit VideoIndex(const std::vector<IndexedVideo>& videos, const TableSum& table = {});

  size_t size() const;
  bool empty() const { return size() == 0; }
  IndexedVideo operator[](size_t video) const;
  std::optional<size_t> Find(const std::string& id) const;

  int64_t Count(Subset subset) const;
  int64_t CountUnlabelled(Subset subset) const;
  // Returns the smallest number that is larger than every label.
  int num_labels() const;
  // Returns the shards by number.
  const std::vector<IndexShard>& shards() const;
  // Returns the sum of the index.tsv that has the same rows.
  TableSum table() const;

  // Calls visit(video, record) for each video in order. It reads no ids, so it is quick: 100
  // million videos take less than a second if the file is in the system's cache.
  template <class Visit>
  void Scan(const Visit& visit) const {
    for (size_t begin = 0; begin < size(); begin += kIndexBlock) {
      const IndexRecord* records = Block(begin / kIndexBlock);
      const size_t count = std::min(kIndexBlock, size() - begin);
      for (size_t i = 0; i < count; ++i) {
        visit(begin + i, records[i]);
      }
      EndBlock(begin / kIndexBlock);
    }
  }

  // Reads everything. Throws if something is damaged, or if index.tsv has other rows.
  void Verify() const;

  class Iterator {
   public:
    Iterator(const VideoIndex* index, size_t video) : index_(index), video_(video) {}
    IndexedVideo operator*() const { return (*index_)[video_]; }
    Iterator& operator++() {
      ++video_;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return video_ != other.video_; }

   private:
    const VideoIndex* index_;
    size_t video_;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size()}; }

 private:
  struct Image;

  const IndexRecord* Block(size_t block) const;
  void EndBlock(size_t block) const;

  std::shared_ptr<const Image> image_;
};

// Opens the index of a folder of shards. It maps index.bin if `checksums` are known; otherwise, or
// if there is no such file, it reads index.tsv. Throws an input error if index.tsv is not what
// pack-shards wrote, or index.bin belongs to another one. Of an index.tsv of more than 64 MiB
// beside an index.bin only the size is checked; Verify() checks the rest.
VideoIndex OpenIndex(const std::filesystem::path& folder, const TableChecksums& checksums);

}  // namespace reel3d

// The index of a folder of shards: which videos there are, and where. A large one stays in the file
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

// A larger index.bin is mapped, a smaller one read. Of an index.tsv beside an index.bin, a larger
// one is compared only by its size when the folder is opened.
constexpr size_t kMostReadBytes = size_t{64} << 20;

// Copies share their content. Any thread may use it.
class VideoIndex {
 public:
  VideoIndex() : VideoIndex(std::vector<IndexedVideo>()) {}
  // Opens a file that WriteIndexImage() wrote. Throws an input error if it is not one. A file of
  // more than `most_read_bytes` is mapped if the system can; its pages are let go after use.
  explicit VideoIndex(const std::filesystem::path& image, size_t most_read_bytes = kMostReadBytes);
  // Holds these rows in memory, in the same form. `table` is their file, for messages, and `sum`
  // its sum.
  explicit VideoIndex(const std::vector<IndexedVideo>& videos, const TableSum& sum = {},
                      const std::filesystem::path& table = "index.tsv");

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

  // Reads everything. Throws if something is damaged, or if the rows do not make the table whose
  // sum is table(). It does not read index.tsv.
  void Verify() const;
  // Throws an input error that names the file, states the fault and says what to do.
  [[noreturn]] void Fail(const std::string& fault) const;

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
// pack-shards wrote, or index.bin belongs to another one. If index.tsv has more than
// kMostReadBytes and lies beside an index.bin, only its size is checked.
VideoIndex OpenIndex(const std::filesystem::path& folder, const TableChecksums& checksums);

}  // namespace reel3d

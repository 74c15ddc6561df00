// Fuzzes the mapped index of a folder of shards. Half of the inputs get right checksums, so that
// the fuzzer reaches what lies behind them.
// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/video_index.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "lib/base/file.h"
#include "tests/fuzz/fuzz_target.h"

namespace reel3d::fuzz {
namespace {

template <class Number>
void Put(std::vector<uint8_t>* file, size_t place, Number number) {
  if (place <= file->size() && sizeof number <= file->size() - place) {
    std::memcpy(file->data() + place, &number, sizeof number);
  }
}

// Corrects the checksums that the file's own counts lead to, as far as they lie in the file.
void Seal(std::vector<uint8_t>* file) {
  IndexHeader header;
  if (file->size() < sizeof header) {
    return;
  }
  std::memcpy(&header, file->data(), sizeof header);
  const size_t size = file->size() - sizeof header;
  const uint64_t num_blocks =
      header.num_videos / kIndexBlock + (header.num_videos % kIndexBlock > 0);
  if (header.num_videos > size || header.num_shards > size) {
    return;
  }
  const size_t blocks = sizeof header + header.num_shards * sizeof(IndexShard);
  const size_t records = blocks + num_blocks * sizeof(IndexBlock);
  if (records > file->size()) {
    return;
  }
  for (uint64_t block = 0; block < num_blocks; ++block) {
    const size_t begin = records + block * kIndexBlock * sizeof(IndexRecord);
    const size_t count = std::min<size_t>(kIndexBlock, header.num_videos - block * kIndexBlock);
    if (begin + count * sizeof(IndexRecord) > file->size()) {
      return;
    }
    Put(file, blocks + block * sizeof(IndexBlock) + offsetof(IndexBlock, crc32),
        Crc32(file->data() + begin, count * sizeof(IndexRecord)));
  }
  header.parts_crc32 = Crc32(file->data() + sizeof header, records - sizeof header);
  header.header_crc32 = 0;
  header.header_crc32 = Crc32(&header, sizeof header);
  Put(file, 0, header);
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<IndexedVideo> videos = {{0, 0, "first", 1, Subset::kTraining, 5, 25},
                                      {0, 1, "second", -1, Subset::kTesting, 1, 0},
                                      {3, 0, "third", 0, Subset::kValidation, 3, 29.97}};
  std::vector<std::string> seeds;
  for (const uint32_t sealed : {0, 1}) {
    seeds.push_back(FileAndNumbers::Join(FormatIndexImage({}, {}), {sealed}));
    seeds.push_back(FileAndNumbers::Join(FormatIndexImage(videos, {64, 7}), {sealed}));
  }
  for (int i = 1; i <= 1030; ++i) {
    videos.push_back({3, i, "v" + std::to_string(i), 0, Subset::kTraining, 16, 25});
  }
  seeds.push_back(FileAndNumbers::Join(FormatIndexImage(videos, {64, 7}), {1}));
  return seeds;
}

}  // namespace reel3d::fuzz

// An index that can be read completely is written again with the same rows.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reel3d;
  fuzz::FileAndNumbers input(data, size);
  std::vector<uint8_t> bytes = input.file();
  if (input.Next() % 2 == 1) {
    fuzz::Seal(&bytes);
  }
  const fuzz::ScratchFile file(bytes.data(), bytes.size());
  fuzz::AllowInputErrors([&] {
    const VideoIndex index(file.path());
    (void)index.Find("third");
    std::vector<IndexedVideo> videos;
    for (const IndexedVideo& video : index) {
      videos.push_back(video);
    }
    const VideoIndex again(videos, index.table());
    REEL3D_CHECK(again.size() == index.size());
    for (size_t i = 0; i < videos.size(); ++i) {
      const IndexedVideo video = again[i];
      REEL3D_CHECK(video.id == videos[i].id && video.shard == videos[i].shard &&
                   video.video_index == videos[i].video_index && video.label == videos[i].label &&
                   video.subset == videos[i].subset && video.num_frames == videos[i].num_frames &&
                   video.fps == videos[i].fps);
    }
    index.Verify();
  });
  return 0;
}

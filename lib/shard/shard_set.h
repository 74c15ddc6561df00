// Opens a folder of shards as one data set: it has an index of the videos and reads the JPEG of any
// frame by pread.
//
//   index.tsv    shard  video_index  id  label_index  subset  num_frames  fps
//   index.bin    the same rows, to be mapped (see index_image.h); older versions wrote none
//   shards.tsv   shard  uuid (of its content, see shard_format.h)
//   missing.tsv  id  subset: videos of the manifest that could not be prepared or packed. They
//                count as wrong in evaluation, so that no fault makes a figure better
//   classes.txt  one class name a line
//   DONE         checksums of these tables, see table_checksums.h
//   NNNNN.h5     see shard_format.h
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "lib/data/crop_plan.h"
#include "lib/data/manifest.h"
#include "lib/shard/shard_frames.h"
#include "lib/shard/shard_index.h"
#include "lib/shard/table_checksums.h"
#include "lib/shard/video_index.h"

namespace reel3d {

class ShardReader;

class ShardSet {
 public:
  // Reads shards.tsv, classes.txt and missing.tsv, and opens the index (see OpenIndex()). Throws an
  // input error if they are absent, unfinished, contradict each other or are not what pack-shards
  // wrote. A folder that an older version packed may lack missing.tsv. Shards are opened on first
  // use.
  explicit ShardSet(const std::filesystem::path& folder);
  ~ShardSet();

  // Lets frames come from copies of the shards in `folder` (ShardCopies), if they are there and
  // sound: also from copies that are made later. Frames are the same bytes with and without. Call
  // it before other threads use this object.
  void ReadCopiesIn(const std::filesystem::path& folder);

  const std::filesystem::path& folder() const;
  // Return the path of shard `number`, which must be one of videos().shards(), and the name of its
  // content that shards.tsv states.
  std::filesystem::path FileOf(int number) const;
  const std::string& UuidOf(int number) const;
  const VideoIndex& videos() const;
  const std::vector<std::string>& classes() const;
  // Returns the number of videos of the subset that are in no shard.
  int64_t NumMissing(Subset subset) const;
  // Returns the CRC-32 of index.tsv, shards.tsv and classes.txt. A checkpoint or score file keeps
  // it to identify its data, down to the last pixel.
  uint32_t fingerprint() const;
  const TableChecksums& checksums() const;

  // Reads index.tsv and the complete index. Throws an input error if they are damaged or differ.
  void RequireSoundIndex() const;

  // Throws an input error if the shard of `reader` does not agree with the tables' entries for
  // shard `number`. Every shard is checked in this way on its first use.
  void RequireAgreement(int number, const ShardReader& reader) const;

  // Replaces `jpeg` by frame `frame_index` (from 0) of videos()[video]. Any thread; calls HDF5 only
  // when it opens a shard: on the first use, and again if too many are open. Throws an input error
  // if the frame fails its checksum (it names shard, video and frame), or if the shard does not
  // agree with the index (it names the shard).
  void ReadFrame(size_t video, int frame_index, std::vector<uint8_t>* jpeg) const;

  // Replaces `frames` by several frames of the video, and throws as ReadFrame does. `frame_indices`
  // must rise; consecutive frames are fetched by one read.
  void ReadFrames(size_t video, const std::vector<int>& frame_indices, FrameBytes* frames) const;

  // Returns the size of a video's frames in pixels, as its shard states it. Any thread; throws as
  // ReadFrames() does if the shard does not agree with the index.
  FrameSize FrameSizeOf(size_t video) const;

  // Asks the system to fetch the frames from `first` to `last` in the background, if the shard is
  // open. It is a hint and never throws.
  void ReadAhead(size_t video, int first, int last) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "python/src/files.h"

#include <fmt/format.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <memory>
#include <numeric>

#include "lib/base/error.h"
#include "lib/eval/score_file.h"
#include "lib/frames/frame_decoder.h"
#include "lib/shard/shard_set.h"
#include "python/src/fork_guard.h"
#include "python/src/python_lock.h"

namespace nb = nanobind;

namespace reel3d::python {
namespace {

template <class T>
nb::object ToArray(std::vector<T> values, const std::vector<size_t>& shape) {
  auto held = std::make_unique<std::vector<T>>(std::move(values));
  T* first = held->data();
  const nb::capsule owner(held.get(),
                          [](void* own) noexcept { delete static_cast<std::vector<T>*>(own); });
  held.release();
  return nb::cast(nb::ndarray<nb::numpy, T>(first, shape.size(), shape.data(), owner),
                  nb::rv_policy::reference);
}

template <class T>
nb::object ToArray(std::vector<T> values) {
  const size_t count = values.size();
  return ToArray(std::move(values), {count});
}

struct StoredFrames {
  std::vector<int> indices;  // rising
  FrameBytes bytes;
};

StoredFrames Load(const std::string& folder, const std::string& id,
                  const std::optional<std::vector<int>>& wanted) {
  const ShardSet shards(folder);
  const std::optional<size_t> found = shards.videos().Find(id);
  if (!found) {
    throw InputError(fmt::format("{}: holds no video {}", folder, id));
  }
  const int num_frames = shards.videos()[*found].num_frames;
  StoredFrames frames;
  if (wanted) {
    frames.indices = *wanted;
  } else {
    frames.indices.resize(static_cast<size_t>(num_frames));
    std::iota(frames.indices.begin(), frames.indices.end(), 0);
  }
  int before = -1;
  for (const int frame : frames.indices) {
    if (frame <= before || frame >= num_frames) {
      throw UsageError(fmt::format("frames: {} after {}; they must rise, from 0 to {}", frame,
                                   before, num_frames - 1));
    }
    before = frame;
  }
  if (!frames.indices.empty()) {
    shards.ReadFrames(*found, frames.indices, &frames.bytes);
  }
  return frames;
}

std::vector<uint8_t> Decode(const StoredFrames& stored, int size) {
  const size_t count = stored.indices.size();
  std::vector<uint8_t> pixels(count * 3 * static_cast<size_t>(size) * static_cast<size_t>(size));
  if (count == 0) {
    return pixels;
  }
  std::vector<FrameJpeg> frames;
  for (size_t i = 0; i < count; ++i) {
    frames.push_back({stored.indices[i], stored.bytes.data(i), stored.bytes.size_bytes(i)});
  }
  FrameDecoder decoder(Decoding::kExact);
  const CropPlan plan = CenterCrop(decoder.ReadSize(frames[0]), size);
  decoder.DecodeClip(frames, static_cast<int>(count), plan, pixels.data());
  return pixels;
}

Scores LoadScores(const std::string& file) {
  const WithoutLock without_lock;
  return ReadScores(file);
}

}  // namespace

nb::object ReadFrames(const std::string& shards, const std::string& id,
                      const std::optional<std::vector<int>>& frames, int size) {
  RequireNoFork();
  if (size < 1 || size > FrameDecoder::kMaxSide) {
    throw UsageError(fmt::format("size={} is not in 1 .. {}", size, FrameDecoder::kMaxSide));
  }
  StoredFrames stored;
  std::vector<uint8_t> pixels;
  {
    const WithoutLock without_lock;
    stored = Load(shards, id, frames);
    pixels = Decode(stored, size);
  }
  const auto side = static_cast<size_t>(size);
  return ToArray(std::move(pixels), {3, stored.indices.size(), side, side});
}

nb::list ReadJpegs(const std::string& shards, const std::string& id,
                   const std::optional<std::vector<int>>& frames) {
  RequireNoFork();
  StoredFrames stored;
  {
    const WithoutLock without_lock;
    stored = Load(shards, id, frames);
  }
  nb::list jpegs;
  for (size_t i = 0; i < stored.indices.size(); ++i) {
    jpegs.append(
        nb::bytes(reinterpret_cast<const char*>(stored.bytes.data(i)), stored.bytes.size_bytes(i)));
  }
  return jpegs;
}

nb::dict ReadScoreFile(const std::string& file) {
  RequireNoFork();
  Scores scores = LoadScores(file);
  std::vector<int64_t> video;
  std::vector<int64_t> first_frame;
  std::vector<int64_t> num_distinct;
  std::vector<int64_t> crop;
  for (const ScoredClip& clip : scores.clips) {
    video.push_back(clip.video);
    first_frame.push_back(clip.first_frame);
    num_distinct.push_back(clip.num_distinct);
    crop.push_back(clip.crop);
  }
  std::vector<std::string> ids;
  std::vector<int64_t> labels;
  for (const ScoredVideo& scored : scores.videos) {
    ids.push_back(scored.id);
    labels.push_back(scored.label);
  }
  nb::dict read;
  read["logits"] = ToArray(std::move(scores.logits), {video.size(), scores.classes.size()});
  read["video"] = ToArray(std::move(video));
  read["first_frame"] = ToArray(std::move(first_frame));
  read["num_distinct"] = ToArray(std::move(num_distinct));
  read["crop"] = ToArray(std::move(crop));
  read["labels"] = ToArray(std::move(labels));
  read["ids"] = nb::cast(ids);
  read["classes"] = nb::cast(scores.classes);
  read["checkpoint"] = nb::cast(scores.checkpoint);
  read["data"] = nb::cast(scores.data);
  read["settings"] = nb::cast(scores.settings);
  read["subset"] = nb::cast(scores.subset);
  read["part"] = nb::cast(scores.part);
  read["num_parts"] = nb::cast(scores.num_parts);
  read["num_videos_expected"] = nb::cast(scores.num_videos_expected);
  return read;
}

}  // namespace reel3d::python

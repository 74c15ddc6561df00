// Fuzzes the reading of frames from a shard that was valid when it was opened, but whose file then
// changed: offsets and checksums are arbitrary.
// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/shard_frames.h"

#include <algorithm>

#include "lib/base/file.h"
#include "tests/fuzz/fuzz_target.h"

namespace reel3d::fuzz {
namespace {

// Returns places inside a file of this size, which ShardReader guarantees.
ShardPlaces TakePlaces(uint64_t size_bytes, FileAndNumbers* input) {
  const auto at_most = [&](uint64_t most) { return input->Next() % (most + 1); };
  ShardPlaces places;
  places.offsets = at_most(size_bytes - sizeof(uint64_t));
  places.crc32 = at_most(size_bytes);
  places.data = at_most(size_bytes);
  places.data_bytes = at_most(size_bytes - places.data);
  places.num_frames = at_most(std::min((size_bytes - places.offsets) / sizeof(uint64_t) - 1,
                                       (size_bytes - places.crc32) / sizeof(uint32_t)));
  return places;
}

}  // namespace

std::vector<std::string> Seeds() {
  const std::string frames = "one, two, three";
  const std::array<uint64_t, 4> offsets = {0, 5, 10, 15};
  const std::array<uint32_t, 3> checksums = {Crc32(&frames[0], 5), Crc32(&frames[5], 5),
                                             Crc32(&frames[10], 5)};
  std::string file(reinterpret_cast<const char*>(offsets.data()), sizeof offsets);
  file.append(reinterpret_cast<const char*>(checksums.data()), sizeof checksums);
  file.append(frames);
  return {FileAndNumbers::Join(file, {0, 32, 44, 15, 3, 0, 0, 2}),
          FileAndNumbers::Join(file, {0, 32, 44, 15, 3, 7, 1, 1})};
}

}  // namespace reel3d::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reel3d;
  fuzz::FileAndNumbers input(data, size);
  const size_t size_bytes = input.file().size();
  if (size_bytes < sizeof(uint64_t)) {
    return 0;
  }
  const ShardPlaces places = fuzz::TakePlaces(size_bytes, &input);
  const uint32_t cut_bytes = input.Below(64);
  const fuzz::ScratchFile file(input.file().data(),
                               size_bytes - std::min<size_t>(size_bytes, cut_bytes));
  if (places.num_frames == 0) {
    return 0;
  }
  const uint64_t first = input.Next() % places.num_frames;
  const size_t count = 1 + input.Next() % (places.num_frames - first);
  fuzz::AllowInputErrors([&] {
    const ShardFrames shard(std::make_shared<InputFile>(file.path(), "a shard"), places);
    shard.ReadAhead(first, count);
    FrameBytes frames;
    shard.Read(first, count, &frames);
    shard.Read(first, 1, &frames);
    REEL3D_CHECK(frames.size() == count + 1 && frames.FindDamaged() <= frames.size());
  });
  return 0;
}

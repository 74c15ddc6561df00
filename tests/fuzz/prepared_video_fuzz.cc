// Fuzzes pack-shards' reading of a prepared video: Matroska, and each frame's JPEG header.
// SPDX-License-Identifier: Apache-2.0
#include "lib/video/prepared_video.h"

#include "lib/base/file.h"
#include "lib/shard/video_scan.h"
#include "tests/frames/jpeg_pictures.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/test_support.h"

std::vector<std::string> reel3d::fuzz::Seeds() {
  const test::TemporaryFolder folder;
  PreparedVideoWriter writer(folder / "a.mkv", {48, 32, 25, 1, "the tests"});
  for (int frame = 0; frame < 4; ++frame) {
    writer.Write(test::MakeJpeg({48, 32}, frame), frame / 25.);
  }
  writer.Finish();
  return {ReadFile(folder / "a.mkv")};
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reel3d;
  const fuzz::ScratchFile file(data, size);
  fuzz::AllowInputErrors([&] {
    PreparedVideoReader reader(file.path());
    ShardVideo video;
    video.width = static_cast<uint16_t>(reader.info().width);
    video.height = static_cast<uint16_t>(reader.info().height);
    VideoScan scan(video);
    std::vector<uint8_t> jpeg;
    while (reader.Next(&jpeg)) {
      fuzz::AllowInputErrors([&] { scan.AddFrame(jpeg); });
    }
  });
  return 0;
}

// Fuzzes the reading of a shard: its table and every frame.
// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/shard_reader.h"

#include "tests/fuzz/fuzz_target.h"
#include "tests/shard/small_shard.h"
#include "tests/test_support.h"

std::vector<std::string> reel3d::fuzz::Seeds() {
  const test::TemporaryFolder folder;
  test::WriteShard(folder / "00000.h5", test::MakeSmallShard());
  return {ReadFile(folder / "00000.h5")};
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reel3d;
  const fuzz::ScratchFile file(data, size);
  fuzz::AllowInputErrors([&] {
    const ShardReader reader(file.path());
    REEL3D_CHECK(ContentUuid(reader.table()) == reader.uuid());
    reader.Verify();
    std::vector<uint8_t> jpeg;
    for (uint64_t frame = 0; frame < reader.table().num_frames(); ++frame) {
      reader.ReadFrame(frame, &jpeg);
    }
  });
  return 0;
}

// Fuzzes the loader's use of a stored frame: it reads the header and decodes any crop, fast and
// exactly.
// SPDX-License-Identifier: Apache-2.0
#include "lib/frames/frame_decoder.h"

#include "lib/frames/jpeg_header.h"
#include "tests/fuzz/crop_inputs.h"

std::vector<std::string> reel3d::fuzz::Seeds() { return CropSeeds({}); }

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reel3d;
  fuzz::FileAndNumbers input(data, size);
  fuzz::AllowInputErrors([&] { ReadJpegHeader(input.file()); });
  fuzz::AllowInputErrors([&] {
    const FrameJpeg frame{0, input.file().data(), input.file().size()};
    FrameDecoder exact(Decoding::kExact);
    const CropPlan plan = fuzz::TakeFittingPlan(exact.ReadSize(frame), &input);
    constexpr int kClipLength = 3;
    std::vector<uint8_t> clip(size_t{3} * kClipLength * plan.size * plan.size);
    fuzz::AllowInputErrors([&] { exact.DecodeClip({frame}, kClipLength, plan, clip.data()); });
    FrameDecoder(Decoding::kFast).DecodeClip({frame, frame}, kClipLength, plan, clip.data());
  });
  return 0;
}

// Treats any file as a video: probes, decodes, scales, encodes, writes it and reads it back, like a
// worker of prep-videos, but in this process. This also finds faults of FFmpeg, which cost a user
// of prep-videos only one video.
// SPDX-License-Identifier: Apache-2.0
#include <new>

#include "lib/base/file.h"
#include "pipeline/support/prepare_video.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d::fuzz {
namespace {

// Larger pictures and longer videos are legal, but take seconds.
constexpr int64_t kMaxPixels = 512 * 512;
constexpr int kMaxDecoded = 40;

std::string Sample(const std::string& name, VideoEncoderOptions options) {
  const test::TemporaryFolder folder;
  constexpr int kNumFrames = 6;
  test::WriteSample(folder / name, options, kNumFrames,
                    test::NumberedFrames(options.width, options.height));
  return ReadFile(folder / name);
}

VideoEncoderOptions Codec(const std::string& codec, const std::string& pixel_format = "yuv420p") {
  VideoEncoderOptions options = test::Lossless(48, 32, pixel_format);
  options.codec = codec;
  return options;
}

}  // namespace

std::vector<std::string> Seeds() {
  VideoEncoderOptions turned = Codec("libx264");
  turned.rotation_degrees = 90;
  turned.pixel_aspect_num = 4;
  turned.pixel_aspect_den = 3;
  turned.color_space = "bt709";
  turned.variable_rate = true;
  std::vector<std::string> seeds;
  // The numbers of a seed are the first second and the length of the part that is prepared.
  for (const std::string& file :
       {Sample("a.mp4", turned), Sample("a.avi", Codec("mpeg4")), Sample("a.mkv", Codec("ffv1")),
        Sample("b.mkv", Codec("mjpeg", "yuvj420p")), Sample("a.ts", Codec("mpeg2video")),
        Sample("a.gif", Codec("gif", "pal8")),
        "YUV4MPEG2 W16 H16 F25:1 C420jpeg\nFRAME\n" + std::string(size_t{16} * 16 * 3 / 2, 'x')}) {
    seeds.push_back(FileAndNumbers::Join(file, {}));
  }
  seeds.push_back(FileAndNumbers::Join(Sample("a.mp4", turned), {5, 100}));
  return seeds;
}

}  // namespace reel3d::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reel3d;
  fuzz::FileAndNumbers input(data, size);
  const fuzz::ScratchFile source(input.file().data(), input.file().size());
  const fuzz::ScratchFile target;
  PrepareRequest request;
  request.source = source.path();
  request.parts.front().target = target.path();
  request.parts.front().part.begin_s = input.Below(1000) / 50.;
  if (const int length = input.Below(1000); length > 0) {
    request.parts.front().part.end_s = request.parts.front().part.begin_s + length / 50.;
  }
  request.height = 32;
  request.quality = 90;
  try {
    fuzz::AllowInputErrors([&] {
      const VideoInfo info = VideoDecoder(source.path()).info();
      if (int64_t{info.width} * info.height <= fuzz::kMaxPixels) {
        int decoded = 0;
        PrepareVideo(request, [&](int64_t) {
          if (++decoded > fuzz::kMaxDecoded) {
            throw InputError("long enough");
          }
        });
      }
    });
  } catch (const std::bad_alloc&) {
    // The memory limit of the workers handles this case in prep-videos.
  }
  return 0;
}

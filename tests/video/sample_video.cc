// SPDX-License-Identifier: Apache-2.0
#include "tests/video/sample_video.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <numeric>

#include "lib/base/error.h"
#include "lib/video/frame_scaler.h"

namespace reel3d::test {
namespace {

constexpr int kFirstLuma = 20;
constexpr int kLumaStep = 2;

}  // namespace

VideoEncoderOptions Lossless(int width, int height, const std::string& pixel_format) {
  VideoEncoderOptions options;
  options.width = width;
  options.height = height;
  options.codec = "ffv1";
  options.codec_options = "";
  options.pixel_format = pixel_format;
  return options;
}

void WriteSample(const std::filesystem::path& file, const VideoEncoderOptions& options,
                 int num_frames, const PaintFrame& paint) {
  VideoEncoder encoder(file, options);
  for (int number = 0; number < num_frames; ++number) {
    std::vector<uint8_t> pixels(encoder.frame_size_bytes());
    paint(number, &pixels);
    encoder.Write(pixels);
  }
  encoder.Finish();
}

int NumberLuma(int number) { return kFirstLuma + kLumaStep * number; }

PaintFrame NumberedFrames(int width, int height) {
  const int luma_bytes = width * height;
  return [luma_bytes](int number, std::vector<uint8_t>* pixels) {
    std::fill_n(pixels->begin(), luma_bytes, static_cast<uint8_t>(NumberLuma(number)));
    std::fill(pixels->begin() + luma_bytes, pixels->end(), uint8_t{128});
  };
}

VideoEncoderOptions Ordinary() {
  VideoEncoderOptions options;
  options.width = 64;
  options.height = 48;
  options.fps_num = 10;
  options.codec_options = "preset=veryfast:crf=5:g=25";
  return options;
}

std::vector<int> Range(int begin, int end) {
  std::vector<int> numbers(std::max(0, end - begin));
  std::iota(numbers.begin(), numbers.end(), begin);
  return numbers;
}

int FrameNumber(const VideoFrame& frame) {
  FrameScaler scaler({16, 16});
  const int full_range = scaler.Scale(frame).row(0, 8)[8];
  const double luma = 16 + full_range * 219. / 255;
  return static_cast<int>(std::lround((luma - kFirstLuma) / kLumaStep));
}

Decoded DecodeAll(const std::filesystem::path& file, const VideoPart& part) {
  VideoDecoder decoder(file, part);
  VideoFrame frame;
  Decoded decoded;
  while (decoder.Next(&frame)) {
    decoded.numbers.push_back(FrameNumber(frame));
    decoded.times_s.push_back(frame.time_s);
  }
  decoded.summary = decoder.summary();
  return decoded;
}

std::string DecodeFault(const std::filesystem::path& file, const VideoPart& part) {
  try {
    DecodeAll(file, part);
  } catch (const Error& error) {
    return error.kind() == ErrorKind::kInput ? error.what() : "not an input error";
  }
  return "";
}

std::string ReadBytes(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void WriteBytes(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

}  // namespace reel3d::test

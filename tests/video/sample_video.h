// Makes small videos of every kind with our own encoder, for tests of code that reads videos.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "lib/video/video_decoder.h"
#include "lib/video/video_encoder.h"
#include "lib/video/yuv_image.h"

namespace reel3d::test {

// Returns options for FFV1, which is lossless in every pixel format.
VideoEncoderOptions Lossless(int width, int height, const std::string& pixel_format = "yuv420p");

// Fills the bytes of frame `number`, which are all zero before.
using PaintFrame = std::function<void(int number, std::vector<uint8_t>* pixels)>;
void WriteSample(const std::filesystem::path& file, const VideoEncoderOptions& options,
                 int num_frames, const PaintFrame& paint);

// Frame `number` of a yuv420p video has the luma NumberLuma(number) everywhere, so that tests can
// recognise frames.
int NumberLuma(int number);
PaintFrame NumberedFrames(int width, int height);

// Returns options for H.264 with B-frames, 64 x 48 pixels, 10 frames a second. The frames are
// NumberedFrames(64, 48).
VideoEncoderOptions Ordinary();

// Returns the expected frame numbers begin, begin + 1 ... end - 1.
std::vector<int> Range(int begin, int end);

// Returns the number of a frame that NumberedFrames painted.
int FrameNumber(const VideoFrame& frame);

struct Decoded {
  std::vector<int> numbers;  // of NumberedFrames
  std::vector<double> times_s;
  DecodeSummary summary;
};
Decoded DecodeAll(const std::filesystem::path& file, const VideoPart& part = {});

// Opens and decodes a video. Returns the message of the input error; "" if there is none.
std::string DecodeFault(const std::filesystem::path& file, const VideoPart& part = {});

std::string ReadBytes(const std::filesystem::path& file);
void WriteBytes(const std::filesystem::path& file, const std::string& bytes);

}  // namespace reel3d::test

// Small videos of every kind, made by our own encoder, for tests of what reads videos.
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

// FFV1: what goes in comes out, in every pixel format.
VideoEncoderOptions Lossless(int width, int height, const std::string& pixel_format = "yuv420p");

// Fills the bytes of frame `number`, which are all zero before.
using PaintFrame = std::function<void(int number, std::vector<uint8_t>* pixels)>;
void WriteSample(const std::filesystem::path& file, const VideoEncoderOptions& options,
                 int num_frames, const PaintFrame& paint);

// Frame `number` of a yuv420p video is all of luma NumberLuma(number): frames are told apart.
int NumberLuma(int number);
PaintFrame NumberedFrames(int width, int height);

// H.264 with B-frames, 64x48, 10 frames a second: for NumberedFrames(64, 48).
VideoEncoderOptions Ordinary();

// begin, begin + 1 ... end - 1: the numbers of frames that are expected.
std::vector<int> Range(int begin, int end);

// The number of a frame of such a video.
int FrameNumber(const VideoFrame& frame);

struct Decoded {
  std::vector<int> numbers;  // of NumberedFrames
  std::vector<double> times_s;
  DecodeSummary summary;
};
Decoded DecodeAll(const std::filesystem::path& file, const VideoPart& part = {});

// The message of the input error that decoding or opening ends with; empty without one.
std::string DecodeFault(const std::filesystem::path& file, const VideoPart& part = {});

std::string ReadBytes(const std::filesystem::path& file);
void WriteBytes(const std::filesystem::path& file, const std::string& bytes);

}  // namespace reel3d::test

// Encodes the records of TensorBoard's event files: protobuf messages (tensorflow.Event) in
// TFRecord frames. They are encoded by hand, because curves and pictures need only a handful of
// fields. A test compares them with a golden file from TensorBoard's own writer.
// lib/train/log/tensorboard_log writes the files.
//
//   Event           wall_time double 1, step int64 2, file_version string 3, summary 5,
//                   session_log 7
//   Summary         value 1, repeated: tag string 1, simple_value float 2, image 4
//   Summary.Image   height int32 1, width int32 2, colorspace int32 3, encoded bytes 4
//   SessionLog      status enum 1 (START is 1)
//   frame           little endian: size u64, masked CRC-32C of size, record, its masked CRC-32C
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reel3d {

// One point of each named curve.
using Scalars = std::vector<std::pair<std::string, double>>;

// An encoded PNG.
struct Picture {
  int width = 0, height = 0;
  std::string png;
};

// These return framed events, which only need to be written one after the other. `wall_time_s` is
// in seconds since 1970.
std::string VersionEvent(double wall_time_s);  // the first event of each file
// Announces that the events of `step` and later follow, so that readers discard earlier ones of
// these steps.
std::string StartEvent(double wall_time_s, int64_t step);
std::string ScalarsEvent(double wall_time_s, int64_t step, const Scalars& scalars);
std::string PictureEvent(double wall_time_s, int64_t step, const std::string& tag,
                         const Picture& picture);

// Returns the size in bytes of the complete events at the beginning of `file`. They end before the
// first event that is damaged, torn or of a later step than `last_step`.
size_t SizeOfEventsUpTo(std::string_view file, int64_t last_step);

// Returns true if the bytes of `file` from `begin` on, where a frame begins, do not match their
// checksum. A frame that is merely torn, as a killed process leaves it, is not damage.
bool IsDamagedAt(std::string_view file, size_t begin);

}  // namespace reel3d

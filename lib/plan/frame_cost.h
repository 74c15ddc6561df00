// Estimates what a frame costs where nothing was measured: bytes, time to prepare it, time to load
// it. A cost that was measured at one height, quality or source is converted to another by the
// ratio of two estimates.
//
// The values come from docs/explanation/data_path.md and, on the same two cores, from three real
// videos (November 2026). Between these values the estimates are linear; the height follows a power
// law.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace reel3d::plan {

// Returns the bytes of a stored frame, for quality 1 .. 100. The headers of a frame have the same
// size at every height and quality.
double FrameBytes(double height, double quality);

struct FrameForm {
  double height = 0, quality = 0;
};
// Returns the bytes of a frame stored as `to`, if the same frame stored as `from` has `size_bytes`.
double ConvertFrameBytes(double size_bytes, const FrameForm& from, const FrameForm& to);

// Returns the milliseconds of a core that preparing a frame takes, by the lines of the source, the
// stored height, and the width of a frame by its height. Decoding depends on the source, encoding
// on the stored pixels.
double PrepMilliseconds(double source_lines, double height, double shape);

// Returns the clips (16 frames, 112 x 112 pixels) that a core loads in a second.
double LoaderClipsPerSecond(double height, double quality);

}  // namespace reel3d::plan

// Lists the expected results for awkward files that other projects collected: frames and shape, or
// the reason of a failure. The files are in ../shared/data/hard_cases.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>

namespace reel3d::test {

struct HardCase {
  const char* name;
  int num_frames;
  int width;           // at height 360
  const char* reason;  // part of the error (no frames) or of the warning; "": neither
  bool truncated;
};

inline void PrintTo(const HardCase& it, std::ostream* out) { *out << it.name; }

inline constexpr HardCase kHardCases[] = {
    {"decord_corrupted.mp4", 49, 640, "NAL units", false},
    {"decord_flipping_a_pancake.mkv", 310, 640, "", false},
    {"decord_rot0.mov", 3, 640, "", false},
    {"decord_rot180.mov", 3, 640, "", false},
    {"decord_rot270.mov", 3, 202, "", false},
    {"decord_rot90.mov", 3, 202, "", false},
    {"decord_unordered.mov", 4, 360, "", false},
    {"derived_1frame.mp4", 1, 640, "", false},
    {"derived_8frames.avi", 8, 450, "", false},
    {"derived_gray8.mp4", 84, 450, "", false},
    {"derived_interlaced_tff.mp4", 30, 640, "", false},
    {"derived_odd_177x143_yuv444p.mp4", 84, 450, "", false},
    {"derived_resolution_change.ts", 60, 640, "", false},
    {"derived_text_not_video.mp4", 0, 0, "no known video format", false},
    {"derived_truncated_60pct.avi", 49, 450, "Error at MB", true},
    {"derived_truncated_tail.mp4", 0, 0, "moov atom not found", false},
    {"io_cockatoo.mp4", 280, 640, "", false},
    {"io_issue245.gif", 1, 450, "", false},
    {"io_newtonscradle.gif", 36, 480, "", false},
    {"io_realshort.mp4", 36, 480, "", false},
    {"mm_demo_armwrestling.mp4", 280, 600, "", false},
    {"mm_test.avi", 164, 480, "", false},
    {"mp_bbb_432_433.webm", 24, 640, "", false},
    {"mp_bitmap.mp4", 5, 360, "", false},
    {"mp_chaplin.mp4", 241, 640, "", false},
    {"mp_failing_audio.mp4", 280, 640, "", false},
    {"mp_no_duration.webm", 74, 640, "", false},
    {"mp_pigs_in_a_polka.gif", 30, 414, "", false},
    {"mp_smpte_29.97.mp4", 251, 640, "", false},
    {"mp_transparent_alpha.webm", 150, 360, "", false},
    {"mp_zero_bytes.webm", 0, 0, "the file is empty", false},
    {"tc_audio_only.mp3", 0, 0, "(mp3) is no video container", false},
    {"tc_audio_only.wav", 0, 0, "(wav) is no video container", false},
    {"tc_av1.mkv", 125, 640, "", false},
    {"tc_bt709_full_range.mp4", 30, 640, "", false},
    {"tc_h264_10bit.mp4", 30, 360, "", false},
    {"tc_h265_10bit.mp4", 30, 360, "", false},
    {"tc_h265_short.mp4", 10, 360, "", false},
    // The file has two videos. The larger one is taken, as players do.
    {"tc_nasa_13013.mp4", 390, 640, "", false}};

}  // namespace reel3d::test

// Private to lib/video: which of a file's video streams is the film. Covers, thumbnails and stills
// that stand beside it, even marked as default tracks, are not.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "lib/video/ffmpeg_handle.h"

namespace reel3d {

// The streams of `format` that may be the film, by index: video, but no attached picture.
std::vector<int> VideoStreams(const AVFormatContext& format);

// Reads packets until each of `streams` has two, or many have been read. Returns how many each has.
std::vector<int> CountPictures(AVFormatContext* format, const std::vector<int>& streams);

// FFmpeg's choice among `candidates`, where one of several pictures goes before one of a single
// picture, and one that can be decoded before one that cannot; -1 if there are none. `pictures` is
// CountPictures() or empty. Changes the dispositions of streams.
int ChooseVideoStream(AVFormatContext* format, const std::vector<int>& candidates,
                      const std::vector<int>& pictures);

}  // namespace reel3d

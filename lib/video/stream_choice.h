// Private to lib/video: finds the film among a file's video streams. Other streams (covers,
// thumbnails, stills) are skipped, even if they are marked as default tracks.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "lib/video/ffmpeg_handle.h"

namespace reel3d {

// Returns the indices of the streams of `format` that may be the film: video, but no attached
// picture.
std::vector<int> VideoStreams(const AVFormatContext& format);

// Reads packets until each of `streams` has two, or many have been read. Returns the number of
// packets of each stream.
std::vector<int> CountPictures(AVFormatContext* format, const std::vector<int>& streams);

// Returns FFmpeg's choice among `candidates`, or -1 if there are none. Streams that can be decoded
// and have several pictures are preferred. `pictures` is the result of CountPictures(), or empty.
// Changes the dispositions of streams.
int ChooseVideoStream(AVFormatContext* format, const std::vector<int>& candidates,
                      const std::vector<int>& pictures);

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "lib/video/libraries.h"

#include <cstdio>

#include <jpeglib.h>

#include "lib/video/ffmpeg_handle.h"

namespace reel3d {

// The header holds it as bare tokens.
#define REEL3D_TEXT_OF(tokens) #tokens
#define REEL3D_TEXT(macro) REEL3D_TEXT_OF(macro)

std::string FfmpegVersion() { return av_version_info(); }

std::string JpegVersion() { return REEL3D_TEXT(LIBJPEG_TURBO_VERSION); }

}  // namespace reel3d

// The versions of the libraries that lib/video wraps, for --version and report.json.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace reel3d {

std::string FfmpegVersion();  // "5.1.9-0+deb12u1", the one that is loaded
std::string JpegVersion();    // "2.1.5" of libjpeg-turbo, the one compiled against

}  // namespace reel3d

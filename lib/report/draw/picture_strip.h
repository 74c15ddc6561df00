// Shows pictures of one moment after another beside each other, inside the page itself.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace reel3d::report {

struct Picture {
  std::string jpeg;   // the content of a JPEG file
  std::string alt;    // what it shows, for those who cannot see it
  std::string below;  // a few letters under the picture; may be empty
};

struct PictureStrip {
  std::string id;                          // lower case letters, digits, _
  std::string caption;                     // markup above the pictures
  std::vector<std::vector<Picture>> rows;  // each with the same moments
};

// Returns a figure whose pictures fill its width on a phone, and have their own size on a desk.
std::string PictureStripHtml(const PictureStrip& strip);

// Returns bytes as base64 (RFC 4648, section 4).
std::string Base64(const std::string& bytes);

}  // namespace reel3d::report

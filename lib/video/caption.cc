// SPDX-License-Identifier: Apache-2.0
#include "lib/video/caption.h"

#include <algorithm>
#include <cstring>

#include "lib/video/caption_font.h"

namespace reel3d {
namespace {

// Returns a letter for each character of UTF-8. Those beyond ASCII become '?'.
std::string AsAscii(const std::string& text) {
  std::string ascii;
  for (const char byte : text) {
    const auto code = static_cast<unsigned char>(byte);
    const bool continues = (code & 0xC0) == 0x80;
    if (code >= 32 && code < 127) {
      ascii += byte;
    } else if (!continues) {
      ascii += '?';
    }
  }
  return ascii;
}

void Fill(YuvImage* image, int plane, int num_rows, uint8_t value) {
  for (int y = 0; y < std::min(num_rows, image->height(plane)); ++y) {
    std::memset(image->row(plane, y), value, static_cast<size_t>(image->width(plane)));
  }
}

// Returns whether the line has ink at this pixel, before it is magnified.
bool IsInk(const std::string& line, int x, int y) {
  const auto place = static_cast<size_t>(x / kGlyphWidth);
  if (place >= line.size()) {
    return false;
  }
  const auto& glyph = kGlyphs[static_cast<size_t>(line[place] - ' ')];
  return (glyph[static_cast<size_t>(y)] >> (kGlyphWidth - 1 - x % kGlyphWidth) & 1) != 0;
}

}  // namespace

void DrawCaption(const std::string& text, YuvImage* image) {
  const std::string line = " " + AsAscii(text);
  const int line_width = static_cast<int>(line.size() + 1) * kGlyphWidth;
  const int scale = std::max(1, std::min(image->height() / 180, image->width() / line_width));
  const int num_rows = kGlyphHeight * scale;
  constexpr uint8_t kNoColour = 128;
  Fill(image, 0, num_rows, 0);
  Fill(image, 1, num_rows / 2, kNoColour);
  Fill(image, 2, num_rows / 2, kNoColour);
  for (int y = 0; y < std::min(num_rows, image->height()); ++y) {
    uint8_t* row = image->row(0, y);
    for (int x = 0; x < image->width(); ++x) {
      if (IsInk(line, x / scale, y / scale)) {
        row[x] = 255;
      }
    }
  }
}

}  // namespace reel3d

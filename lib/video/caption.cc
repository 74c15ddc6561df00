// SPDX-License-Identifier: Apache-2.0
#include "lib/video/caption.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "lib/base/plural.h"
#include "lib/base/visible_text.h"
#include "lib/video/caption_font.h"

namespace reel3d {
namespace {

// A line has kGlyphHeight rows for each complete kRowsPerLine rows of the picture, and in front of
// it kGlyphWidth columns for each kGlyphHeight rows.
constexpr int kRowsPerLine = 180;

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

// Returns whether the line has ink at this pixel, before it is magnified.
bool IsInk(const std::string& line, int x, int y) {
  const auto place = static_cast<size_t>(x / kGlyphWidth);
  const auto& glyph = kGlyphs[static_cast<size_t>(line[place] - ' ')];
  return (glyph[static_cast<size_t>(y)] >> (kGlyphWidth - 1 - x % kGlyphWidth) & 1) != 0;
}

// Returns `name` and behind it `value`, in at most `most` letters: an ellipsis replaces the middle
// of a long name. `value` stays, though it may be longer than `most`.
std::string JoinWithin(const std::string& name, const std::string& value, size_t most) {
  std::string whole = name + " " + value;
  if (whole.size() <= most) {
    return whole;
  }
  const std::string end = "... " + value;
  if (end.size() > most) {
    return end.substr(std::min(end.size() - most, end.size() - value.size()));
  }
  const size_t kept = most - end.size();
  return name.substr(0, kept - kept / 2) + "..." + name.substr(name.size() - kept / 2) + " " +
         value;
}

// Draws ASCII with the built-in font. `height` is a multiple of the font's.
TextPicture DrawAscii(const std::string& name, const std::string& value, int height,
                      int max_width) {
  const int scale = height / kGlyphHeight;
  const std::string text =
      JoinWithin(name, value, static_cast<size_t>(max_width / (kGlyphWidth * scale)));
  const int width = static_cast<int>(text.size()) * kGlyphWidth * scale;
  TextPicture picture;
  picture.width = std::min(width, max_width);
  picture.height = height;
  picture.is_shortened = text != name + " " + value;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      const uint8_t light = IsInk(text, x / scale, y / scale) ? 255 : 0;
      picture.pixels.push_back({light, light, light});
    }
  }
  return picture;
}

// Calls draw(line height, greatest width) with the largest line at which the text fits into the
// picture, or with the smallest.
template <class Draw>
TextPicture FitLine(const YuvImage& image, const Draw& draw) {
  int scale = std::max(1, image.height() / kRowsPerLine);
  TextPicture line;
  do {
    line = draw(scale * kGlyphHeight, std::max(1, image.width() - 2 * kGlyphWidth * scale));
    --scale;
  } while (line.is_shortened && scale > 0);
  return line;
}

void Fill(YuvImage* image, int plane, int num_rows, uint8_t value) {
  for (int y = 0; y < std::min(num_rows, image->height(plane)); ++y) {
    std::memset(image->row(plane, y), value, static_cast<size_t>(image->width(plane)));
  }
}

}  // namespace

void CaptionWriter::MakeLine(const std::string& name, const std::string& value,
                             const YuvImage& image) {
  if (!is_ready_ && HasFonts()) {
    painter_.emplace();
  }
  is_ready_ = true;
  if (!painter_) {
    line_ = FitLine(image, [ascii_name = AsAscii(name), &value](int height, int max_width) {
      return DrawAscii(ascii_name, value, height, max_width);
    });
    note_ =
        "captions have only ASCII letters, because this computer has no font: install one, such "
        "as Debian's fonts-dejavu-core";
    return;
  }
  // The isolate (U+2068, U+2069) keeps a name that runs from right to left in front of the value.
  const std::string text = "\xE2\x81\xA8" + name + "\xE2\x81\xA9 " + value;
  line_ = FitLine(
      image, [&](int height, int max_width) { return painter_->Draw(text, height, max_width); });
  if (line_.num_missing > 0 && note_.empty()) {
    note_ = fmt::format(
        "no font of this computer has {} of '{}', so captions show boxes with their codes: install "
        "a font of that script, such as Debian's fonts-noto-core, fonts-noto-cjk (for Chinese, "
        "Japanese, Korean) or fonts-noto-color-emoji",
        Count(line_.num_missing, "character"), name);
  }
}

void CaptionWriter::Draw(const std::string& name, const std::string& value, YuvImage* image) {
  std::pair<std::string, std::string> text = {Escaped(name), value};
  if (line_.pixels.empty() || text != text_ || image->width() != width_ ||
      image->height() != height_) {
    MakeLine(text.first, text.second, *image);
    text_ = std::move(text);
    width_ = image->width();
    height_ = image->height();
  }
  constexpr uint8_t kNoColour = 128;
  Fill(image, 0, line_.height, 0);
  Fill(image, 1, line_.height / 2, kNoColour);
  Fill(image, 2, line_.height / 2, kNoColour);
  const int left = std::min(kGlyphWidth * line_.height / kGlyphHeight, image->width() / 2);
  for (int y = 0; y < std::min(line_.height, image->height()); ++y) {
    for (int x = 0; x < std::min(line_.width, image->width() - left); ++x) {
      const std::array<uint8_t, 3> color = ToYuv(line_.at(x, y));
      image->row(0, y)[left + x] = color[0];
      image->row(1, y / 2)[(left + x) / 2] = color[1];
      image->row(2, y / 2)[(left + x) / 2] = color[2];
    }
  }
}

}  // namespace reel3d

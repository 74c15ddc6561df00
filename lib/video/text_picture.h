// Draws one line of text in any script with the fonts of this computer. Fontconfig chooses a font
// for each character, and Pango sets the characters: it joins letters, orders text that runs from
// right to left, and draws emoji in colour.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "lib/video/yuv_color.h"

namespace reel3d {

struct TextPicture {
  int width = 0, height = 0;     // pixels
  std::vector<RgbColor> pixels;  // row by row; black where there is no text
  // Number of characters that no font has. Each is drawn as a box with its code.
  int num_missing = 0;
  bool is_shortened = false;  // the text was wider than allowed

  const RgbColor& at(int x, int y) const {
    return pixels[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)];
  }
};

// Returns whether this computer has a font that TextPainter can use. It lists all fonts.
bool HasFonts();

// TextPainter keeps the fonts that it has opened. Use it from one thread.
class TextPainter {
 public:
  TextPainter();

  // Draws `text`, which is UTF-8 and has no control characters, in white on black. No character has
  // a special meaning. The line fills `height` pixels and begins at the left. If it is wider than
  // `max_width` pixels, its middle is replaced by an ellipsis. Requires HasFonts().
  TextPicture Draw(const std::string& text, int height, int max_width) const;

 private:
  std::shared_ptr<void> fonts_;  // Pango's map of fonts
};

}  // namespace reel3d

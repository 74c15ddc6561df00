// Writes a line of text over pictures, so that a user can see a network's answer in a video.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "lib/video/text_picture.h"
#include "lib/video/yuv_image.h"

namespace reel3d {

// Use it from one thread. It keeps the last line, because frames that follow each other mostly have
// the same one.
class CaptionWriter {
 public:
  // Writes `name` and behind it `value`, in white on black, along the upper edge of a full-range
  // picture. A line is 16 rows high for each complete 180 rows of the picture's height, and at
  // least 16. A long text gets a lower line; if it is still too long, its middle becomes an
  // ellipsis. `name` comes from outside: it may have any bytes, in any script and direction.
  // Characters that cannot be seen become visible (Escaped() of lib/base/visible_text.h).
  void Draw(const std::string& name, const std::string& value, YuvImage* image);

  // Returns a sentence that says which characters could not be drawn, and what to install; empty if
  // all could. Without any font, ASCII is drawn with a built-in font, and other characters become
  // '?'.
  const std::string& note() const { return note_; }

 private:
  void MakeLine(const std::string& name, const std::string& value, const YuvImage& image);

  std::pair<std::string, std::string> text_;  // name and value
  int width_ = 0, height_ = 0;                // of the picture for which line_ was made
  TextPicture line_;
  std::string note_;
  bool is_ready_ = false;               // whether fonts were looked for
  std::optional<TextPainter> painter_;  // empty if there are none
};

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/picture_strip.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "lib/report/draw/text.h"

namespace reel3d::report {

std::string Base64(const std::string& bytes) {
  constexpr const char* kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  constexpr size_t kGroup = 3;
  std::string text;
  text.reserve((bytes.size() + 2) / kGroup * 4);
  for (size_t begin = 0; begin < bytes.size(); begin += kGroup) {
    const size_t count = std::min(kGroup, bytes.size() - begin);
    uint32_t bits = 0;
    for (size_t place = 0; place < kGroup; ++place) {
      bits = bits << 8 | (place < count ? static_cast<unsigned char>(bytes[begin + place]) : 0U);
    }
    for (size_t letter = 0; letter <= kGroup; ++letter) {
      text += letter <= count ? kLetters[bits >> (18 - 6 * letter) & 63U] : '=';
    }
  }
  return text;
}

std::string PictureStripHtml(const PictureStrip& strip) {
  std::string html = fmt::format("<figure class=\"strip\" id=\"{}\"><figcaption>{}</figcaption>\n",
                                 strip.id, strip.caption);
  for (const std::vector<Picture>& row : strip.rows) {
    html += "<div class=\"pictures\">";
    for (const Picture& picture : row) {
      html +=
          fmt::format("<span><img src=\"data:image/jpeg;base64,{}\" alt=\"{}\">{}</span>\n",
                      Base64(picture.jpeg), EscapeMarkup(picture.alt), EscapeMarkup(picture.below));
    }
    html += "</div>\n";
  }
  return html + "</figure>\n";
}

}  // namespace reel3d::report

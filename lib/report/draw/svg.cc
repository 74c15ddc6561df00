// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/svg.h"

#include <fmt/format.h>

#include "lib/report/draw/text.h"

namespace reel3d::report {
namespace {

std::string TitleOf(std::string_view tip) {
  return tip.empty() ? "" : "<title>" + IsolatedSvg(tip) + "</title>";
}

}  // namespace

void Svg::Line(double x1, double y1, double x2, double y2, std::string_view css_class) {
  text_ +=
      fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>",
                  x1, y1, x2, y2, css_class);
}

void Svg::Rect(double x, double y, double width, double height, std::string_view css_class,
               std::string_view tip) {
  text_ += fmt::format(
      "<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" "
      "class=\"{}\">{}</rect>",
      x, y, width, height, css_class, TitleOf(tip));
}

void Svg::Path(std::string_view data, std::string_view css_class) {
  text_ += fmt::format("<path d=\"{}\" class=\"{}\"/>", data, css_class);
}

void Svg::Dot(double x, double y, std::string_view css_class, std::string_view tip) {
  text_ += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.2\" class=\"{}\">{}</circle>", x,
                       y, css_class, TitleOf(tip));
}

void Svg::Text(double x, double y, std::string_view anchor, std::string_view text,
               std::string_view css_class, std::string_view full) {
  text_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}{}</text>", x, y,
                       anchor, css_class.empty() ? "" : fmt::format(" class=\"{}\"", css_class),
                       full == text ? "" : TitleOf(full), IsolatedSvg(text));
}

void Svg::UprightText(double x, double y, std::string_view text) {
  text_ += fmt::format(
      "<text x=\"{0:.1f}\" y=\"{1:.1f}\" text-anchor=\"middle\" "
      "transform=\"rotate(-90 {0:.1f} {1:.1f})\">{2}</text>",
      x, y, IsolatedSvg(text));
}

}  // namespace reel3d::report

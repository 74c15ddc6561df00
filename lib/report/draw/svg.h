// Writes SVG as text. Colours are classes (style.h): a page gives them light and dark values, and a
// file of its own has light ones for paper.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace reel3d::report {

// Width of all charts, in units of the SVG. Text is 14 units high (style.cc). A phone shows charts
// a quarter smaller.
constexpr double kChartWidth = 480;
// Width of a column of a label (WidthOf() in text.h). Most letters of the widest usual font (DejaVu
// Sans) are narrower.
constexpr double kLabelColumnWidth = 9;
constexpr double kLegendRowHeight = 18;

class Svg {
 public:
  // `css_class` names a class of style.h, or several.
  void Line(double x1, double y1, double x2, double y2, std::string_view css_class);
  void Rect(double x, double y, double width, double height, std::string_view css_class,
            std::string_view tip = "");
  // `data` is the path's d attribute.
  void Path(std::string_view data, std::string_view css_class);
  // A dot that shows `tip` under the mouse.
  void Dot(double x, double y, std::string_view css_class, std::string_view tip);
  // `anchor` is start, middle or end. If `full` differs from `text`, `full` is shown under the
  // mouse.
  void Text(double x, double y, std::string_view anchor, std::string_view text,
            std::string_view css_class = "", std::string_view full = "");
  // Adds markup, such as a group's begin or end.
  void Raw(std::string_view markup) { text_ += markup; }
  void UprightText(double x, double y, std::string_view text);

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// A drawing is the content and the size of an svg element.
struct Drawing {
  double height = 0;
  std::string content;
  double width = kChartWidth;
};

}  // namespace reel3d::report

// SPDX-License-Identifier: Apache-2.0
#include "lib/report/draw/figure.h"

#include <fmt/format.h>

#include "lib/report/draw/style.h"
#include "lib/report/draw/text.h"
#include "lib/report/draw/untorn.h"

namespace reel3d::report {

std::string FigureHtml(const Figure& figure) {
  return fmt::format(
      "<figure id=\"{}\"><h3>{}</h3>\n<svg viewBox=\"0 0 {:g} {:.0f}\" role=\"img\" "
      "aria-label=\"{}\">{}</svg>\n{}</figure>\n",
      figure.id, EscapeMarkup(figure.title), figure.drawing.width, figure.drawing.height,
      EscapeMarkup(figure.alt), figure.drawing.content,
      (figure.note.empty()
           ? ""
           : "<figcaption>" + EscapeMarkup(Untorn(figure.note)) + "</figcaption>\n") +
          "<details><summary>The numbers as a table</summary>" + TableHtml(figure.table) +
          "</details>");
}

std::string FigureFile(const Figure& figure) {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:g} {1:.0f}\" width=\"{0:g}\" "
      "height=\"{1:.0f}\" role=\"img\"><title>{2}</title><desc>{3}</desc><style>{4}</style>{5}"
      "</svg>\n",
      figure.drawing.width, figure.drawing.height, EscapeMarkup(figure.title),
      EscapeMarkup(figure.alt), PictureStyle(), figure.drawing.content);
}

}  // namespace reel3d::report

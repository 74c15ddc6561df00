// SPDX-License-Identifier: Apache-2.0
#include "lib/report/sections/content.h"

#include <fmt/format.h>

#include "lib/report/draw/text.h"
#include "lib/report/draw/untorn.h"

namespace reel3d::report {

void Content::AddText(const std::string& text, const std::string& css_class) {
  html_ +=
      fmt::format("<p{}>{}</p>\n", css_class.empty() ? "" : fmt::format(" class=\"{}\"", css_class),
                  EscapeMarkup(Untorn(text)));
}

void Content::AddFigures(const std::vector<Figure>& figures) {
  if (figures.empty()) {
    return;
  }
  html_ += "<div class=\"figures\">\n";
  for (const Figure& figure : figures) {
    html_ += FigureHtml(figure);
    numbers_[figure.id] = TableJson(figure.table);
    figures_.push_back(figure);
  }
  html_ += "</div>\n";
}

void Content::AddTable(const std::string& id, const Table& table) {
  html_ += fmt::format("<div id=\"{}\">{}</div>\n", id, TableHtml(table));
  numbers_[id] = TableJson(table);
}

void Content::AddFoldedTable(const std::string& id, const std::string& line, const Table& table) {
  html_ += fmt::format("<details><summary>{}</summary>\n", EscapeMarkup(Untorn(line)));
  AddTable(id, table);
  html_ += "</details>\n";
}

void Content::AddStrips(const std::string& id, const std::vector<PictureStrip>& strips,
                        const Table& numbers) {
  html_ += fmt::format("<div class=\"figures\" id=\"{}\">\n", id);
  for (const PictureStrip& strip : strips) {
    html_ += PictureStripHtml(strip);
  }
  html_ += "</div>\n";
  numbers_[id] = TableJson(numbers);
}

std::string ForRun(const std::vector<RunRecord>& runs, const RunRecord& run) {
  return runs.size() > 1 ? ": " + run.name : "";
}

std::string IdFor(const std::string& id, const std::vector<RunRecord>& runs, size_t run) {
  return runs.size() > 1 ? fmt::format("{}_{}", id, run + 1) : id;
}

}  // namespace reel3d::report

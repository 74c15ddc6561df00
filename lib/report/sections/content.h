// Holds what a section shows. Each function adds to the HTML and, where there are numbers, to the
// JSON of the report, so that both always have the same numbers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/report/draw/figure.h"
#include "lib/report/draw/picture_strip.h"
#include "lib/report/draw/table.h"
#include "lib/report/read/run_record.h"

namespace reel3d::report {

class Content {
 public:
  // Adds a paragraph; `css_class` is "", note, warn or answer.
  void AddText(const std::string& text, const std::string& css_class = "");
  // Adds the figures side by side where there is room.
  void AddFigures(const std::vector<Figure>& figures);
  // `id` names the table in the JSON.
  void AddTable(const std::string& id, const Table& table);
  // Adds the table behind a line that opens it.
  void AddFoldedTable(const std::string& id, const std::string& line, const Table& table);

  // Adds strips of pictures side by side where there is room. `numbers` describes them in the JSON
  // under `id`, one row for each strip.
  void AddStrips(const std::string& id, const std::vector<PictureStrip>& strips,
                 const Table& numbers);

  bool empty() const { return html_.empty(); }
  const std::string& html() const { return html_; }
  const std::vector<Figure>& figures() const { return figures_; }
  const Json& numbers() const { return numbers_; }

 private:
  std::string html_;
  std::vector<Figure> figures_;
  Json numbers_ = Json::object();
};

// Returns ": " and the name of the run, for the end of a heading; "" if there is only one run.
std::string ForRun(const std::vector<RunRecord>& runs, const RunRecord& run);
// Returns "confusion" or, for the second of several runs, "confusion_2".
std::string IdFor(const std::string& id, const std::vector<RunRecord>& runs, size_t run);

}  // namespace reel3d::report

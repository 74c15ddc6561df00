// A figure is a picture with a text for those who cannot see it, and the table of its numbers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "lib/report/draw/svg.h"
#include "lib/report/draw/table.h"

namespace reel3d::report {

struct Figure {
  std::string id;  // also the name of its file: lower case letters, digits, _
  std::string title;
  std::string alt;   // one sentence: what the picture shows
  std::string note;  // below the picture; may be empty
  Drawing drawing;
  Table table;  // every number of the picture
};

std::string FigureHtml(const Figure& figure);

// Returns the content of an .svg file.
std::string FigureFile(const Figure& figure);

}  // namespace reel3d::report

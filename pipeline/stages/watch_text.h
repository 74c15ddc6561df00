// Lays out what is known of runs as lines for a screen of any size.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "pipeline/stages/runs_seen.h"

namespace reel3d {

// The meaning of a piece of text, which a screen may show by a colour. The words alone suffice.
enum class Ink { kPlain, kFaint, kStrong, kGood, kBusy, kWarning, kBad };

struct InkedText {
  std::string text;  // without control characters
  Ink ink = Ink::kPlain;
};
using ScreenLine = std::vector<InkedText>;

struct ScreenSize {
  int columns = 80, rows = 24;
};

// Returns at most `size.rows` lines. Each fits into `size.columns` if that is at least 40. The most
// important lines stay if there is little room.
std::vector<ScreenLine> LayOut(const RunsSeen& seen, ScreenSize size);

// Returns how many columns of a terminal the text takes: 2 for wide characters, 0 for accents that
// stand on others.
int WidthOf(const std::string& text);
// Returns the beginning of the text that fits into `columns`; a cut text ends in "...".
std::string CutTo(const std::string& text, int columns);

}  // namespace reel3d

// A stage's loop over keyed items: several threads, per-item failure, counts, tolerance. The only
// place that swallows an error, and only an input fault of one item.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "lib/base/progress.h"

namespace reel3d {

struct FailedItem {
  std::string id;
  std::string stage;
  std::string reason;  // one line
};

struct ItemLoopResult {
  size_t done = 0;                 // worked on and whole
  size_t skipped = 0;              // were whole already
  std::vector<FailedItem> failed;  // in the order of the items
};

enum class ItemOutcome { kDone, kSkipped };

struct ItemLoopOptions {
  std::string stage;           // "prep": stands in failed.tsv
  std::string unit = "items";  // plural, for the progress line
  int threads = 1;
};

// One item's turn.
struct ItemTurn {
  size_t item = 0;
  size_t thread = 0;             // 0 .. threads-1: for what a thread keeps from item to item
  Progress* progress = nullptr;  // for word from the middle of an item
};

// Works on each item 0 .. ids.size()-1, in order of start, on `threads` threads. An input fault
// costs that item; any other exception stops the loop and is thrown here once the running items
// have ended.
ItemLoopResult RunItemLoop(const std::vector<std::string>& ids, const ItemLoopOptions& options,
                           const std::function<ItemOutcome(const ItemTurn&)>& work);

// `id stage reason`, tab separated with a header; tabs and line breaks in reasons become spaces.
std::string FormatFailedItems(const std::vector<FailedItem>& failed);
std::vector<FailedItem> ParseFailedItems(const std::string& text, const std::string& source);

}  // namespace reel3d

// Runs a stage's work on items with ids, or on groups of items, on several threads. If an item has
// an input fault, only that item fails, and the loop continues. Any other error ends the stage.
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
  size_t done = 0;                 // worked on and complete
  size_t skipped = 0;              // complete before
  std::vector<FailedItem> failed;  // in the order of the items
};

enum class ItemOutcome { kDone, kSkipped };

struct ItemLoopOptions {
  std::string stage;           // "prep", for failed.tsv
  std::string unit = "items";  // plural, for the progress line
  int threads = 1;
};

// Describes one call of `work`.
struct ItemTurn {
  size_t item = 0;
  size_t thread = 0;             // 0 .. threads-1; selects data that a thread keeps between items
  Progress* progress = nullptr;  // for reports from the middle of an item
};

// Calls `work` for each item 0 .. ids.size()-1 on `options.threads` threads. The calls start in
// this order. If a call throws an input error, only its item fails. Any other exception stops the
// loop, and is thrown here when the running calls have ended.
ItemLoopResult RunItemLoop(const std::vector<std::string>& ids, const ItemLoopOptions& options,
                           const std::function<ItemOutcome(const ItemTurn&)>& work);

// Describes one call of `work` for items that are worked on together.
struct GroupTurn {
  const std::vector<size_t>& items;
  size_t thread = 0;
  Progress* progress = nullptr;
  // Ends one item of the group: counts the outcome that `finish` returns. If `finish` throws an
  // input error, the item fails.
  std::function<void(size_t item, const std::function<ItemOutcome()>& finish)> end;
};

// Does the same for groups of items, such as the parts of one video. `groups` has each item once.
// If `work` throws an input error, it is called again for each item of the group that has not
// ended, alone, and a second error is the fault of that item.
ItemLoopResult RunGroupLoop(const std::vector<std::string>& ids,
                            const std::vector<std::vector<size_t>>& groups,
                            const ItemLoopOptions& options,
                            const std::function<void(const GroupTurn&)>& work);

// These convert failed items to and from the text of failed.tsv: `id stage reason`, tab separated,
// below a header. Tabs and line breaks in reasons become spaces.
std::string FormatFailedItems(const std::vector<FailedItem>& failed);
std::vector<FailedItem> ParseFailedItems(const std::string& text, const std::string& source);

}  // namespace reel3d

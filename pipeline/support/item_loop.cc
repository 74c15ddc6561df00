// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/item_loop.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "lib/base/error.h"
#include "lib/base/log.h"
#include "lib/base/progress.h"
#include "lib/base/text_lines.h"
#include "lib/base/tsv_writer.h"
#include "lib/base/visible_text.h"

namespace reel3d {
namespace {

constexpr const char* kHeader = "id\tstage\treason";

std::string OneLine(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  return text;
}

// Returns the error's text as failed.tsv and the log have it.
std::string ReasonOf(const Error& error) { return Escaped(OneLine(error.what())); }

// Holds the data that the threads of one loop share.
class Loop {
 public:
  Loop(const std::vector<std::string>& ids, const std::vector<std::vector<size_t>>& groups,
       const ItemLoopOptions& options, const std::function<void(const GroupTurn&)>& work)
      : ids_(ids),
        groups_(groups),
        work_(work),
        progress_(options.unit, static_cast<int64_t>(ids.size())),
        ended_(ids.size()),
        reasons_(ids.size()) {}

  // Runs in each thread. Never throws.
  void Run(size_t thread) {
    for (size_t group = next_++; group < groups_.size() && !stop_; group = next_++) {
      try {
        RunGroup(groups_[group], thread);
      } catch (...) {
        Stop(std::current_exception());
        return;
      }
    }
  }

  // Only the first error is kept.
  void Stop(std::exception_ptr why) {
    const std::lock_guard<std::mutex> lock(mutex_);
    fatal_ = fatal_ ? fatal_ : std::move(why);
    stop_ = true;
  }

  // Throws the error that stopped the loop. Call it after the last thread has ended.
  ItemLoopResult Result(const std::string& stage) const {
    if (fatal_) {
      std::rethrow_exception(fatal_);
    }
    ItemLoopResult result;
    result.done = done_;
    result.skipped = skipped_;
    for (size_t item = 0; item < ids_.size(); ++item) {
      if (reasons_[item]) {
        result.failed.push_back({ids_[item], stage, *reasons_[item]});
      }
    }
    return result;
  }

 private:
  void RunGroup(const std::vector<size_t>& items, size_t thread) {
    const auto end = [this](size_t item, const std::function<ItemOutcome()>& finish) {
      EndItem(item, finish);
    };
    try {
      work_({items, thread, &progress_, end});
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInput) {
        throw;
      }
      if (items.size() > 1) {
        LogInfo(fmt::format("trying the rows that are left one by one: {}", ReasonOf(error)));
      }
      for (const size_t item : items) {
        if (stop_) {
          return;
        }
        if (ended_[item] == 0 && items.size() == 1) {
          EndItem(item, [&]() -> ItemOutcome { throw error; });
        } else if (ended_[item] == 0) {
          RunGroup({item}, thread);
        }
      }
    }
  }

  void EndItem(size_t item, const std::function<ItemOutcome()>& finish) {
    try {
      ++(finish() == ItemOutcome::kDone ? done_ : skipped_);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kInput) {
        throw;
      }
      reasons_[item] = ReasonOf(error);
      LogWarn(fmt::format("{} failed: {}", ids_[item], *reasons_[item]));
    }
    ended_[item] = 1;
    progress_.Advance();
  }

  const std::vector<std::string>& ids_;
  const std::vector<std::vector<size_t>>& groups_;
  const std::function<void(const GroupTurn&)>& work_;
  Progress progress_;
  std::atomic<size_t> next_{0};
  std::atomic<size_t> done_{0}, skipped_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::exception_ptr fatal_;
  // By item. An item belongs to one thread.
  std::vector<char> ended_;
  std::vector<std::optional<std::string>> reasons_;
};

}  // namespace

ItemLoopResult RunGroupLoop(const std::vector<std::string>& ids,
                            const std::vector<std::vector<size_t>>& groups,
                            const ItemLoopOptions& options,
                            const std::function<void(const GroupTurn&)>& work) {
  Loop loop(ids, groups, options, work);
  std::vector<std::thread> threads;
  const size_t count = std::min(static_cast<size_t>(std::max(1, options.threads)), groups.size());
  try {
    for (size_t thread = 1; thread < count; ++thread) {
      threads.emplace_back([&loop, thread] { loop.Run(thread); });
    }
    loop.Run(0);
  } catch (const std::exception& error) {  // no more threads available
    loop.Stop(std::make_exception_ptr(
        EnvironmentError(fmt::format("cannot start thread {} of {}: {}; use fewer --threads",
                                     threads.size() + 2, count, error.what()))));
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  return loop.Result(options.stage);
}

ItemLoopResult RunItemLoop(const std::vector<std::string>& ids, const ItemLoopOptions& options,
                           const std::function<ItemOutcome(const ItemTurn&)>& work) {
  std::vector<std::vector<size_t>> single(ids.size());
  for (size_t item = 0; item < ids.size(); ++item) {
    single[item] = {item};
  }
  return RunGroupLoop(ids, single, options, [&](const GroupTurn& turn) {
    const size_t item = turn.items.front();
    turn.end(item, [&] { return work({item, turn.thread, turn.progress}); });
  });
}

std::string FormatFailedItems(const std::vector<FailedItem>& failed) {
  TsvWriter table({"id", "stage", "reason"});
  for (const FailedItem& item : failed) {
    table.Row(OneLine(item.id), item.stage, Escaped(OneLine(item.reason)));
  }
  return table.text();
}

std::vector<FailedItem> ParseFailedItems(const std::string& text, const std::string& source) {
  TextLines lines(text, source);
  std::string_view line;
  if (!lines.Next(&line) || line != kHeader) {
    throw InputError(source + ": not a list of failed items");
  }
  std::vector<FailedItem> failed;
  while (lines.Next(&line)) {
    const size_t first = line.find('\t');
    const size_t second = first == std::string::npos ? first : line.find('\t', first + 1);
    if (second == std::string::npos) {
      throw InputError(
          fmt::format("{}:{}: does not have three fields: {}", source, lines.number(), line));
    }
    failed.push_back({std::string(line.substr(0, first)),
                      std::string(line.substr(first + 1, second - first - 1)),
                      std::string(line.substr(second + 1))});
  }
  return failed;
}

}  // namespace reel3d

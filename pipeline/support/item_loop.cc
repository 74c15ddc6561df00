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

// Holds the data that the threads of one loop share.
struct Loop {
  std::atomic<size_t> next{0};
  std::atomic<size_t> done{0}, skipped{0};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::exception_ptr fatal;
  std::vector<std::optional<std::string>> reasons;  // by item

  // Only the first error is kept.
  void Stop(std::exception_ptr why) {
    const std::lock_guard<std::mutex> lock(mutex);
    fatal = fatal ? fatal : std::move(why);
    stop = true;
  }
};

}  // namespace

ItemLoopResult RunItemLoop(const std::vector<std::string>& ids, const ItemLoopOptions& options,
                           const std::function<ItemOutcome(const ItemTurn&)>& work) {
  Loop loop;
  loop.reasons.resize(ids.size());
  Progress progress(options.unit, static_cast<int64_t>(ids.size()));
  const auto run = [&](size_t thread) {
    for (size_t item = loop.next++; item < ids.size() && !loop.stop; item = loop.next++) {
      try {
        ++(work({item, thread, &progress}) == ItemOutcome::kDone ? loop.done : loop.skipped);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::kInput) {
          loop.Stop(std::current_exception());
          return;
        }
        loop.reasons[item] = Escaped(OneLine(error.what()));
        LogWarn(fmt::format("{} failed: {}", ids[item], *loop.reasons[item]));
      } catch (...) {
        loop.Stop(std::current_exception());
        return;
      }
      progress.Advance();
    }
  };
  std::vector<std::thread> threads;
  const size_t count = std::min(static_cast<size_t>(std::max(1, options.threads)), ids.size());
  try {
    for (size_t thread = 1; thread < count; ++thread) {
      threads.emplace_back(run, thread);
    }
    run(0);
  } catch (const std::exception& error) {  // no more threads available; run() never throws
    loop.Stop(std::make_exception_ptr(
        EnvironmentError(fmt::format("cannot start thread {} of {}: {}; use fewer --threads",
                                     threads.size() + 2, count, error.what()))));
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  if (loop.fatal) {
    std::rethrow_exception(loop.fatal);
  }
  ItemLoopResult result;
  result.done = loop.done;
  result.skipped = loop.skipped;
  for (size_t item = 0; item < ids.size(); ++item) {
    if (loop.reasons[item]) {
      result.failed.push_back({ids[item], options.stage, *loop.reasons[item]});
    }
  }
  return result;
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

// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/run_messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>
#include <string_view>

#include "pipeline/stages/run_files.h"
#include "pipeline/support/stage_files.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

constexpr size_t kTail_bytes = size_t{1} << 16;  // of a log that is read
constexpr size_t kMostLogs = 8;                  // the newest ones
constexpr size_t kMostNames = 20'000;            // in a folder of logs

struct Log {
  fs::path file;
  double changed_s = 0;
};

void AddLogs(const fs::path& folder, std::vector<Log>* logs) {
  std::error_code error;
  size_t num_names = 0;
  for (fs::directory_iterator entry(folder, error), end;
       !error && entry != end && num_names < kMostNames; entry.increment(error)) {
    ++num_names;
    if (entry->path().extension() == ".log") {
      logs->push_back({entry->path(), ChangedAt(entry->path()).value_or(0)});
    }
  }
}

std::vector<Log> NewestLogs(const fs::path& run) {
  std::vector<Log> logs;
  AddLogs(run, &logs);
  AddLogs(run / "slurm", &logs);
  std::sort(logs.begin(), logs.end(),
            [](const Log& a, const Log& b) { return a.changed_s < b.changed_s; });
  if (logs.size() > kMostLogs) {
    logs.erase(logs.begin(), logs.end() - kMostLogs);
  }
  return logs;
}

// Removes what a terminal would not show: colours, and text before a carriage return.
std::string Plain(std::string_view line) {
  std::string text;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\r' && i + 1 < line.size()) {
      text.clear();
    } else if (line[i] == '\x1b' && i + 1 < line.size() && line[i + 1] == '[') {
      const size_t end = line.find_first_of("mKHJABCDhl", i + 2);
      i = end == std::string_view::npos ? line.size() : end;
    } else if (line[i] != '\r') {
      text += line[i];
    }
  }
  return text;
}

enum class Kind { kOther, kWarning, kError };

// Recognises lines such as "10:15:00 train-r3d rank 1 error: ...", and "train-r3d: ...", with which
// a tool ends that has failed.
Kind KindOf(const std::string& line) {
  const std::string_view head = std::string_view(line).substr(0, 100);
  if (head.find(" error: ") != std::string_view::npos) {
    return Kind::kError;
  }
  if (head.find(" warning: ") != std::string_view::npos) {
    return Kind::kWarning;
  }
  if (head.find(": asked to stop") != std::string_view::npos) {
    return Kind::kWarning;
  }
  static constexpr std::string_view kTools[] = {
      "list-videos: ", "prep-videos: ", "pack-shards: ",  "pack-videos: ",
      "train-r3d: ",   "run-ranks: ",   "score-videos: ", "evaluate-scores: ",
      "report-run: ",  "slurmstepd: ",  "make: *** ",     "mpirun noticed "};
  const auto begins_line = [&](std::string_view tool) {
    return head.substr(0, tool.size()) == tool;
  };
  return std::any_of(std::begin(kTools), std::end(kTools), begins_line) ? Kind::kError
                                                                        : Kind::kOther;
}

void AddLines(const Log& log, const fs::path& run, std::vector<RunMessage>* messages) {
  std::istringstream tail(ReadTail(log.file, kTail_bytes));
  for (std::string line; std::getline(tail, line);) {
    line = Plain(line);
    if (const Kind kind = KindOf(line); kind != Kind::kOther) {
      messages->push_back({log.changed_s, kind == Kind::kError, std::move(line),
                           log.file.lexically_relative(run).string()});
    }
  }
}

// Adds the last rows of a stage's failed.tsv. Only a few, because logs have more to say.
void AddFailedItems(const fs::path& run, const char* stage, std::vector<RunMessage>* messages) {
  constexpr std::ptrdiff_t kMost = 3;
  std::vector<RunMessage> rows;
  const fs::path file = run / stage / kFailedFile;
  std::istringstream tail(ReadTail(file, kTail_bytes));
  for (std::string line; std::getline(tail, line);) {
    const size_t first = line.find('\t');
    const size_t second = first == std::string::npos ? first : line.find('\t', first + 1);
    if (second != std::string::npos && line.compare(0, first, "id") != 0) {
      rows.push_back({ChangedAt(file).value_or(0), false,
                      fmt::format("{} failed: {}", line.substr(0, first), line.substr(second + 1)),
                      file.lexically_relative(run).string()});
    }
  }
  const auto count = static_cast<std::ptrdiff_t>(rows.size());
  messages->insert(messages->end(), rows.end() - std::min(kMost, count), rows.end());
}

bool EndsWith(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

std::vector<RunMessage> ReadRunMessages(const fs::path& run, size_t most) {
  std::vector<RunMessage> messages;
  for (const char* stage : {"", "prepared", "shards", "train", "scores"}) {
    AddFailedItems(run, stage, &messages);
  }
  for (const Log& log : NewestLogs(run)) {
    AddLines(log, run, &messages);
  }
  std::stable_sort(messages.begin(), messages.end(),
                   [](const RunMessage& a, const RunMessage& b) { return a.at_s < b.at_s; });
  std::vector<RunMessage> last;
  for (auto message = messages.rbegin(); message != messages.rend() && last.size() < most;
       ++message) {
    // A row of failed.tsv is the end of a line of the log.
    const bool is_known = std::any_of(last.begin(), last.end(), [&](const RunMessage& newer) {
      return EndsWith(newer.text, message->text);
    });
    if (!is_known) {
      last.push_back(std::move(*message));
    }
  }
  std::reverse(last.begin(), last.end());
  return last;
}

}  // namespace reel3d

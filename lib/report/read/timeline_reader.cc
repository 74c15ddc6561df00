// SPDX-License-Identifier: Apache-2.0
#include "lib/report/read/timeline_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <system_error>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/report/read/tolerant.h"

namespace reel3d::report {
namespace {

namespace fs = std::filesystem;

constexpr double kMostSeconds = 1e7;  // a hundred days
constexpr int kMostAnswers = 10;      // of a window

// Numbers classes by their first appearance.
class TimelineClasses {
 public:
  explicit TimelineClasses(std::vector<std::string>* classes) : classes_(classes) {}
  size_t NumberOf(std::string_view name) {
    const auto [place, is_new] = numbers_.emplace(name, classes_->size());
    if (is_new) {
      classes_->emplace_back(name);
    }
    return place->second;
  }

 private:
  std::vector<std::string>* classes_;
  std::map<std::string, size_t, std::less<>> numbers_;
};

// Adds the class and the probability of these columns. Returns false if they make no sense.
bool AddAnswer(const LooseRow& row, const std::string& class_column, const std::string& column,
               TimelineClasses* numbers, TimelineWindow* window) {
  const auto probability = row.Number(column);
  if (row.Text(class_column).empty() || !probability || *probability < 0 || *probability > 1) {
    return false;
  }
  window->answers.emplace_back(numbers->NumberOf(row.Text(class_column)), *probability);
  return true;
}

// Returns false if the row is damaged.
bool AddWindow(const LooseRow& row, TimelineClasses* numbers, Timeline* timeline) {
  const auto begin = row.Number("begin_s");
  const auto end = row.Number("end_s");
  TimelineWindow window;
  const double after = timeline->windows.empty() ? 0 : timeline->windows.back().begin_s;
  if (!begin || !end || *begin < after || *end <= *begin || *end > kMostSeconds ||
      !AddAnswer(row, "class", "probability", numbers, &window)) {
    return false;
  }
  window.begin_s = *begin;
  window.end_s = *end;
  for (int place = 2; place <= kMostAnswers; ++place) {
    if (!AddAnswer(row, fmt::format("class_{}", place), fmt::format("probability_{}", place),
                   numbers, &window)) {
      break;
    }
  }
  timeline->windows.push_back(std::move(window));
  return true;
}

}  // namespace

Timeline ReadTimeline(const fs::path& file, std::vector<std::string>* missing) {
  Timeline timeline;
  timeline.name = file.stem().string();
  TimelineClasses numbers(&timeline.classes);
  std::vector<std::string> problems;
  ReadLooseTable(file, &problems,
                 [&](const LooseRow& row) { return AddWindow(row, &numbers, &timeline); });
  if (timeline.windows.empty()) {
    throw InputError(problems.empty()
                         ? fmt::format("{} has no window: classify-video --timeline writes a row "
                                       "for each",
                                       file.string())
                         : problems.front());
  }
  missing->insert(missing->end(), problems.begin(), problems.end());
  return timeline;
}

std::vector<Timeline> ReadTimelines(const fs::path& folder, std::vector<std::string>* missing) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".tsv") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::vector<Timeline> timelines;
  for (const fs::path& file : files) {
    Tolerate(missing, [&] { timelines.push_back(ReadTimeline(file, missing)); });
  }
  return timelines;
}

}  // namespace reel3d::report

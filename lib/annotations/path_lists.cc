// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/path_lists.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "lib/annotations/annotation_builder.h"
#include "lib/annotations/delimited_text.h"
#include "lib/annotations/frame_times.h"
#include "lib/annotations/numbered_classes.h"
#include "lib/data/names.h"

namespace reel3d {
namespace {

constexpr int64_t kMostFrames = int64_t{1} << 31;

bool IsInteger(std::string_view text) {
  if (!text.empty() && text.front() == '-') {
    text.remove_prefix(1);
  }
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

struct Line {
  std::string_view path;
  std::vector<std::string_view> numbers;  // after the path, in order
};

Line CutLine(std::string_view line, char delimiter) {
  Line cut{line, {}};
  for (;;) {
    const size_t at = cut.path.rfind(delimiter);
    if (at == std::string_view::npos || at == 0 || !IsInteger(cut.path.substr(at + 1))) {
      std::reverse(cut.numbers.begin(), cut.numbers.end());
      return cut;
    }
    cut.numbers.push_back(cut.path.substr(at + 1));
    cut.path = cut.path.substr(0, at);
    while (!cut.path.empty() && cut.path.back() == ' ') {
      cut.path.remove_suffix(1);
    }
  }
}

// Returns the delimiter of a line: a comma if the format allows it and the last field follows one.
char DelimiterOf(std::string_view line, const PathListForm& form) {
  const size_t at = line.find_last_of(", ");
  return form.comma && at != std::string_view::npos && line[at] == ',' ? ',' : ' ';
}

class PathListReader {
 public:
  PathListReader(const AnnotationRequest& request, const PathListForm& form)
      : request_(request), form_(form), classes_(request) {}

  AnnotationSet Read() {
    for (const AnnotationFile& file : request_.files) {
      ReadList(file);
    }
    classes_.Finish(&builder_);
    return builder_.Take();
  }

 private:
  void ReadList(const AnnotationFile& file) {
    const std::string text = file.Read();
    DelimitedText lines(text, file.path.string(), {'\n', false, false, true});
    const Subset subset = file.SubsetOfAll();
    builder_.BeginFile(file);
    while (lines.NextRow()) {
      const std::string_view line = lines.fields().front();
      const Line cut = CutLine(line, DelimiterOf(line, form_));
      CheckNumbers(cut, lines);
      AnnotationBuilder::Row row;
      row.source = cut.path;
      row.subset = subset;
      for (size_t i = NumFirst(); i < cut.numbers.size(); ++i) {
        const int64_t label = lines.Integer(cut.numbers[i], "label", -1, kMostClasses);
        if (label >= 0) {
          row.labels.push_back(classes_.Name(label, lines.where()));
        }
      }
      if (form_.numbers == PathListForm::kFirstAndNumFrames) {
        TakeFrames(cut, lines, &row);
      }
      builder_.Add(lines.line(), row);
    }
  }

  size_t NumFirst() const { return static_cast<size_t>(form_.numbers); }

  void CheckNumbers(const Line& line, const DelimitedText& lines) const {
    const size_t num_labels = line.numbers.size() - std::min(line.numbers.size(), NumFirst());
    const bool has_first = line.numbers.size() >= NumFirst();
    if (!has_first || (!form_.several_labels && num_labels != 1)) {
      lines.Fail(
          fmt::format("has {} numbers after the path '{}', but this format has {}: with "
                      "more they are of another format, as of frames or of pre-training",
                      line.numbers.size(), Escaped(line.path.substr(0, 200)), NumFirst() + 1));
    }
  }

  void TakeFrames(const Line& line, const DelimitedText& lines, AnnotationBuilder::Row* row) const {
    const int64_t first = lines.Integer(line.numbers[0], "first frame", 0, kMostFrames);
    const int64_t number = lines.Integer(line.numbers[1], "number of frames", 1, kMostFrames);
    if (request_.frames_per_second == 0) {
      lines.Fail("counts frames: --annotation-fps says how many frames a second has");
    }
    // The first frame counts from 0: mmaction2 adds it to file names that count from 1.
    const FrameTimes times = TimesOfFrames(first, first + number, request_.frames_per_second);
    row->begin_s = times.begin_s;
    row->end_s = times.end_s;
  }

  const AnnotationRequest& request_;
  const PathListForm form_;
  AnnotationBuilder builder_{FileNaming::kPath, SameVideo::kParts};
  NumberedClasses classes_;
};

}  // namespace

AnnotationSet ReadPathLists(const AnnotationRequest& request, const PathListForm& form) {
  return PathListReader(request, form).Read();
}

bool CanBePathList(const AnnotationFile& file, const PathListForm& form) {
  const std::string name = file.lower_name();
  if (name.find("_test_split") != std::string::npos || name == "classind.txt") {
    return false;
  }
  const std::string head = file.Head();
  std::string_view line(head);
  line = line.substr(0, line.find_first_of("\r\n"));
  while (!line.empty() && line.back() == ' ') {
    line.remove_suffix(1);
  }
  if (line.empty()) {
    return false;
  }
  const Line cut = CutLine(line, DelimiterOf(line, form));
  const bool is_other = line.substr(0, 4) == "http" || line.find(';') != std::string_view::npos ||
                        line.find("_E_") != std::string_view::npos || line.front() == '{' ||
                        line.front() == '[' || IsInteger(cut.path);
  const size_t least = static_cast<size_t>(form.numbers) + 1;
  return !is_other && cut.numbers.size() >= least &&
         (form.several_labels || cut.numbers.size() == least) &&
         cut.path.find(',') == std::string_view::npos;
}

}  // namespace reel3d

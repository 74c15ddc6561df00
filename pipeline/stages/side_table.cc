// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/side_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <set>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"
#include "lib/base/plural.h"
#include "lib/base/text_lines.h"
#include "lib/data/names.h"
#include "lib/data/tsv.h"
#include "lib/eval/score_file.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Fields = std::vector<std::string>;

constexpr const char* kId = "id";
constexpr const char* kLabel = "label";
constexpr const char* kFrames = "num_frames";
constexpr const char* kFps = "fps";

Fields HeaderOf(const fs::path& file) {
  const std::string text = ReadFile(file);
  std::string_view line;
  TextLines(text, file.string()).Next(&line);
  Fields columns;
  std::set<std::string> seen;
  while (true) {
    const size_t tab = line.find('\t');
    columns.emplace_back(line.substr(0, tab));
    if (!columns.back().empty() && !seen.insert(columns.back()).second) {
      throw InputError(fmt::format("{} has the column '{}' twice: rename or remove one",
                                   file.string(), Escaped(columns.back())));
    }
    if (tab == std::string_view::npos) {
      return columns;
    }
    line.remove_prefix(tab + 1);
  }
}

bool Has(const Fields& names, const char* name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

size_t PlaceOf(const Fields& columns, const std::string& name, const fs::path& file) {
  const auto found = std::find(columns.begin(), columns.end(), name);
  if (found == columns.end()) {
    throw InputError(fmt::format("{} has no column '{}'; its columns are: {}", file.string(),
                                 Escaped(name),
                                 Escaped(fmt::format("{}", fmt::join(columns, ", ")))));
  }
  return static_cast<size_t>(found - columns.begin());
}

struct SideRow {
  Fields fields;
  int line = 0;
};

// Holds the rows of a file by id.
struct SideTable {
  fs::path file;
  Fields columns;
  std::map<std::string, SideRow> rows;
};

// The row of each scored video; null for a video that is not in the file.
using RowsOfVideos = std::vector<const SideRow*>;

// Warns of videos that are not in the file.
RowsOfVideos RowsOf(const SideTable& table, const Fields& ids) {
  RowsOfVideos rows;
  for (const std::string& id : ids) {
    const auto row = table.rows.find(id);
    rows.push_back(row == table.rows.end() ? nullptr : &row->second);
  }
  const auto num_absent = std::count(rows.begin(), rows.end(), nullptr);
  if (num_absent > 0) {
    LogWarn(fmt::format("{} of the {} scored videos are not in {}: they have no value there",
                        num_absent, ids.size(), table.file.string()));
  }
  return rows;
}

SliceColumn ColumnOf(const RowsOfVideos& rows, const std::string& name, size_t place) {
  SliceColumn column = {name, {}};
  for (const SideRow* row : rows) {
    column.values.push_back(row == nullptr ? "" : row->fields[place]);
  }
  return column;
}

SideTable ReadSideTable(const fs::path& file) {
  SideTable table = {file, HeaderOf(file), {}};
  const size_t id_column = PlaceOf(table.columns, kId, file);
  TsvReader reader(file, table.columns);
  while (reader.NextRow()) {
    Fields fields;
    for (size_t column = 0; column < table.columns.size(); ++column) {
      fields.emplace_back(reader.Text(column));
    }
    const std::string id = fields[id_column];
    if (!table.rows.emplace(id, SideRow{std::move(fields), reader.line()}).second) {
      reader.Fail(fmt::format("video {} is there twice: give each video one row", id));
    }
  }
  if (table.rows.empty()) {
    reader.Fail("it holds no videos");
  }
  return table;
}

// Throws an input error unless the file has a row for one of the scored videos.
void RequireScored(const SideTable& table, const Fields& ids) {
  const auto is_known = [&](const std::string& id) { return table.rows.count(id) != 0; };
  if (std::none_of(ids.begin(), ids.end(), is_known)) {
    throw InputError(fmt::format(
        "{} names none of the {} scored videos: its first id is '{}', and theirs is '{}'; give a "
        "table whose ids are those of predictions.tsv",
        table.file.string(), ids.size(), Escaped(table.rows.begin()->first),
        ids.empty() ? "" : Escaped(ids.front())));
  }
}

// Returns 0 for a text that is not one number.
double NumberIn(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  return *end == '\0' ? number : 0;
}

SliceColumn Durations(const SideTable& table, const RowsOfVideos& rows) {
  const size_t frames = PlaceOf(table.columns, kFrames, table.file);
  const size_t fps = PlaceOf(table.columns, kFps, table.file);
  SliceColumn column = {kDurationColumn, {}};
  for (const SideRow* row : rows) {
    column.values.push_back(
        row == nullptr ? ""
                       : DurationText(NumberIn(row->fields[frames]), NumberIn(row->fields[fps])));
  }
  return column;
}

// Counts the values of some kinds.
struct ValueCount {
  int64_t count = 0;
  int first_line = 0;
  std::string first;  // the value in this line

  void Add(const std::string& value, int line) {
    if (++count == 1 || line < first_line) {
      first_line = line;
      first = value;
    }
  }
};

struct ValueCounts {
  ValueCount numbers, texts, others;  // others: "", "nan", "inf"
};

// Counts the values of the videos that are in the file.
ValueCounts CountValues(const SliceColumn& column, const RowsOfVideos& rows) {
  ValueCounts counts;
  for (size_t video = 0; video < rows.size(); ++video) {
    if (rows[video] != nullptr) {
      const std::string& value = column.values[video];
      const ValueKind kind = KindOf(value);
      ValueCount& counted = kind == ValueKind::kNumber ? counts.numbers
                            : kind == ValueKind::kText ? counts.texts
                                                       : counts.others;
      counted.Add(value, rows[video]->line);
    }
  }
  return counts;
}

// Warns of videos without a number in a column of numbers if the file `is_given`, and makes values
// such as "nan" unknown there. Warns of texts among numbers, because one text makes all of them
// texts, and then the column may be one that is left out unless it was named.
void JudgeColumn(const fs::path& file, const RowsOfVideos& rows, bool is_named, bool is_given,
                 SliceColumn* column) {
  const auto [numbers, texts, others] = CountValues(*column, rows);
  const std::string name = fmt::format("{}: column {}", file.string(), Escaped(column->name));
  if (texts.count > 0 && numbers.count > texts.count) {
    LogWarn(
        fmt::format("{} has numbers for {} and texts for {}, the first in line {} ('{}'): all "
                    "are taken as texts; leave the field empty where a number is not known{}",
                    name, Count(numbers.count, "scored video"), texts.count, texts.first_line,
                    Escaped(texts.first),
                    is_named || !NamesEachVideo(*column)
                        ? ""
                        : " (the column is left out, as no two values are equal)"));
  }
  if (texts.count == 0 && numbers.count > 0 && others.count > 0) {
    if (is_given) {
      LogWarn(
          fmt::format("{} has no number for {}, the first in line {} ({}): they are the slice "
                      "(none)",
                      name, Count(others.count, "scored video"), others.first_line,
                      others.first.empty() ? "no value" : others.first));
    }
    for (std::string& value : column->values) {
      value = KindOf(value) == ValueKind::kNumber ? value : "";
    }
  }
}

// Returns in what the table is not of the scored data; "" if it is of these data.
std::string OriginFault(const SideTable& table, const RowsOfVideos& rows, const std::string& data) {
  if (!Has(table.columns, kFingerprintColumn)) {
    return fmt::format("{} has no column {}, so it may be of other data than was scored",
                       table.file.string(), kFingerprintColumn);
  }
  const size_t place = PlaceOf(table.columns, kFingerprintColumn, table.file);
  for (const SideRow* row : rows) {
    if (row != nullptr && row->fields[place] != data) {
      return fmt::format("{} was measured on data {} (line {}), and the scores are of data {}",
                         table.file.string(), Escaped(row->fields[place]), row->line,
                         Escaped(data));
    }
  }
  return "";
}

bool IsOfVideos(const std::string& data) { return data.rfind(kDataOfVideos, 0) == 0; }

// A table that the user named need not come from measure-videos. If it does, it may be of other
// shards with the same videos, which is for the user to judge. The scores of video files have no
// shards that a table could name.
void JudgeOrigin(const SideTable& table, const RowsOfVideos& rows, const std::string& data,
                 bool is_given) {
  if (IsOfVideos(data)) {
    if (!is_given) {
      throw InputError(fmt::format(
          "{0} is of shards, and the scores are of video files: if they are the same videos, give "
          "--slices {0}",
          table.file.string()));
    }
    return;
  }
  const std::string fault = OriginFault(table, rows, data);
  if (fault.empty() || (is_given && !Has(table.columns, kFingerprintColumn))) {
    return;
  }
  if (!is_given) {
    throw InputError(fault + ": make it again with measure-videos --overwrite");
  }
  LogWarn(fault +
          ": unless the videos are the same, make it again with measure-videos --overwrite");
}

// Reads the columns as ReadSliceColumns() does. `is_given`: the user named the file.
std::vector<SliceColumn> ReadColumns(const fs::path& file, const Fields& wanted,
                                     const ScoredIds& scored, bool is_given) {
  const SideTable table = ReadSideTable(file);
  RequireScored(table, scored.ids);
  const RowsOfVideos rows = RowsOf(table, scored.ids);
  JudgeOrigin(table, rows, scored.data, is_given);
  const bool makes_duration = Has(table.columns, kFrames) && Has(table.columns, kFps) &&
                              !Has(table.columns, kDurationColumn);
  std::vector<SliceColumn> columns;
  std::map<std::string_view, size_t> places;
  for (const std::string& name : table.columns) {
    places.emplace(name, places.size());
  }
  for (const std::string& name : wanted.empty() ? table.columns : wanted) {
    const bool is_by_chance = wanted.empty() && (name == kLabel || name == kFingerprintColumn);
    if (name == kId || is_by_chance || (makes_duration && name == kDurationColumn)) {
      continue;
    }
    const auto found = places.find(name);
    const size_t place = found != places.end() ? found->second : PlaceOf(table.columns, name, file);
    columns.push_back(ColumnOf(rows, name, place));
    JudgeColumn(file, rows, !wanted.empty(), is_given, &columns.back());
    if (wanted.empty() && NamesEachVideo(columns.back())) {
      columns.pop_back();
    }
  }
  if (makes_duration && (wanted.empty() || Has(wanted, kDurationColumn))) {
    columns.push_back(Durations(table, rows));
    JudgeColumn(file, rows, !wanted.empty(), is_given, &columns.back());
  }
  return columns;
}

}  // namespace

// Returns "" if a number is not positive: such a video has no duration.
std::string DurationText(double num_frames, double fps) {
  const bool is_known = num_frames > 0 && fps > 0 && std::isfinite(fps);
  return is_known && std::isfinite(num_frames / fps) ? fmt::format("{:.3f}", num_frames / fps) : "";
}

std::vector<SliceColumn> ReadSliceColumns(const fs::path& file, const Fields& wanted,
                                          const ScoredIds& scored) {
  return ReadColumns(file, wanted, scored, true);
}

std::vector<SliceColumn> ReadMeasuredColumns(const fs::path& file, const ScoredIds& scored) {
  std::vector<SliceColumn> columns = ReadColumns(file, {}, scored, false);
  const auto is_named = [&](const char* name) {
    return std::any_of(columns.begin(), columns.end(),
                       [&](const SliceColumn& column) { return column.name == name; });
  };
  if (is_named(kDurationColumn)) {
    columns.erase(std::remove_if(columns.begin(), columns.end(),
                                 [](const SliceColumn& column) { return column.name == kFrames; }),
                  columns.end());
  }
  return columns;
}

std::set<std::string> ReadIds(const fs::path& file, const Fields& ids) {
  const SideTable table = ReadSideTable(file);
  RequireScored(table, ids);
  const std::set<std::string> scored(ids.begin(), ids.end());
  std::set<std::string> listed;
  size_t num_unknown = 0;
  for (const auto& [id, row] : table.rows) {
    listed.insert(id);
    num_unknown += scored.count(id) == 0 ? 1 : 0;
  }
  if (num_unknown > 0) {
    LogWarn(fmt::format("{} of the {} videos in {} have no scores", num_unknown, listed.size(),
                        file.string()));
  }
  return listed;
}

ClassNumbering ReadClassNumbering(const fs::path& file, const Fields& classes) {
  const std::string text = ReadFile(file);
  TextLines lines(text, file.string());
  ClassNumbering numbering = {"as in " + Escaped(file.filename().string()), {}};
  for (std::string_view line; lines.Next(&line);) {
    if (!line.empty()) {
      numbering.classes.emplace_back(line);
    }
  }
  for (const std::string& name : classes) {
    if (!Has(numbering.classes, name.c_str())) {
      throw InputError(
          fmt::format("{} lacks the class {}: it must have the {} classes of the "
                      "scores, one a line",
                      file.string(), Escaped(name), classes.size()));
    }
  }
  if (numbering.classes.size() != classes.size()) {
    throw InputError(fmt::format("{} has {} lines with classes, and the scores have {} classes",
                                 file.string(), numbering.classes.size(), classes.size()));
  }
  return numbering;
}

}  // namespace reel3d

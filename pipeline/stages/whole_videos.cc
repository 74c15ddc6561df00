// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/whole_videos.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "lib/base/error.h"
#include "lib/data/names.h"

namespace reel3d {
namespace {

void AddLabels(const AnnotationRow& row, AnnotationRow* whole) {
  for (const int32_t label : row.labels) {
    if (std::find(whole->labels.begin(), whole->labels.end(), label) == whole->labels.end()) {
      whole->labels.push_back(label);
    }
  }
}

void RequireSameSubset(const AnnotationSet& set, const AnnotationRow& row,
                       const AnnotationRow& whole) {
  if (row.subset != whole.subset) {
    throw InputError(fmt::format("{}: video '{}' is in {}, but in {} in {}: delete one of the rows",
                                 set.PlaceOf(row), Escaped(row.source), SubsetName(row.subset),
                                 SubsetName(whole.subset), set.PlaceOf(whole)));
  }
}

}  // namespace

AnnotationSet WholeVideos(AnnotationSet set) {
  if (set.naming == FileNaming::kClip || set.naming == FileNaming::kNamedPart) {
    throw UsageError(
        fmt::format("--untrimmed whole: files of the format {} hold only parts of videos: drop it",
                    set.format));
  }
  std::vector<AnnotationRow> rows;
  std::unordered_map<std::string, size_t> place_of_source;
  for (AnnotationRow& row : set.rows) {
    const auto [place, is_new] = place_of_source.emplace(row.source, rows.size());
    if (is_new) {
      AnnotationRow whole = row;
      whole.labels.clear();
      whole.begin_s.reset();
      whole.end_s.reset();
      whole.number = 0;
      rows.push_back(std::move(whole));
    }
    RequireSameSubset(set, row, rows[place->second]);
    AddLabels(row, &rows[place->second]);
  }
  set.rows = std::move(rows);
  return set;
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/annotation_builder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>
#include <unordered_set>

#include "lib/annotations/label_forms.h"
#include "lib/base/error.h"
#include "lib/data/names.h"
#include "lib/data/tsv.h"

namespace reel3d {
namespace {

constexpr double kMaxSeconds = 1e9;
constexpr size_t kMaxSourceBytes = 4096;

bool IsTime(const std::optional<double>& time) {
  return !time || (std::isfinite(*time) && *time >= 0 && *time <= kMaxSeconds);
}

// Returns why `source` cannot name a file; "" if it can.
std::string SourceFault(std::string_view source, FileNaming naming) {
  if (source.size() > kMaxSourceBytes) {
    return fmt::format("is longer than {} bytes", kMaxSourceBytes);
  }
  return naming == FileNaming::kPath ? (source.empty() ? "is empty" : NewFieldFault(source))
                                     : IdFault(std::string(source));
}

}  // namespace

const std::string& AnnotationSet::Label(const AnnotationRow& row) const {
  static const std::string none;
  return row.labels.empty() ? none : labels[static_cast<size_t>(row.labels.front())];
}

std::string AnnotationSet::PlaceOf(const AnnotationRow& row) const {
  const std::string& file = files[static_cast<size_t>(row.file)];
  const bool is_json = file.size() > 5 && file.compare(file.size() - 5, 5, ".json") == 0;
  return fmt::format("{}{}{}", file, is_json ? ": record " : ":", row.line);
}

AnnotationBuilder::AnnotationBuilder(FileNaming naming, SameVideo same_video)
    : same_video_(same_video) {
  set_.naming = naming;
}

void AnnotationBuilder::BeginFile(const AnnotationFile& file) {
  set_.files.push_back(file.path.string());
}

void AnnotationBuilder::Fail(int64_t line, const std::string& why) const {
  AnnotationRow place;
  place.file = static_cast<int32_t>(set_.files.size()) - 1;
  place.line = line;
  throw InputError(fmt::format("{}: {}", set_.PlaceOf(place), why));
}

int32_t AnnotationBuilder::LabelIndex(int64_t line, std::string_view label) {
  std::string name = ComposedForm(label);
  if (const auto known = index_of_label_.find(name); known != index_of_label_.end()) {
    return known->second;
  }
  if (name.empty()) {
    Fail(line, "has an empty label");
  }
  if (const std::string fault = NewFieldFault(name); !fault.empty()) {
    Fail(line, fmt::format("label '{}' {}", Escaped(name), fault));
  }
  if (!set_.official_classes.empty()) {
    Fail(line, fmt::format("label '{}' is none of the {} classes of {}", Escaped(name),
                           set_.official_classes.size(), set_.official_source));
  }
  const auto index = static_cast<int32_t>(set_.labels.size());
  index_of_label_.emplace(name, index);
  set_.labels.push_back(std::move(name));
  return index;
}

void AnnotationBuilder::SetOfficialClasses(std::vector<std::string> classes, std::string source) {
  std::unordered_set<std::string> seen;
  for (std::string& name : classes) {
    name = ComposedForm(name);
    const std::string fault = name.empty()                ? "is empty"
                              : !seen.insert(name).second ? "stands there twice"
                                                          : NewFieldFault(name);
    if (!fault.empty()) {
      throw InputError(fmt::format("{}: class '{}' {}", source, Escaped(name), fault));
    }
    if (index_of_label_.emplace(name, static_cast<int32_t>(set_.labels.size())).second) {
      set_.labels.push_back(name);
    }
  }
  for (const std::string& label : set_.labels) {
    if (seen.count(label) == 0) {
      throw InputError(fmt::format("{}: label '{}' of the rows is none of its {} classes", source,
                                   Escaped(label), seen.size()));
    }
  }
  set_.official_classes = std::move(classes);
  set_.official_source = std::move(source);
}

void AnnotationBuilder::Add(int64_t line, const Row& row) {
  if (const std::string fault = SourceFault(row.source, set_.naming); !fault.empty()) {
    Fail(line, fmt::format("video '{}' {}", Escaped(row.source.substr(0, 200)), fault));
  }
  if (!IsTime(row.begin_s) || !IsTime(row.end_s)) {
    Fail(line, fmt::format("video '{}' has a time below 0 or above {}", row.source, kMaxSeconds));
  }
  if (row.end_s && *row.end_s <= row.begin_s.value_or(0)) {
    Fail(line, fmt::format("video '{}' ends at {} s, which is not after its begin, {} s",
                           row.source, *row.end_s, row.begin_s.value_or(0)));
  }
  AnnotationRow taken;
  taken.source = row.source;
  taken.labels.reserve(row.labels.size());
  for (const std::string_view label : row.labels) {
    taken.labels.push_back(LabelIndex(line, label));
  }
  taken.subset = row.subset;
  taken.begin_s = row.begin_s;
  taken.end_s = row.end_s;
  taken.file = static_cast<int32_t>(set_.files.size()) - 1;
  taken.line = line;
  set_.rows.push_back(std::move(taken));
}

// Class folders are found by the normal form of their names, so no two labels may have the same
// form.
void AnnotationBuilder::CheckLabels() const {
  std::unordered_map<std::string, std::string> label_of_form;
  for (const std::string& label : set_.labels) {
    const auto [first, is_new] = label_of_form.emplace(NormalForm(label), label);
    if (!is_new) {
      throw InputError(fmt::format(
          "{}: labels '{}' and '{}' are the same but for capitals, spaces and punctuation: their "
          "folders cannot be told apart; rename one",
          set_.files.empty() ? "" : set_.files.front(), Escaped(first->second), Escaped(label)));
    }
  }
}

// Returns true if `second` repeats `first`, and false if both rows may be listed. Throws if they
// contradict each other.
bool AnnotationBuilder::RepeatsOrContradicts(const AnnotationRow& first,
                                             const AnnotationRow& second) const {
  if (first.labels == second.labels && first.subset == second.subset) {
    return true;
  }
  if (same_video_ == SameVideo::kParts && first.subset == second.subset) {
    return false;
  }
  const auto says = [&](const AnnotationRow& row) {
    return fmt::format("'{}' in {}", Escaped(set_.Label(row)), SubsetName(row.subset));
  };
  throw InputError(fmt::format("{}: video '{}' is {}, but {} in {}: delete one of the rows",
                               set_.PlaceOf(second), Escaped(second.source), says(second),
                               says(first), set_.PlaceOf(first)));
}

void AnnotationBuilder::NumberSources() {
  std::vector<AnnotationRow>& rows = set_.rows;
  std::vector<size_t> order(rows.size());
  std::iota(order.begin(), order.end(), 0);
  const auto key = [&](size_t i) {
    return std::tie(rows[i].source, rows[i].begin_s, rows[i].end_s);
  };
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const int order_of_sources = rows[a].source.compare(rows[b].source);
    return order_of_sources != 0 ? order_of_sources < 0
           : key(a) != key(b)    ? key(a) < key(b)
                                 : a < b;
  });
  std::vector<bool> repeats(rows.size(), false);
  for (size_t i = 1; i < order.size(); ++i) {
    // A row is compared with earlier rows of the same source and time. They are few, or all equal.
    constexpr size_t kMostLabels = 64;
    for (size_t k = 1; k <= std::min(i, kMostLabels) && key(order[i - k]) == key(order[i]); ++k) {
      repeats[order[i]] =
          repeats[order[i]] || RepeatsOrContradicts(rows[order[i - k]], rows[order[i]]);
    }
  }
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    for (end = begin + 1;
         end < order.size() && rows[order[end]].source == rows[order[begin]].source;) {
      ++end;
    }
    std::sort(order.begin() + static_cast<std::ptrdiff_t>(begin),
              order.begin() + static_cast<std::ptrdiff_t>(end));
    int32_t number = 0;
    for (size_t i = begin; i < end; ++i) {
      number += repeats[order[i]] ? 0 : 1;
      rows[order[i]].number = number;
    }
    if (number == 1) {
      rows[order[begin]].number = 0;
    }
  }
  size_t kept = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (repeats[i]) {
      LeaveOut("repeats another row");
    } else if (kept++ != i) {
      rows[kept - 1] = std::move(rows[i]);
    }
  }
  rows.resize(kept);
}

AnnotationSet AnnotationBuilder::Take() {
  if (set_.rows.empty()) {
    throw InputError(fmt::format("{}: holds no row to list",
                                 set_.files.empty() ? "--annotations" : set_.files.front()));
  }
  CheckLabels();
  NumberSources();
  return std::move(set_);
}

}  // namespace reel3d

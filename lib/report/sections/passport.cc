// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "lib/report/sections/sections.h"

namespace reel3d::report {
namespace {

using Counts = std::map<std::pair<Subset, std::string>, PassportCounts>;

constexpr const char* kCountNames[] = {"expected", "found", "packed", "short"};

// Returns the sums over the classes, with the class "".
Counts SumsOf(const Passport& passport) {
  Counts sums;
  for (const auto& [subset_and_class, counts] : passport.counts) {
    sums[{subset_and_class.first, ""}] += counts;
  }
  return sums;
}

// Returns the number of videos that were expected, but are not packed, in the worst run.
int64_t MostLost(const std::vector<Counts>& runs, const Counts::key_type& key) {
  int64_t most = 0;
  for (const Counts& counts : runs) {
    const auto found = counts.find(key);
    if (found != counts.end()) {
      most = std::max(most, found->second.expected - found->second.packed);
    }
  }
  return most;
}

// Returns a table of the counts of each run, the largest losses first; without them, by subset and
// class. `has_classes` adds the column of the class.
Table CountTable(const std::vector<RunRecord>& runs, const std::vector<Counts>& counts,
                 bool has_classes) {
  Table table;
  table.columns = {{"subset"}};
  if (has_classes) {
    table.columns.push_back({"class"});
  }
  std::set<Counts::key_type> keys;
  for (size_t run = 0; run < runs.size(); ++run) {
    for (const char* name : kCountNames) {
      table.columns.push_back({(runs.size() > 1 ? runs[run].name + ": " : "") + name, true});
    }
    for (const auto& [key, unused] : counts[run]) {
      keys.insert(key);
    }
  }
  std::vector<Counts::key_type> order(keys.begin(), keys.end());
  if (has_classes) {
    std::stable_sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
      return MostLost(counts, a) > MostLost(counts, b);
    });
  }
  for (const Counts::key_type& key : order) {
    Row row;
    row.cells.push_back(TextCell(SubsetName(key.first)));
    if (has_classes) {
      row.cells.push_back(TextCell(key.second.empty() ? "(no label)" : key.second));
    }
    for (const Counts& of_run : counts) {
      const auto found = of_run.find(key);
      for (int64_t PassportCounts::*count : {&PassportCounts::expected, &PassportCounts::found,
                                             &PassportCounts::packed, &PassportCounts::num_short}) {
        row.cells.push_back(found == of_run.end()
                                ? CountCell({})
                                : CountCell(static_cast<double>(found->second.*count)));
      }
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

// Returns the facts of list-videos and pack-shards, such as checksums, with a column for each run.
Table FactTable(const std::vector<RunRecord>& runs) {
  Table table;
  table.title = "Facts of the data set";
  table.columns = {{"fact"}};
  std::map<std::string, std::vector<std::string>> values;
  for (size_t run = 0; run < runs.size(); ++run) {
    table.columns.push_back({runs[run].name});
    Passport facts = runs[run].data.value_or(Passport());
    facts.counts.clear();
    for (const PassportDifference& fact : DifferencesOf(Passport(), facts)) {
      auto& of_runs = values[fact.what];
      of_runs.resize(runs.size(), "\xE2\x80\x93");
      of_runs[run] = fact.second;
    }
  }
  for (const auto& [what, of_runs] : values) {
    Row row;
    row.cells.push_back(TextCell(what));
    for (const std::string& value : of_runs) {
      row.cells.push_back(TextCell(value));
    }
    row.is_marked =
        std::adjacent_find(of_runs.begin(), of_runs.end(), std::not_equal_to<>()) != of_runs.end();
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table DifferenceTable(const RunRecord& run, const std::vector<PassportDifference>& differences) {
  Table table;
  table.title = "Training data and scored data of " + run.name;
  table.columns = {{"value"}, {"trained on"}, {"scored"}};
  for (const PassportDifference& difference : differences) {
    const auto cell = [](const std::string& value) {
      return TextCell(value.empty() ? "\xE2\x80\x93" : value);
    };
    table.rows.push_back(
        {{TextCell(difference.what), cell(difference.first), cell(difference.second)}});
  }
  table.most_rows = 100;
  table.first_rows_only = true;
  return table;
}

void AddDifferences(const std::vector<RunRecord>& runs, size_t run, Content* content) {
  const RunRecord& record = runs[run];
  if (!record.data || !record.trained_on) {
    return;
  }
  const auto differences = ListDifferences(*record.trained_on, *record.data);
  if (!differences) {
    content->AddText(record.name +
                         ": whether the network learned from the data set that was scored is not "
                         "known, as one of the two passports has no facts of list-videos.",
                     "note");
  } else if (differences->empty()) {
    content->AddText(record.name + ": the network learned from the data set that was scored.");
  } else {
    content->AddText(record.name + ": the network learned from another data set than was scored.",
                     "warn");
    content->AddTable(IdFor("data_differences", runs, run), DifferenceTable(record, *differences));
  }
}

}  // namespace

Content MakePassport(const std::vector<RunRecord>& runs) {
  Content content;
  std::vector<Counts> classes(runs.size()), sums(runs.size());
  bool is_known = false;
  for (size_t run = 0; run < runs.size(); ++run) {
    if (runs[run].data) {
      is_known = true;
      classes[run] = runs[run].data->counts;
      sums[run] = SumsOf(*runs[run].data);
    }
  }
  if (!is_known) {
    content.AddText(
        "No run has the passport of its data set, which list-videos writes beside the list.");
    return content;
  }
  Table totals = CountTable(runs, sums, false);
  totals.title = "What became of the videos";
  content.AddTable("passport", totals);
  content.AddText(fmt::format("Expected: rows of the annotations, or files in the class folders. "
                              "Found: those with a file. Packed: those in the shards. Short: "
                              "packed with fewer than {} frames.",
                              PassportCounts::kShortFrames),
                  "note");
  for (size_t run = 0; run < runs.size(); ++run) {
    AddDifferences(runs, run, &content);
  }
  Table by_class = CountTable(runs, classes, true);
  by_class.title = "What became of the videos, by class; the largest losses first";
  by_class.most_rows = 200;
  by_class.first_rows_only = true;
  content.AddFoldedTable("passport_classes", "By class, the largest losses first", by_class);
  content.AddFoldedTable("passport_facts", "Sources and checksums", FactTable(runs));
  return content;
}

}  // namespace reel3d::report

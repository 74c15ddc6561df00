// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/label_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <string_view>

#include "lib/base/error.h"
#include "lib/base/log.h"
#include "lib/base/plural.h"
#include "lib/base/visible_text.h"
#include "lib/data/tsv.h"

namespace reel3d {

namespace {

bool HasSubsets(const std::filesystem::path& file) {
  constexpr std::string_view kHeader = "id\tlabel\tsubset";
  std::string begin(kHeader.size(), '\0');
  std::ifstream(file).read(begin.data(), static_cast<std::streamsize>(begin.size()));
  return begin == kHeader;
}

// Throws an input error if no scored video has labels. Warns if some have none.
void RequireScored(const std::filesystem::path& file, const LabelSets& sets,
                   const std::vector<std::string>& ids) {
  const int64_t num_both = std::count_if(
      ids.begin(), ids.end(), [&](const std::string& id) { return sets.count(id) != 0; });
  if (num_both == 0) {
    throw InputError(fmt::format(
        "{}: none of its {} is scored; its first id is '{}', that of the scores is '{}'",
        file.string(), Count(static_cast<int64_t>(sets.size()), "video"),
        Escaped(sets.begin()->first), Escaped(ids.empty() ? "" : ids.front())));
  }
  const int64_t not_scored = static_cast<int64_t>(sets.size()) - num_both;
  const int64_t without_label = static_cast<int64_t>(ids.size()) - num_both;
  if (not_scored > 0 || without_label > 0) {
    LogWarn(
        fmt::format("{}: {} of the {} with labels are not scored, and {} of the {} scored have "
                    "no label there: mAP and hit@k count only the others",
                    file.string(), not_scored, Count(static_cast<int64_t>(sets.size()), "video"),
                    without_label, ids.size()));
  }
}

}  // namespace

LabelSets ReadLabelSets(const std::filesystem::path& file, const std::vector<std::string>& classes,
                        const std::string& subset, const std::vector<std::string>& ids) {
  std::map<std::string, int, std::less<>> index_of_class;
  for (size_t index = 0; index < classes.size(); ++index) {
    index_of_class.emplace(classes[index], static_cast<int>(index));
  }
  LabelSets sets;
  const bool has_subsets = HasSubsets(file);
  TsvReader reader(file, has_subsets ? std::vector<std::string>{"id", "label", "subset"}
                                     : std::vector<std::string>{"id", "label"});
  while (reader.NextRow()) {
    if (has_subsets && reader.Text(2) != subset) {
      continue;
    }
    const auto found = index_of_class.find(reader.Text(1));
    if (found == index_of_class.end()) {
      reader.Fail(fmt::format("'{}' is none of the {} classes of the scores", reader.Text(1),
                              classes.size()));
    }
    std::vector<int>& labels = sets[std::string(reader.Text(0))];
    const auto place = std::lower_bound(labels.begin(), labels.end(), found->second);
    if (place == labels.end() || *place != found->second) {
      labels.insert(place, found->second);
    }
  }
  if (sets.empty()) {
    reader.Fail(has_subsets ? "it holds no labels of the subset " + subset : "it holds no labels");
  }
  RequireScored(file, sets, ids);
  return sets;
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/label_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "lib/data/tsv.h"

namespace reel3d {

LabelSets ReadLabelSets(const std::filesystem::path& file,
                        const std::vector<std::string>& classes) {
  std::map<std::string, int, std::less<>> index_of_class;
  for (size_t index = 0; index < classes.size(); ++index) {
    index_of_class.emplace(classes[index], static_cast<int>(index));
  }
  LabelSets sets;
  TsvReader reader(file, {"id", "label"});
  while (reader.NextRow()) {
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
    reader.Fail("it holds no labels");
  }
  return sets;
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/duplicate_table.h"
#include "lib/base/tsv_writer.h"

#include <fmt/format.h>

#include <set>

namespace reel3d {
namespace {

const char* HowFound(const DuplicatePair& pair) {
  if (!pair.by_source) {
    return "pictures";
  }
  return pair.by_pictures ? "source+pictures" : "source";
}

}  // namespace

std::vector<DuplicatePair> JoinPairs(const std::vector<SourcePair>& by_source,
                                     const std::vector<PicturePair>& by_pictures) {
  std::map<std::pair<size_t, size_t>, DuplicatePair> joined;
  for (const SourcePair& found : by_source) {
    DuplicatePair& pair = joined[{found.a, found.b}];
    pair.by_source = true;
    pair.score = found.score;
    pair.offset_s = found.offset_s;
  }
  for (const PicturePair& found : by_pictures) {
    DuplicatePair& pair = joined[{found.a, found.b}];
    pair.by_pictures = true;
    pair.score = found.score;
    pair.offset_s = found.offset / kPicturesPerSecond;
    pair.mirrored = found.mirrored;
    pair.cropped = found.part_of_a != kWhole ? "b" : found.part_of_b != kWhole ? "a" : "no";
  }
  std::vector<DuplicatePair> pairs;
  for (auto& [videos, pair] : joined) {
    pair.a = videos.first;
    pair.b = videos.second;
    pairs.push_back(pair);
  }
  return pairs;
}

std::string FormatPairs(const std::vector<DuplicatePair>& pairs,
                        const std::vector<const VideoRow*>& videos) {
  TsvWriter table({"id_a", "subset_a", "label_a", "id_b", "subset_b", "label_b", "found", "score",
                   "offset_s", "mirrored", "cropped"});
  for (const DuplicatePair& pair : pairs) {
    const VideoRow& a = *videos[pair.a];
    const VideoRow& b = *videos[pair.b];
    table.Row(a.id, SubsetName(a.subset), a.label, b.id, SubsetName(b.subset), b.label,
              HowFound(pair), Decimals(pair.score, 3), Decimals(pair.offset_s, 1),
              pair.mirrored ? "yes" : "no", pair.cropped);
  }
  return table.text();
}

std::vector<size_t> LeaksOf(Subset subset, size_t num_own, const std::vector<DuplicatePair>& pairs,
                            const std::vector<const VideoRow*>& videos) {
  std::set<size_t> leaks;
  for (const DuplicatePair& pair : pairs) {
    for (const auto& [video, other] : {std::pair(pair.a, pair.b), std::pair(pair.b, pair.a)}) {
      if (video < num_own && videos[video]->subset == subset && videos[other]->subset != subset) {
        leaks.insert(video);
      }
    }
  }
  return {leaks.begin(), leaks.end()};
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/ranked_results.h"

#include <algorithm>
#include <utility>

namespace reel3d {
namespace {

using Entries = std::vector<const ResultEntry*>;
using EntriesByName = std::map<std::string, Entries>;

// Groups entries by one of their names and sorts each group by score, then by the other name.
EntriesByName Ranked(const std::vector<ResultEntry>& entries, std::string ResultEntry::*name,
                     std::string ResultEntry::*other) {
  EntriesByName groups;
  for (const ResultEntry& entry : entries) {
    groups[entry.*name].push_back(&entry);
  }
  for (auto& [key, group] : groups) {
    std::stable_sort(group.begin(), group.end(), [&](const ResultEntry* a, const ResultEntry* b) {
      return a->score != b->score ? a->score > b->score : a->*other < b->*other;
    });
  }
  return groups;
}

// Returns the places of a label's entries that are right, from 1; each video can be hit once.
std::vector<int64_t> HitRanks(const TrueLabels& truth, const Entries& entries) {
  std::vector<int64_t> ranks;
  std::set<std::string> taken;
  for (size_t place = 0; place < entries.size(); ++place) {
    const auto video = truth.find(entries[place]->video);
    if (video != truth.end() && video->second.count(entries[place]->label) != 0 &&
        taken.insert(video->first).second) {
      ranks.push_back(static_cast<int64_t>(place) + 1);
    }
  }
  return ranks;
}

// Returns the share of a video's labels among its first `k` entries.
double HitShare(const std::set<std::string>& labels, const Entries& entries, int k) {
  std::set<std::string> first;
  for (size_t place = 0; place < std::min(entries.size(), static_cast<size_t>(k)); ++place) {
    first.insert(entries[place]->label);
  }
  const auto num_found = std::count_if(labels.begin(), labels.end(), [&](const std::string& label) {
    return first.count(label) != 0;
  });
  return static_cast<double>(num_found) / static_cast<double>(labels.size());
}

HitRate MeasureHits(const TrueLabels& truth, const EntriesByName& by_video, int k,
                    bool ignore_missing) {
  HitRate rate;
  rate.k = k;
  int64_t num_videos = 0;
  for (const auto& [video, labels] : truth) {
    const auto entries = by_video.find(video);
    if (entries != by_video.end()) {
      const double share = HitShare(labels, entries->second, k);
      rate.any += share > 0 ? 1 : 0;
      rate.mean += share;
    } else if (ignore_missing) {
      continue;
    }
    ++num_videos;
  }
  rate.any /= static_cast<double>(std::max<int64_t>(1, num_videos));
  rate.mean /= static_cast<double>(std::max<int64_t>(1, num_videos));
  return rate;
}

void MeasurePrecision(const TrueLabels& truth, const EntriesByName& by_label,
                      ResultFigures* figures) {
  std::map<std::string, int64_t> num_pairs;
  for (const auto& [video, labels] : truth) {
    for (const std::string& label : labels) {
      ++num_pairs[label];
    }
  }
  for (const auto& [label, count] : num_pairs) {
    const auto entries = by_label.find(label);
    const double precision =
        entries == by_label.end() ? 0 : AveragePrecision(HitRanks(truth, entries->second), count);
    figures->average_precision[label] = precision;
    figures->mean_average_precision += precision / static_cast<double>(num_pairs.size());
  }
  for (const auto& [label, entries] : by_label) {
    if (num_pairs.count(label) == 0) {
      figures->num_odd_entries += static_cast<int64_t>(entries.size());
    }
  }
}

}  // namespace

ResultFigures MeasureResults(const TrueLabels& truth, const std::vector<ResultEntry>& entries,
                             const std::vector<int>& ks) {
  ResultFigures figures;
  const EntriesByName by_video = Ranked(entries, &ResultEntry::video, &ResultEntry::label);
  figures.num_videos = static_cast<int64_t>(truth.size());
  for (const auto& [video, labels] : truth) {
    figures.num_missing += by_video.count(video) == 0 ? 1 : 0;
  }
  figures.num_foreign =
      static_cast<int64_t>(by_video.size()) - (figures.num_videos - figures.num_missing);
  MeasurePrecision(truth, Ranked(entries, &ResultEntry::label, &ResultEntry::video), &figures);
  for (const int k : ks) {
    figures.hit_rates.push_back(MeasureHits(truth, by_video, k, false));
    figures.hit_rates_missing_ignored.push_back(MeasureHits(truth, by_video, k, true));
  }
  return figures;
}

}  // namespace reel3d

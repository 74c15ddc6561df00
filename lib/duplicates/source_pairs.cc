// SPDX-License-Identifier: Apache-2.0
#include "lib/duplicates/source_pairs.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <limits>
#include <numeric>
#include <optional>
#include <string_view>
#include <tuple>

namespace reel3d {
namespace {

constexpr size_t kIdLength = 11;
constexpr size_t kTimeLength = 6;
constexpr double kForever = std::numeric_limits<double>::infinity();

bool IsSourceId(std::string_view text) {
  return text.size() == kIdLength && std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '-' || c == '_';
         });
}

// Returns the seconds of "_ssssss".
std::optional<double> ParseTime(std::string_view text) {
  if (text.size() != kTimeLength + 1 || text[0] != '_' ||
      !std::all_of(text.begin() + 1, text.end(),
                   [](unsigned char c) { return std::isdigit(c) != 0; })) {
    return std::nullopt;
  }
  return std::stod(std::string(text.substr(1)));
}

std::optional<SourcePart> ParseName(std::string_view name) {
  name = name.substr(0, name.find('#'));  // the rows of an untrimmed video are <video>#<n>
  constexpr std::string_view kActivityNet = "v_";
  if (name.substr(0, kActivityNet.size()) == kActivityNet &&
      IsSourceId(name.substr(kActivityNet.size()))) {
    return SourcePart{"youtube:" + std::string(name.substr(kActivityNet.size())), 0, kForever};
  }
  if (name.size() != kIdLength + 2 * (kTimeLength + 1) || !IsSourceId(name.substr(0, kIdLength))) {
    return std::nullopt;
  }
  const auto begin_s = ParseTime(name.substr(kIdLength, kTimeLength + 1));
  const auto end_s = ParseTime(name.substr(kIdLength + kTimeLength + 1));
  if (!begin_s || !end_s || *end_s <= *begin_s) {
    return std::nullopt;
  }
  return SourcePart{"youtube:" + std::string(name.substr(0, kIdLength)), *begin_s, *end_s};
}

double ScoreOf(const SourcePart& a, const SourcePart& b) {
  const double both_s = std::min(a.end_s, b.end_s) - std::max(a.begin_s, b.begin_s);
  const double shorter_s = std::min(a.end_s - a.begin_s, b.end_s - b.begin_s);
  return shorter_s == kForever ? 1 : std::min(1.0, both_s / shorter_s);
}

}  // namespace

SourcePart SourceOf(const VideoRow& row, const std::string& file) {
  SourcePart part =
      ParseName(std::filesystem::path(file).stem().string())
          .value_or(ParseName(row.id).value_or(SourcePart{"file:" + file, 0, kForever}));
  const double file_begin_s = part.begin_s;
  part.begin_s = file_begin_s + row.begin_s.value_or(0);
  if (row.end_s) {
    part.end_s = std::min(part.end_s, file_begin_s + *row.end_s);
  }
  return part;
}

std::vector<SourcePair> FindSourcePairs(const std::vector<SourcePart>& videos,
                                        const std::function<bool(size_t, size_t)>& comparable) {
  std::vector<size_t> order(videos.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t x, size_t y) {
    return std::tie(videos[x].source, videos[x].begin_s, x) <
           std::tie(videos[y].source, videos[y].begin_s, y);
  });
  std::vector<SourcePair> pairs;
  for (size_t first = 0; first < order.size(); ++first) {
    const SourcePart& early = videos[order[first]];
    for (size_t second = first + 1; second < order.size(); ++second) {
      const SourcePart& late = videos[order[second]];
      if (late.source != early.source || late.begin_s >= early.end_s) {
        break;
      }
      const size_t a = std::min(order[first], order[second]);
      const size_t b = std::max(order[first], order[second]);
      if (late.end_s > late.begin_s && comparable(a, b)) {
        pairs.push_back({a, b, videos[a].begin_s - videos[b].begin_s, ScoreOf(early, late)});
      }
    }
  }
  std::sort(pairs.begin(), pairs.end(), [](const SourcePair& x, const SourcePair& y) {
    return std::tie(x.a, x.b) < std::tie(y.a, y.b);
  });
  return pairs;
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/file_index.h"

#include <algorithm>
#include <numeric>

#include "lib/annotations/label_forms.h"
#include "lib/base/error.h"

namespace reel3d {
namespace {

template <class Names>
std::vector<uint32_t> OrderOf(const Names& names) {
  std::vector<uint32_t> order(names.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    const int order_of_names = names[a].compare(names[b]);
    return order_of_names != 0 ? order_of_names < 0 : a < b;
  });
  return order;
}

// Returns the part of `order` whose names, cut after `length` bytes, equal `name`.
template <class Names>
FileIndex::Files Equal(const std::vector<uint32_t>& order, const Names& names,
                       std::string_view name, size_t length) {
  const auto cut = [&](uint32_t i) { return std::string_view(names[i]).substr(0, length); };
  const auto begin = std::lower_bound(order.begin(), order.end(), name,
                                      [&](uint32_t i, std::string_view n) { return cut(i) < n; });
  const auto end = std::upper_bound(begin, order.end(), name,
                                    [&](std::string_view n, uint32_t i) { return n < cut(i); });
  return {order.data() + (begin - order.begin()), order.data() + (end - order.begin())};
}

}  // namespace

std::string_view FileName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

std::string_view Stem(std::string_view path) {
  const std::string_view name = FileName(path);
  const size_t dot = name.rfind('.');
  return dot == 0 ? name : name.substr(0, dot);
}

FileIndex::FileIndex(const VideoTree& tree) : tree_(tree) {
  if (tree.videos.size() >= UINT32_MAX) {
    throw InputError("there are more videos than this tool can list");
  }
  stems_.reserve(tree.videos.size());
  for (const FoundVideo& video : tree.videos) {
    stems_.push_back(Stem(video.below));
  }
  by_stem_ = OrderOf(stems_);
}

FileIndex::Files FileIndex::WithStem(std::string_view stem) const {
  return Equal(by_stem_, stems_, stem, std::string_view::npos);
}

FileIndex::Files FileIndex::WithPrefix(std::string_view prefix) const {
  return Equal(by_stem_, stems_, prefix, prefix.size());
}

FileIndex::Files FileIndex::WithAnyCase(std::string_view stem) {
  if (by_small_stem_.size() != tree_.videos.size()) {
    MakeAnyCase();
  }
  return Equal(by_small_stem_, small_stems_, InSmallLetters(stem), std::string_view::npos);
}

void FileIndex::MakeAnyCase() {
  small_stems_.reserve(stems_.size());
  for (const std::string_view stem : stems_) {
    small_stems_.push_back(InSmallLetters(stem));
  }
  by_small_stem_ = OrderOf(small_stems_);
}

}  // namespace reel3d

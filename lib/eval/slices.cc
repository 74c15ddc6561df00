// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/slices.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>

#include "lib/base/error.h"
#include "lib/eval/paired_test.h"

namespace reel3d {
namespace {

constexpr size_t kMostNumbers = 8;
constexpr size_t kMostTexts = 50;
constexpr const char* kNone = "(none)";
constexpr const char* kOther = "(other)";

// Returns none for a text; the number may be infinite or NaN. It is infinite if it is too large.
std::optional<double> ParsedNumber(const std::string& text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, fault] = std::from_chars(text.data(), end, number);
  if (fault == std::errc::invalid_argument || stop != end) {
    return std::nullopt;
  }
  if (fault == std::errc::result_out_of_range) {
    return std::strtod(text.c_str(), nullptr);  // tells too large from too small
  }
  return number;
}

// Returns none for a text, and for what is not finite.
std::optional<double> NumberOf(const std::string& text) {
  const std::optional<double> number = ParsedNumber(text);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

// Returns the numbers of a column, rising; none if a value is a text.
std::vector<double> NumbersOf(const std::vector<std::string>& values) {
  std::vector<double> numbers;
  for (const std::string& value : values) {
    if (!value.empty()) {
      const std::optional<double> number = NumberOf(value);
      if (!number) {
        return {};
      }
      numbers.push_back(*number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

// The slice of each video, as an index of `names`.
struct Cut {
  std::vector<std::string> names;
  std::vector<size_t> slice_of_video;
};

// Numbers the names as in `ordered`. Other names, such as that of videos without a value, come
// last.
Cut CutByNames(const std::vector<std::string>& ordered, const std::vector<std::string>& of_video) {
  Cut cut = {ordered, {}};
  std::map<std::string, size_t> place;
  for (size_t index = 0; index < ordered.size(); ++index) {
    place[ordered[index]] = index;
  }
  for (const std::string& name : of_video) {
    const auto [found, is_new] = place.try_emplace(name, cut.names.size());
    if (is_new) {
      cut.names.push_back(name);
    }
    cut.slice_of_video.push_back(found->second);
  }
  return cut;
}

// Returns the upper ends of the parts: each different number, or the quartiles if there are many.
std::vector<double> UpperEnds(const std::vector<double>& numbers) {
  std::set<double> ends(numbers.begin(), numbers.end());
  if (ends.size() > kMostNumbers) {
    ends = {Quantile(numbers, 0.25), Quantile(numbers, 0.5), Quantile(numbers, 0.75),
            numbers.back()};
  }
  return {ends.begin(), ends.end()};
}

// Returns how many digits a number has in front of its point.
int WholeDigits(double number) {
  const double size = std::abs(number);
  return size < 1 ? 1 : static_cast<int>(std::log10(size)) + 1;
}

// Writes numbers with seven digits, or as many more as different ones need to read differently. A
// large number has all the digits in front of its point, because a date such as 20240131 is one.
std::vector<std::string> ShownNumbers(const std::vector<double>& numbers) {
  constexpr int kLeastDigits = 7, kMostDigits = 17;
  std::vector<std::string> shown;
  for (int digits = kLeastDigits; digits <= kMostDigits; ++digits) {
    shown.clear();
    for (const double number : numbers) {
      const int whole_digits = std::min(WholeDigits(number), kMostDigits);
      shown.push_back(fmt::format("{:.{}g}", number, std::max(digits, whole_digits)));
    }
    if (std::set<std::string>(shown.begin(), shown.end()).size() ==
        std::set<double>(numbers.begin(), numbers.end()).size()) {
      break;
    }
  }
  return shown;
}

Cut CutNumbers(const std::vector<std::string>& values, const std::vector<double>& numbers) {
  const std::vector<double> ends = UpperEnds(numbers);
  const bool is_range = std::set<double>(numbers.begin(), numbers.end()).size() > kMostNumbers;
  std::vector<double> bounds = {numbers.front()};
  bounds.insert(bounds.end(), ends.begin(), ends.end());
  const std::vector<std::string> shown = ShownNumbers(bounds);
  std::vector<std::string> names;
  for (size_t part = 0; part < ends.size(); ++part) {
    names.push_back(!is_range   ? fmt::format("{}", ends[part])
                    : part == 0 ? fmt::format("{} to {}", shown[part], shown[part + 1])
                                : fmt::format("above {} to {}", shown[part], shown[part + 1]));
  }
  std::vector<std::string> of_video;
  for (const std::string& value : values) {
    const std::optional<double> number = NumberOf(value);
    of_video.push_back(
        number ? names[static_cast<size_t>(std::lower_bound(ends.begin(), ends.end(), *number) -
                                           ends.begin())]
               : kNone);
  }
  return CutByNames(names, of_video);
}

// Returns the texts that are slices of their own: the most frequent ones, by name.
std::vector<std::string> FrequentTexts(const std::map<std::string, int64_t>& counts) {
  std::vector<std::pair<int64_t, std::string>> falling;
  for (const auto& [text, count] : counts) {
    falling.emplace_back(-count, text);
  }
  std::sort(falling.begin(), falling.end());
  falling.resize(std::min(falling.size(), kMostTexts));
  std::vector<std::string> texts;
  for (const auto& [count, text] : falling) {
    texts.push_back(text);
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

std::optional<Cut> CutTexts(const std::vector<std::string>& values) {
  std::map<std::string, int64_t> counts;
  for (const std::string& value : values) {
    if (!value.empty()) {
      ++counts[value];
    }
  }
  if (counts.size() > kMostTexts && 2 * counts.size() > values.size()) {
    return std::nullopt;
  }
  const std::vector<std::string> names = FrequentTexts(counts);
  std::vector<std::string> of_video;
  for (const std::string& value : values) {
    const bool is_own = std::binary_search(names.begin(), names.end(), value);
    of_video.push_back(value.empty() ? kNone : is_own ? value : kOther);
  }
  return CutByNames(names, of_video);
}

// Returns the two-sided p-value of `count` right ones of `total`, if each were right with
// probability `share`.
double ExactPValue(int64_t count, int64_t total, double share) {
  const boost::math::binomial expected(static_cast<double>(total), share);
  const auto right = static_cast<double>(count);
  const double lower = boost::math::cdf(expected, right);
  const double upper =
      count == 0 ? 1 : boost::math::cdf(boost::math::complement(expected, right - 1));
  return std::min(1.0, 2 * std::min(lower, upper));
}

void AddSlices(const std::vector<bool>& is_right, const std::string& column, const Cut& cut,
               double share, std::vector<Slice>* slices) {
  std::vector<Slice> of_column(cut.names.size());
  for (size_t index = 0; index < of_column.size(); ++index) {
    of_column[index].column = column;
    of_column[index].value = cut.names[index];
  }
  for (size_t video = 0; video < is_right.size(); ++video) {
    Slice& slice = of_column[cut.slice_of_video[video]];
    ++slice.num_videos;
    slice.num_right += is_right[video] ? 1 : 0;
  }
  of_column.erase(std::remove_if(of_column.begin(), of_column.end(),
                                 [](const Slice& slice) { return slice.num_videos == 0; }),
                  of_column.end());
  if (of_column.size() < 2) {
    return;
  }
  for (Slice& slice : of_column) {
    slice.top1_interval = WilsonInterval(slice.num_right, slice.num_videos);
    slice.p_value = ExactPValue(slice.num_right, slice.num_videos, share);
    slices->push_back(slice);
  }
}

}  // namespace

ValueKind KindOf(const std::string& value) {
  if (value.empty()) {
    return ValueKind::kUnknown;
  }
  const std::optional<double> number = ParsedNumber(value);
  return !number                  ? ValueKind::kText
         : std::isfinite(*number) ? ValueKind::kNumber
                                  : ValueKind::kNotFinite;
}

double Slice::Top1() const {
  return static_cast<double>(num_right) / static_cast<double>(std::max<int64_t>(1, num_videos));
}

bool NamesEachVideo(const SliceColumn& column) {
  const std::set<std::string> texts(column.values.begin(), column.values.end());
  return texts.size() > 1 && texts.size() == column.values.size() &&
         NumbersOf(column.values).empty();
}

std::vector<Slice> MeasureSlices(const std::vector<bool>& is_right,
                                 const std::vector<SliceColumn>& columns) {
  std::vector<Slice> slices;
  if (is_right.empty()) {
    return slices;
  }
  const double share = static_cast<double>(std::count(is_right.begin(), is_right.end(), true)) /
                       static_cast<double>(is_right.size());
  for (const SliceColumn& column : columns) {
    REEL3D_CHECK(column.values.size() == is_right.size());
    const std::vector<double> numbers = NumbersOf(column.values);
    const std::optional<Cut> cut =
        numbers.empty() ? CutTexts(column.values) : CutNumbers(column.values, numbers);
    if (cut) {
      AddSlices(is_right, column.name, *cut, share, &slices);
    }
  }
  std::vector<double> p_values;
  for (const Slice& slice : slices) {
    p_values.push_back(slice.p_value);
  }
  const std::vector<double> adjusted = HolmAdjusted(p_values);
  for (size_t index = 0; index < slices.size(); ++index) {
    slices[index].adjusted_p_value = adjusted[index];
  }
  return slices;
}

}  // namespace reel3d

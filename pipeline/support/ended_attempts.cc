// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/ended_attempts.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "lib/base/process_mark.h"

namespace reel3d {

std::string DescribeEnd(const LeaseState& ended) {
  std::string text = NameProcess(ended.holder);
  text += ended.at.empty() ? "" : ", at work on " + ended.at;
  return text + (ended.fault.empty() ? ", was killed or lost" : ": " + ended.fault);
}

std::vector<LeaseState> InVain(const std::vector<LeaseState>& ended) {
  std::vector<LeaseState> in_vain;
  for (const LeaseState& attempt : ended) {
    if (attempt.num_finished == 0) {
      in_vain.push_back(attempt);
    }
  }
  return in_vain;
}

int NumAtFault(const std::vector<LeaseState>& in_vain) {
  constexpr std::string_view kBetween = ", ";
  std::map<std::string, int> num_at_item;
  int num_others = 0, num_at_one = 0;
  for (const LeaseState& attempt : in_vain) {
    if (!attempt.fault.empty() || attempt.at.empty()) {
      ++num_others;
      continue;
    }
    const std::string items = attempt.at + std::string(kBetween);
    for (size_t begin = 0; begin < items.size();) {
      const size_t end = items.find(kBetween, begin);
      num_at_one = std::max(num_at_one, ++num_at_item[items.substr(begin, end - begin)]);
      begin = end + kBetween.size();
    }
  }
  return num_others + num_at_one;
}

std::string DescribeTelling(const std::vector<LeaseState>& ended) {
  const auto tells = [](const LeaseState& attempt) {
    return (attempt.at.empty() ? 0 : 2) + (attempt.fault.empty() ? 0 : 1);
  };
  return DescribeEnd(*std::max_element(
      ended.begin(), ended.end(),
      [&](const LeaseState& a, const LeaseState& b) { return tells(a) < tells(b); }));
}

}  // namespace reel3d

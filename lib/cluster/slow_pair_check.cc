// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "lib/base/plural.h"
#include "lib/cluster/checks.h"
#include "lib/cluster/rank_groups.h"

namespace reel3d::slow_pair_check {
namespace {

constexpr int64_t kExchanged_bytes = 4'000'000;
constexpr double kSlower = 4;            // a slow pair takes this many times the usual time
constexpr double kLeastExcess_s = 0.01;  // and this much more: the system may interrupt a rank

struct Pair {
  int low = 0, high = 0;
  bool on_one_host = false;
  double seconds = 0;
};

// In a round with stride s, rank r exchanges data with rank r xor s. Up to 8 ranks try all pairs;
// with more ranks, each tries only log2(n) others.
std::vector<int> Strides(int size) {
  constexpr int kMeetAll = 8;
  std::vector<int> strides;
  for (int stride = 1; stride < size || (size <= kMeetAll && stride < kMeetAll);
       stride = size <= kMeetAll ? stride + 1 : 2 * stride) {
    strides.push_back(stride);
  }
  return strides;
}

double Exchange(const ClusterProbe& probe, int partner) {
  constexpr int kTimes = 4;
  double least_s = 1e30;
  for (int time = 0; time < kTimes; ++time) {
    least_s = std::min(least_s, probe.exchange_s(partner, kExchanged_bytes));
  }
  return least_s;
}

std::vector<Pair> PairsOf(const Observations& ranks) {
  std::vector<Pair> pairs;
  for (size_t low = 0; low < ranks.size(); ++low) {
    for (const nlohmann::json& seen : ranks[low].at("pairs")) {
      const int high = seen.at("high");
      pairs.push_back({static_cast<int>(low), high,
                       ranks[low].at("host") == ranks[static_cast<size_t>(high)].at("host"),
                       seen.at("seconds")});
    }
  }
  return pairs;
}

// Returns the time of a good pair, among pairs on one host or among pairs on two hosts: a quarter
// of the pairs are faster.
double Usual(const std::vector<Pair>& pairs, bool on_one_host) {
  std::vector<double> seconds;
  for (const Pair& pair : pairs) {
    if (pair.on_one_host == on_one_host) {
      seconds.push_back(pair.seconds);
    }
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds.empty() ? 0 : seconds[(seconds.size() - 1) / 4];
}

std::vector<Pair> SlowPairs(const std::vector<Pair>& pairs) {
  const double usual_s[] = {Usual(pairs, false), Usual(pairs, true)};
  std::vector<Pair> slow;
  for (const Pair& pair : pairs) {
    const double usual = usual_s[pair.on_one_host ? 1 : 0];
    if (pair.seconds > kSlower * usual && pair.seconds > usual + kLeastExcess_s) {
      slow.push_back(pair);
    }
  }
  return slow;
}

// Returns what all ranks have measured so far.
Observations GatherPairs(const ClusterProbe& probe, nlohmann::json own) {
  own["host"] = probe.host;
  Observations ranks;
  for (const std::string& text : probe.gather(own.dump())) {
    ranks.push_back(nlohmann::json::parse(text));
  }
  return ranks;
}

void MeasurePair(const ClusterProbe& probe, const Pair& pair, nlohmann::json* own) {
  if (probe.rank != pair.low && probe.rank != pair.high) {
    return;
  }
  const double seconds = Exchange(probe, probe.rank == pair.low ? pair.high : pair.low);
  for (nlohmann::json& seen : (*own)["pairs"]) {
    if (probe.rank == pair.low && seen.at("high") == pair.high) {
      seen["seconds"] = std::min(seconds, pair.seconds);
    }
  }
}

// Measures slow pairs again, after pauses and one by one while all other ranks wait. A slow link
// stays slow; a core that was busy with other work does not.
void MeasureAgain(const ClusterProbe& probe, nlohmann::json* own) {
  constexpr size_t kMost = 16;
  constexpr int kRounds = 5;
  constexpr std::chrono::milliseconds kPause(300);
  for (int round = 0; round < kRounds; ++round) {
    std::vector<Pair> slow = SlowPairs(PairsOf(GatherPairs(probe, *own)));
    if (slow.empty()) {
      return;
    }
    std::this_thread::sleep_for(kPause);
    slow.resize(std::min(kMost, slow.size()));
    for (const Pair& pair : slow) {
      probe.barrier();
      MeasurePair(probe, pair, own);
    }
    probe.barrier();
  }
}

nlohmann::json Observe(const ClusterProbe& probe, const ClusterNeeds& /*needs*/) {
  nlohmann::json own = {{"pairs", nlohmann::json::array()}};
  for (const int stride : Strides(probe.size)) {
    const int partner = probe.rank ^ stride;
    probe.barrier();
    if (partner >= probe.size) {
      continue;
    }
    const double seconds = Exchange(probe, partner);
    if (probe.rank < partner) {
      own["pairs"].push_back({{"high", partner}, {"seconds", seconds}});
    }
  }
  MeasureAgain(probe, &own);
  return own;
}

// Returns the rank that is in most of the slow pairs, or the higher one of the first pair if all
// are in equally many.
int Suspect(const std::vector<Pair>& slow) {
  std::map<int, int> times;
  for (const Pair& pair : slow) {
    ++times[pair.low];
    ++times[pair.high];
  }
  int suspect = slow.front().high;
  for (const auto& [rank, count] : times) {
    if (count > times[suspect]) {
      suspect = rank;
    }
  }
  return suspect;
}

Finding Judge(const Observations& ranks, const ClusterNeeds& /*needs*/) {
  const std::vector<Pair> pairs = PairsOf(ranks);
  if (pairs.empty()) {
    return {Verdict::kOk, "one rank has no partner", "", {}, {}};
  }
  Finding finding;
  // The time of the slowest pair depends on other work of the hosts, that of a good pair on the
  // network.
  const bool on_one_host =
      std::all_of(pairs.begin(), pairs.end(), [](const Pair& pair) { return pair.on_one_host; });
  const double rate = 2 * static_cast<double>(kExchanged_bytes) / 1e9 / Usual(pairs, on_one_host);
  finding.figures["good_pair_gb_per_s"] = rate;
  finding.text = fmt::format("{}, good ones have {:.2f} GB/s, and none is far slower",
                             Count(static_cast<int64_t>(pairs.size()), "pair"), rate);
  const std::vector<Pair> slow = SlowPairs(pairs);
  if (slow.empty()) {
    return finding;
  }
  const Pair& first = slow.front();
  finding.verdict = Verdict::kWarn;
  finding.text = fmt::format(
      "{} and {} took {:.0f} ms for {:.0f} MB, good pairs {:.1f} ms ({} of {} slow)",
      NameRank(ranks, first.low), NameRank(ranks, first.high), 1000 * first.seconds,
      2 * static_cast<double>(kExchanged_bytes) / 1e6, 1000 * Usual(pairs, first.on_one_host),
      slow.size(), Count(static_cast<int64_t>(pairs.size()), "pair"));
  finding.remedy =
      fmt::format("submit with {}, and tell the site", ExcludeOption(ranks, {Suspect(slow)}));
  return finding;
}

}  // namespace
}  // namespace reel3d::slow_pair_check

namespace reel3d {

ClusterCheck SlowPairCheck() {
  return {"slow-pair", slow_pair_check::Observe, slow_pair_check::Judge};
}

}  // namespace reel3d

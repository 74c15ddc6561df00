// SPDX-License-Identifier: Apache-2.0
#include "lib/train/log/epoch_times.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "lib/base/error.h"
#include "lib/base/plural.h"

namespace reel3d {
namespace {

double Share(const RankTimes& times, Phase phase) {
  return In(times.phases, phase) / std::max(1e-9, Total(times.phases));
}

// Returns the time that a rank spends on its own work, without the time in which it waits for
// others.
double OwnTime(const RankTimes& times) {
  return Total(times.phases) - In(times.phases, Phase::kOtherRanks);
}

size_t Slowest(const std::vector<RankTimes>& ranks) {
  const auto slower = [](const RankTimes& a, const RankTimes& b) {
    return OwnTime(a) < OwnTime(b);
  };
  return static_cast<size_t>(std::max_element(ranks.begin(), ranks.end(), slower) - ranks.begin());
}

double MostOf(const std::vector<RankTimes>& ranks, Phase phase) {
  double most = 0;
  for (const RankTimes& times : ranks) {
    most = std::max(most, Share(times, phase));
  }
  return most;
}

// Estimates how many loader threads make waiting unnecessary. The loader's speed is proportional to
// its threads, and the rest of a step takes 1 - `share` of the time.
std::string HowToHide(double share, int loader_threads, int cores) {
  const int wanted = std::max(
      loader_threads + 1, static_cast<int>(std::ceil(loader_threads / std::max(0.01, 1 - share))));
  std::string text = fmt::format("{} loader threads a rank would hide it", wanted);
  if (wanted > cores) {
    text += fmt::format(", but a rank has {} of the cores", cores);
  }
  return text;
}

// The frames that the ranks of a host read during the steps of an epoch.
struct HostReading {
  double read_bytes = 0, copied_bytes = 0;
  double seconds = 0;    // the steps' time on the rank where they took longest
  double waiting_s = 0;  // for data, on the rank that waited longest

  void Add(const RankTimes& times) {
    read_bytes += times.read_bytes;
    copied_bytes += times.copied_bytes;
    seconds = std::max(seconds, Total(times.phases));
    waiting_s = std::max(waiting_s, In(times.phases, Phase::kData));
  }
  double BytesPerSecond() const { return read_bytes / std::max(1e-9, seconds); }
  double NeededBytesPerSecond() const { return read_bytes / std::max(1e-9, seconds - waiting_s); }
  bool NeedsMoreThan(const HostReading& other) const {
    return NeededBytesPerSecond() > other.NeededBytesPerSecond();
  }
  std::string Text() const {
    const std::string copies = copied_bytes > 0 ? fmt::format(" ({:.0f} % from its copies)",
                                                              100 * copied_bytes / read_bytes)
                                                : "";
    return fmt::format("a node read {}/s{}, and would read {}/s without waiting for data",
                       FormatBytes(BytesPerSecond()), copies, FormatBytes(NeededBytesPerSecond()));
  }
};

}  // namespace

nlohmann::ordered_json ToJson(const RankTimes& times) {
  nlohmann::ordered_json phases;
  for (size_t i = 0; i < kNumPhases; ++i) {
    phases[PhaseName(static_cast<Phase>(i))] = times.phases[i];
  }
  return {{"host", times.host},
          {"phases_s", phases},
          {"read_s", times.read_s},
          {"decode_s", times.decode_s},
          {"read_bytes", times.read_bytes},
          {"copied_bytes", times.copied_bytes}};
}

RankTimes RankTimesFrom(const nlohmann::ordered_json& json) {
  RankTimes times{json.at("host"), {}, json.at("read_s"), json.at("decode_s")};
  times.read_bytes = json.value("read_bytes", 0.0);  // older versions did not count bytes
  times.copied_bytes = json.value("copied_bytes", 0.0);
  for (size_t i = 0; i < kNumPhases; ++i) {
    times.phases[i] = json.at("phases_s").at(PhaseName(static_cast<Phase>(i)));
  }
  return times;
}

std::string DescribeTimes(const std::vector<RankTimes>& ranks) {
  REEL3D_CHECK(!ranks.empty());
  std::string text;
  for (size_t i = 0; i < kNumPhases; ++i) {
    double share = 0;
    for (const RankTimes& times : ranks) {
      share += Share(times, static_cast<Phase>(i)) / static_cast<double>(ranks.size());
    }
    if (share > 0.005) {
      text += fmt::format("{}{} {:.0f} %", text.empty() ? "" : ", ",
                          PhaseName(static_cast<Phase>(i)), 100 * share);
    }
  }
  if (ranks.size() > 1) {
    const size_t slowest = Slowest(ranks);
    text += fmt::format("; slowest: rank {} on {}", slowest, ranks[slowest].host);
  }
  return text;
}

std::string DescribeReading(const std::vector<RankTimes>& ranks) {
  std::map<std::string, HostReading> hosts;
  for (const RankTimes& times : ranks) {
    hosts[times.host].Add(times);
  }
  HostReading most;
  for (const auto& [name, host] : hosts) {
    most = host.NeedsMoreThan(most) ? host : most;
  }
  return most.read_bytes > 0 ? most.Text() : "";
}

Verdict Judge(const std::vector<RankTimes>& ranks, int loader_threads, int cores,
              bool copies_shards) {
  constexpr double kNegligible = 0.05;
  const double data = MostOf(ranks, Phase::kData);
  const double others = MostOf(ranks, Phase::kOtherRanks);
  const size_t slowest = Slowest(ranks);
  if (data > kNegligible && data >= others) {
    const bool reads = ranks[slowest].read_s > ranks[slowest].decode_s;
    return {
        Limit::kData,
        fmt::format("waiting for data {:.0f} % of the time: {}", 100 * data,
                    reads ? "read" : "decode"),
        HowToHide(data, loader_threads, cores) +
            (reads && !copies_shards ? "; if SHARDS_DIR is shared, --stage-to copies it to the node"
                                     : "")};
  }
  if (others <= kNegligible) {
    return {Limit::kComputing, "computing, and waiting for nothing", ""};
  }
  // If communication takes the time, even the slowest rank waits.
  const double of_slowest = Share(ranks[slowest], Phase::kOtherRanks);
  if (of_slowest > others / 2) {
    return {Limit::kGradients,
            fmt::format("averaging gradients over the ranks takes {:.0f} % of the time",
                        100 * of_slowest),
            ""};
  }
  return {Limit::kSlowestRank,
          fmt::format("others wait up to {:.0f} % of the time for the slowest", 100 * others), ""};
}

bool VerdictNews::IsNews(Limit limit, bool is_last_epoch) {
  constexpr int kHeld = 5;
  times_in_a_row_ = last_ == limit ? times_in_a_row_ + 1 : 1;
  last_ = limit;
  const bool is_new = told_ != limit && (!told_ || times_in_a_row_ >= kHeld);
  if (is_new || is_last_epoch) {
    told_ = limit;
    return true;
  }
  return false;
}

}  // namespace reel3d

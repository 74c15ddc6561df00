// SPDX-License-Identifier: Apache-2.0
#include "lib/train/watch/heartbeat.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <future>
#include <nlohmann/json.hpp>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// All beats have the same size, so that a new beat overwrites the previous one completely.
constexpr size_t kBytes = 1024;
constexpr size_t kMostWork = 400;

fs::path FileOf(const fs::path& folder, int rank) { return folder / fmt::format("rank-{}", rank); }

Beat ReadBeat(const fs::path& file) {
  Beat beat;
  try {
    const auto json = nlohmann::json::parse(ReadFile(file, kBytes));
    json.at("count").get_to(beat.count);
    json.at("host").get_to(beat.host);
    json.at("step").get_to(beat.step);
    json.at("phase").get_to(beat.phase);
    json.at("waiting").get_to(beat.waiting);
    json.at("may_wait").get_to(beat.may_wait);
    json.at("since_s").get_to(beat.since_s);
    json.at("for_s").get_to(beat.for_s);
    json.at("work").get_to(beat.work);
  } catch (const std::exception&) {
    // The beat is absent, or was read while it was being written: this reading has no beat.
    beat.count = -1;
  }
  return beat;
}

// Returns true if `a` is more likely to block the run than `b`; neither waits for other ranks. The
// function compares start times, not durations: a duration is as old as its beat, and beats have
// different ages.
bool IsBusier(const Beat& a, const Beat& b) {
  return std::tie(a.may_wait, a.since_s) < std::tie(b.may_wait, b.since_s);
}

}  // namespace

void WriteBeat(const fs::path& folder, int rank, const Beat& beat) {
  const nlohmann::ordered_json json{{"count", beat.count},
                                    {"host", beat.host},
                                    {"step", beat.step},
                                    {"phase", beat.phase},
                                    {"waiting", beat.waiting},
                                    {"may_wait", beat.may_wait},
                                    {"since_s", beat.since_s},
                                    {"for_s", beat.for_s},
                                    {"work", beat.work.substr(0, kMostWork)}};
  std::string text =
      json.dump(-1, ' ', /*ensure_ascii=*/false, nlohmann::ordered_json::error_handler_t::replace);
  text.resize(kBytes - 1, ' ');
  text += '\n';
  const int descriptor = open(FileOf(folder, rank).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor >= 0) {
    [[maybe_unused]] const ssize_t ignored = pwrite(descriptor, text.data(), text.size(), 0);
    close(descriptor);
  }
}

std::optional<int> RankOfBeats(const std::string& file_name) {
  constexpr std::string_view kBeginning = "rank-";
  if (file_name.compare(0, kBeginning.size(), kBeginning) != 0) {
    return std::nullopt;
  }
  int rank = -1;
  const char* end = file_name.data() + file_name.size();
  const auto read = std::from_chars(file_name.data() + kBeginning.size(), end, rank);
  return read.ec == std::errc() && read.ptr == end && rank >= 0 ? std::optional(rank)
                                                                : std::nullopt;
}

std::vector<Beat> ReadBeats(const fs::path& folder, int num_ranks, double most_s) {
  std::packaged_task<std::vector<Beat>()> read([folder, num_ranks] {
    std::vector<Beat> beats;
    for (int rank = 0; rank < num_ranks; ++rank) {
      beats.push_back(ReadBeat(FileOf(folder, rank)));
    }
    return beats;
  });
  std::future<std::vector<Beat>> beats = read.get_future();
  std::thread(std::move(read)).detach();  // nothing can end the thread if the file system hangs
  const bool in_time =
      beats.wait_for(std::chrono::duration<double>(most_s)) == std::future_status::ready;
  return in_time ? beats.get() : std::vector<Beat>();
}

std::string Describe(const Beat& beat) {
  return fmt::format("{} for {:.0f} s at step {}{}{}", beat.phase, beat.for_s, beat.step,
                     beat.work.empty() ? "" : ", ", beat.work);
}

Blame FindBlame(const std::vector<Beat>& before, const std::vector<Beat>& after, double timeout_s) {
  std::string silent;
  int busiest = -1;
  for (size_t rank = 0; rank < after.size(); ++rank) {
    const Beat& last = after[rank].count >= 0 ? after[rank] : before[rank];
    const std::string name = fmt::format("rank {} on {}", rank, last.host);
    if (after[rank].count < 0 || after[rank].count == before[rank].count) {
      silent += fmt::format(
          "{}{} gives no sign of life (stopped, or its machine is gone, or it cannot "
          "reach the run's folder); last: {}",
          silent.empty() ? "" : "; ", name, Describe(last));
    } else if (!last.waiting &&
               (busiest < 0 || IsBusier(last, after[static_cast<size_t>(busiest)]))) {
      busiest = static_cast<int>(rank);
    }
  }
  if (!silent.empty()) {
    return {silent, std::nullopt};
  }
  if (busiest < 0) {
    return {"every rank waits for the others: the network between them, or MPI", std::nullopt};
  }
  const Beat& beat = after[static_cast<size_t>(busiest)];
  if (beat.for_s <= timeout_s) {
    return {};
  }
  return {fmt::format("rank {} on {} holds the others up: {}", busiest, beat.host, Describe(beat)),
          busiest};
}

}  // namespace reel3d

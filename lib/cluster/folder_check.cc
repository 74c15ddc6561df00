// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <exception>

#include "lib/base/error.h"
#include "lib/cluster/checks.h"
#include "lib/cluster/rank_groups.h"

namespace reel3d::folder_check {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kWritten_bytes = 8'000'000;
constexpr double kLeastFree_bytes = 1e9;
constexpr int64_t kLeastInodes = 10'000;

// Returns the shortest of several times, because other users of a disk delay single writes.
double WriteSeconds(const ClusterProbe& probe, const fs::path& file) {
  constexpr int kTimes = 4;
  double least_s = probe.write_s(file, kWritten_bytes);
  for (int time = 1; time < kTimes; ++time) {
    least_s = std::min(least_s, probe.write_s(file, kWritten_bytes));
  }
  return least_s;
}

int TryLock(const ClusterProbe& probe, const fs::path& file) {
  const int descriptor = open(file.c_str(), O_RDWR | O_CLOEXEC);
  if (descriptor < 0) {
    return errno;
  }
  const int failed = probe.try_lock(descriptor);
  close(descriptor);
  return failed;
}

// Writes, locks, renames and removes a file of this rank.
nlohmann::json Use(const ClusterProbe& probe, const fs::path& folder) {
  const fs::path file = folder / fmt::format(".check-cluster-{}-{}", probe.host, probe.rank);
  const fs::path renamed = file.string() + "-renamed";
  nlohmann::json seen;
  try {
    seen["seconds"] = WriteSeconds(probe, file);
    const int failed = TryLock(probe, file);
    seen["lock"] = failed == 0 ? "" : std::strerror(failed);
    fs::rename(file, renamed);
    struct statvfs room {};
    if (statvfs(folder.c_str(), &room) != 0) {
      throw ReadError(folder.string(), errno);
    }
    seen["free_bytes"] = static_cast<double>(room.f_bavail) * static_cast<double>(room.f_frsize);
    // File systems that create inodes as needed report 0 inodes.
    seen["inodes"] = room.f_files == 0 ? INT64_MAX : static_cast<int64_t>(room.f_favail);
  } catch (const std::exception& error) {
    seen = {{"error", error.what()}};
  }
  std::error_code ignored;
  fs::remove(file, ignored);
  fs::remove(renamed, ignored);
  return seen;
}

nlohmann::json Observe(const ClusterProbe& probe, const ClusterNeeds& needs) {
  if (needs.folder.empty()) {
    return nlohmann::json::object();
  }
  probe.barrier();
  return Use(probe, needs.folder);
}

// Returns the ranks whose disk is much slower than usual. A difference below 2 s may be chance.
std::vector<int> SlowDisks(const Observations& ranks, double usual_s) {
  std::vector<int> slow;
  for (size_t rank = 0; rank < ranks.size(); ++rank) {
    const double seconds = ranks[rank].at("seconds");
    if (ranks.size() > 2 && seconds > 4 * usual_s && seconds > usual_s + 2) {
      slow.push_back(static_cast<int>(rank));
    }
  }
  return slow;
}

Finding JudgeRoom(const Observations& ranks) {
  for (size_t rank = 0; rank < ranks.size(); ++rank) {
    const nlohmann::json& seen = ranks[rank];
    const std::string name = NameRank(ranks, static_cast<int>(rank));
    if (!seen.at("lock").get<std::string>().empty()) {
      return {Verdict::kWarn,
              fmt::format("{}: flock fails: {}", name, seen.at("lock").get<std::string>()),
              "mount the folder with locks (Lustre: -o flock); do not start two runs in one folder",
              {},
              {}};
    }
    if (seen.at("free_bytes") < kLeastFree_bytes || seen.at("inodes") < kLeastInodes) {
      return {
          Verdict::kWarn,
          fmt::format("{}: {:.2f} GB and {} inodes are free", name,
                      seen.at("free_bytes").get<double>() / 1e9, seen.at("inodes").get<int64_t>()),
          "make room there, or choose another folder",
          {},
          {}};
    }
  }
  return {};
}

Finding Judge(const Observations& ranks, const ClusterNeeds& needs) {
  if (needs.folder.empty()) {
    return {Verdict::kNotAsked, "--folder was not given", "", {}, {}};
  }
  Finding finding;
  if (FindErrors(ranks, &finding)) {
    return finding;
  }
  std::vector<double> seconds;
  for (const nlohmann::json& rank : ranks) {
    seconds.push_back(rank.at("seconds"));
  }
  std::sort(seconds.begin(), seconds.end());
  const double usual_s = seconds[seconds.size() / 2];
  const double slowest_mb_per_s = static_cast<double>(kWritten_bytes) / 1e6 / seconds.back();
  finding = JudgeRoom(ranks);
  finding.figures["folder_mb_per_s"] = slowest_mb_per_s;
  const std::vector<int> slow = SlowDisks(ranks, usual_s);
  if (!slow.empty()) {
    finding.verdict = Verdict::kWarn;
    finding.text =
        fmt::format("{} took {:.1f} s to write {} MB, most ranks {:.2f} s", NameRanks(ranks, slow),
                    seconds.back(), kWritten_bytes / 1'000'000, usual_s);
    finding.remedy = fmt::format("ask the site about the disk or mount of this host: {}",
                                 ExcludeOption(ranks, slow));
  }
  if (finding.verdict == Verdict::kOk) {
    finding.text = fmt::format(
        "each rank writes {:.0f} MB/s or more with fsync; rename, flock, "
        "{:.0f} GB free",
        slowest_mb_per_s, ranks.front().at("free_bytes").get<double>() / 1e9);
  }
  return finding;
}

}  // namespace
}  // namespace reel3d::folder_check

namespace reel3d {

ClusterCheck FolderCheck() { return {"folder", folder_check::Observe, folder_check::Judge}; }

}  // namespace reel3d

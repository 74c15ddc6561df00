// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/check_cluster.h"

#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "lib/base/error.h"
#include "lib/base/log.h"
#include "lib/base/plural.h"
#include "lib/base/timer.h"
#include "lib/dist/torch_errors.h"
#include "pipeline/stages/cluster_probe.h"

namespace reel3d {
namespace {

// Ends all ranks if the checks last too long: MPI does not notice a link that is cut.
class CheckTimer {
 public:
  CheckTimer(const World& world, double timeout_s)
      : thread_([this, &world, timeout_s] { Watch(world, timeout_s); }) {}
  ~CheckTimer() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      is_done_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }
  CheckTimer(const CheckTimer&) = delete;
  CheckTimer& operator=(const CheckTimer&) = delete;

  void Begin(const std::string& check) {
    const std::lock_guard<std::mutex> lock(mutex_);
    check_ = check;
  }

 private:
  void Watch(const World& world, double timeout_s) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (wake_.wait_for(lock, std::chrono::duration<double>(timeout_s), [&] { return is_done_; })) {
      return;
    }
    LogError(fmt::format(
        "rank {} on {}: the check \"{}\" has not ended after --timeout-s {:g}: a link between "
        "hosts or a file system hangs. Try fewer hosts to find it, or give it more time",
        world.rank(), world.host(), check_, timeout_s));
    world.Abort(kExitEnvironment);
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_done_ = false;
  std::string check_ = "start";
  std::thread thread_;
};

int NumHosts(const World& world) {
  const std::vector<std::string> hosts = world.Gather(world.host());
  return static_cast<int>(std::set<std::string>(hosts.begin(), hosts.end()).size());
}

void UseHistory(const std::string& file, int ranks, int hosts, std::vector<CheckedRow>* rows) {
  FigureRecord record = FiguresOf(*rows);
  record.ranks = ranks;
  record.hosts = hosts;
  CompareRows(ReadHistory(file), record, rows);
  // Slow runs are recorded, too, so that the file shows how much the rates vary.
  if (WorstOf(*rows) < Verdict::kFail) {
    AppendToHistory(file, record);
  }
}

}  // namespace

void CheckClusterOptions::Bind(OptionBinder& binder) {
  binder.Bind("ranks", &needs.ranks, {0, 1'000'000},
              "number of ranks that the job must have; 0: as many as the launcher started");
  binder.Bind(
      "threads", &needs.threads, {0, 1024},
      "loader threads of each rank, as --loader-threads of train-r3d; 0: one for each core");
  binder.Choice("device", &device, "device that ranks compute on, as in train-r3d");
  binder.Bind(
      "gradient-floats", &needs.gradient_floats, {1, 500'000'000},
      "size of the gradient that the ranks add up in one step, as a count of float32 numbers; "
      "the default is the size of r3d-18");
  binder.Bind(
      "folder", &needs.folder,
      "folder that all hosts share, to check writing, locks, and whether new files appear on all "
      "hosts; empty: no check");
  binder.Bind("shards", &needs.shards_dir,
              "folder made by pack-shards, to measure the loader; empty: no check");
  binder.Bind(
      "need", &needs.clips_per_s, {0, 1e9},
      "clips per second that each rank must load; 0: report the speed, but require nothing");
  binder.Bind(
      "history", &history,
      "file with the figures of earlier runs; this run is compared with them and adds its own. "
      "Empty: no history");
  binder.Bind("timeout-s", &timeout_s, {1, 86'400},
              "end all ranks after this many seconds, and name the check that hangs");
}

void CheckClusterOptions::Check() const {
  if (needs.clips_per_s > 0 && needs.shards_dir.empty()) {
    throw UsageError("--need: give --shards as well, the folder to load clips from");
  }
}

int CheckClusterReport::ExitStatus() const {
  return WorstOf(rows) == Verdict::kFail ? kExitEnvironment : kExitDone;
}

nlohmann::ordered_json CheckClusterReport::ToJson() const {
  return {{"ranks", ranks},
          {"seconds", seconds},
          {"verdict", WorstOf(rows) == Verdict::kFail   ? "FAIL"
                      : WorstOf(rows) == Verdict::kWarn ? "WARN"
                                                        : "OK"},
          {"checks", RowsToJson(rows)}};
}

std::string CheckClusterReport::ToText() const {
  return FormatRows(rows) + fmt::format("{} in {:.1f} s\n", Count(ranks, "rank"), seconds);
}

CheckClusterReport CheckCluster(const World& world, const CheckClusterOptions& options,
                                const std::function<void(ClusterProbe*)>& plant) {
  const Stopwatch clock;
  CheckTimer timer(world, options.timeout_s);
  ClusterProbe probe = MakeClusterProbe(world, options.needs, options.device);
  if (plant) {
    plant(&probe);
  }
  CheckClusterReport report;
  report.ranks = world.size();
  report.rows =
      RunChecks(probe, options.needs, [&timer](const std::string& check) { timer.Begin(check); });
  const int hosts = NumHosts(world);
  if (world.is_main() && !options.history.empty()) {
    UseHistory(options.history, report.ranks, hosts, &report.rows);
  }
  report.seconds = clock.Seconds();
  return report;
}

ToolResult RunCheckCluster(const CheckClusterOptions& options) {
  const World world;
  ToolResult result;
  world.Run([&] {
    WithTorchErrors([&] {
      const CheckClusterReport report = CheckCluster(world, options);
      result = world.is_main() ? ToolResult{report.ToJson(), report.ToText(), report.ExitStatus()}
                               : ToolResult{nullptr, "", report.ExitStatus()};
    });
  });
  return result;
}

}  // namespace reel3d

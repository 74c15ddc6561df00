// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/staging.h"

#include <fmt/format.h>

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/log.h"
#include "lib/base/plural.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// Logs how much is copied, and after how many epochs the node would have read as much.
void Announce(const std::vector<int>& numbers, const ShardSet& shards, const std::string& folder,
              double frames_in_epoch) {
  constexpr size_t kSample = 16;  // a large set has tens of thousands of shards
  double size_bytes = 0;
  const size_t num_looked = std::min(numbers.size(), kSample);
  for (size_t i = 0; i < num_looked; ++i) {
    std::error_code error;
    const uintmax_t file_bytes = fs::file_size(shards.FileOf(numbers[i]), error);
    size_bytes += error ? 0 : static_cast<double>(file_bytes);
  }
  size_bytes *=
      static_cast<double>(numbers.size()) / static_cast<double>(std::max<size_t>(1, num_looked));
  double num_frames = 0;
  shards.videos().Scan([&](size_t /*video*/, const IndexRecord& record) {
    num_frames += record.IsOf(Subset::kTesting) ? 0 : record.num_frames;
  });
  LogInfo(fmt::format(
      "--stage-to {}: copying {} ({}{}), as many frames as the clips of {:.3g} epochs have on "
      "this node",
      folder, Count(static_cast<int64_t>(numbers.size()), "shard"),
      num_looked < numbers.size() ? "about " : "", FormatBytes(size_bytes),
      num_frames / frames_in_epoch));
}

// Returns whether `path` is `folder` or lies in it.
bool LiesIn(const fs::path& path, const fs::path& folder) {
  std::error_code error;
  const auto canonical = [&error](const fs::path& of) {
    const fs::path found = fs::weakly_canonical(fs::absolute(of, error), error);
    return found.has_filename() ? found : found.parent_path();  // a slash at the end
  };
  const fs::path inner = canonical(path);
  const fs::path outer = canonical(folder);
  return !error &&
         std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

// Returns the device of the folder, or of the one in which it will be made.
std::optional<dev_t> DeviceOf(const fs::path& folder) {
  struct stat status {};
  std::error_code error;
  for (fs::path there = fs::absolute(folder, error); !error; there = there.parent_path()) {
    if (stat(there.c_str(), &status) == 0) {
      return status.st_dev;
    }
    if (there == there.parent_path()) {
      break;
    }
  }
  return std::nullopt;
}

}  // namespace

void CheckStage(const TrainOptions& options) {
  const std::string& folder = options.staging.folder;
  if (folder.empty()) {
    return;
  }
  for (const auto& [name, other] :
       {std::pair("SHARDS_DIR", options.shards_dir), std::pair("RUN_DIR", options.run_dir)}) {
    if (LiesIn(folder, other)) {
      throw UsageError(fmt::format(
          "--stage-to {}: is or lies in {} ({}): name a folder of its own, on a disk of the node",
          folder, name, other));
    }
  }
  if (DeviceOf(folder) == DeviceOf(options.shards_dir)) {
    LogWarn(
        fmt::format("--stage-to {}: is on the same disk as {}, so its copies make nothing faster",
                    folder, options.shards_dir));
  }
}

std::unique_ptr<ShardCopier> BeginStaging(const TrainOptions& options, const World& world,
                                          const ShardSet& shards, const EpochData& data,
                                          const Position& position) {
  if (options.staging.folder.empty() || position.epoch >= options.epochs) {
    return nullptr;
  }
  const std::vector<std::string> hosts = world.Gather(world.host());
  std::vector<int> here;
  for (int rank = 0; rank < world.size(); ++rank) {
    if (hosts[static_cast<size_t>(rank)] == world.host()) {
      here.push_back(rank);
    }
  }
  if (here.front() != world.rank()) {
    return nullptr;
  }
  const double share = static_cast<double>(here.size()) / world.size();
  const double frames_in_epoch =
      share * static_cast<double>(data.partition().num_samples) * options.clip.length;
  const auto order = [&shards, &data, here, epoch = position.epoch, step = position.step_in_epoch,
                      folder = options.staging.folder, frames_in_epoch,
                      tells = world.is_main()](const std::function<bool()>& stop) {
    std::vector<int> numbers = data.ShardsByNeed(epoch, step, here, stop);
    if (tells && !stop()) {
      Announce(numbers, shards, folder, frames_in_epoch);
    }
    return numbers;
  };
  return std::make_unique<ShardCopier>(shards, options.staging, order, world.is_main());
}

}  // namespace reel3d

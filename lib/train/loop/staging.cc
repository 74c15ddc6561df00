// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/staging.h"

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "lib/base/log.h"
#include "lib/base/plural.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// Logs how much is copied, and after how many epochs the node would have read as much.
void Announce(const std::vector<int>& numbers, const ShardSet& shards, const std::string& folder,
              double frames_in_epoch) {
  double size_bytes = 0;
  for (const int number : numbers) {
    std::error_code error;
    const uintmax_t file_bytes = fs::file_size(shards.FileOf(number), error);
    size_bytes += error ? 0 : static_cast<double>(file_bytes);
  }
  double num_frames = 0;
  shards.videos().Scan([&](size_t /*video*/, const IndexRecord& record) {
    num_frames += record.IsOf(Subset::kTesting) ? 0 : record.num_frames;
  });
  LogInfo(fmt::format(
      "--stage-to {}: copying {} ({}), as many frames as the clips of {:.3g} epochs have on "
      "this node",
      folder, Count(static_cast<int64_t>(numbers.size()), "shard"), FormatBytes(size_bytes),
      num_frames / frames_in_epoch));
}

}  // namespace

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
                      folder = options.staging.folder, frames_in_epoch, tells = world.is_main()] {
    std::vector<int> numbers = data.ShardsByNeed(epoch, step, here);
    if (tells) {
      Announce(numbers, shards, folder, frames_in_epoch);
    }
    return numbers;
  };
  return std::make_unique<ShardCopier>(shards, options.staging, order, world.is_main());
}

}  // namespace reel3d

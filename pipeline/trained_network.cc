// SPDX-License-Identifier: Apache-2.0
#include "pipeline/trained_network.h"

#include <fmt/format.h>
#include <torch/torch.h>

#include <nlohmann/json.hpp>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/cli/tool.h"
#include "lib/model/weights.h"
#include "lib/train/checkpoint_folder.h"

namespace reel3d {
namespace fs = std::filesystem;

TrainedNetwork LoadTrainedNetwork(const fs::path& checkpoint, at::Device device) {
  RequireFolder(checkpoint, "a checkpoint that train-r3d wrote");
  VerifyCheckpoint(checkpoint);
  const nlohmann::ordered_json state = ReadCheckpointState(checkpoint);
  const std::string source = (checkpoint / CheckpointFiles::kState).string();
  TrainedNetwork trained;
  try {
    ReadConfig([&](OptionBinder& binder) { trained.options.Bind(binder); },
               state.at("config").get<std::string>(), source);
    trained.options.Check();
    trained.classes = state.at("classes").get<std::vector<std::string>>();
  } catch (const nlohmann::json::exception& error) {
    throw InputError(fmt::format("{}: {}", source, error.what()));
  } catch (const Error& error) {
    throw InputError(error.what());  // settings of a file are not the user's usage
  }
  NetworkOptions network = trained.options.network;
  network.num_classes = static_cast<int>(trained.classes.size());
  trained.network = MakeNetwork(network);
  const fs::path weights = checkpoint / CheckpointFiles::kModel;
  LoadStateDict(*trained.network, LoadTensors(weights), weights.string());
  trained.network->to(device);
  trained.network->eval();
  trained.identity = fmt::format("{} {}", fs::canonical(checkpoint).filename().string(),
                                 ReadFile(checkpoint / CheckpointFiles::kDone, 4096).substr(0, 8));
  return trained;
}

}  // namespace reel3d

// Fuzzes the files of a checkpoint besides its tensors, state.json and DONE, as train-r3d and
// score-videos read them. The settings in state.json are read as those of a schedule.
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <fstream>

#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/cli/tool.h"
#include "lib/data/frame_facts.h"
#include "lib/train/checkpoint/checkpoint_folder.h"
#include "lib/train/checkpoint/position.h"
#include "lib/train/log/metrics_log.h"
#include "lib/train/loop/schedule.h"
#include "tests/fuzz/fuzz_target.h"

namespace reel3d::fuzz {
namespace {

using Json = nlohmann::ordered_json;

enum Form { kState, kDone, kNumForms };

constexpr int64_t kStep = 12;
constexpr int64_t kStepsInEpoch = 5;

Json StateOfRun() {
  Position position;
  position.step = kStep;
  position.epoch = 2;
  position.step_in_epoch = 2;
  position.best_top1 = 0.5;
  position.best_loss = 1.25;
  position.best_step = 10;
  position.last_epoch = {{"step", 10}, {"epoch", 2}, {"lr", 0.1}, {"train_loss", 1.5}};
  Json state = position.State();
  state.update({{"schedule", Schedule(ScheduleOptions(), 4).State()},
                {"epochs", 4},
                {"data", "00c0ffee"},
                {"classes", {"run", "jump"}},
                {"config", "schedule = multistep\nmilestones = 1,2\nlr = 0.5\n"},
                {"passport", PassportToJson(Passport())}});
  return state;
}

void Write(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// A folder in memory that holds one checkpoint.
class Checkpoints {
 public:
  Checkpoints() : path_(space_.path().string() + ".checkpoints") {
    MakeFolders(newest());
    Write(newest() / CheckpointFiles::kModel, "weights");
    Write(newest() / CheckpointFiles::kOptimizer, "momentum");
    FinishCheckpoint(newest(), kStep, StateOfRun());
    state_ = ReadFile(newest() / CheckpointFiles::kState);
    done_ = ReadFile(newest() / CheckpointFiles::kDone);
  }
  ~Checkpoints() { std::filesystem::remove_all(path_); }
  Checkpoints(const Checkpoints&) = delete;
  Checkpoints& operator=(const Checkpoints&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path newest() const { return path_ / CheckpointName(kStep); }
  const std::string& state() const { return state_; }
  const std::string& done() const { return done_; }

 private:
  ScratchFile space_;
  std::filesystem::path path_;
  std::string state_, done_;
};

// Restores a run from any state. What was accepted gives a position and a rate that make sense.
void ResumeFrom(const Json& state, const std::string& source) {
  Position position;
  position.Restore(state, kStepsInEpoch, source);
  REEL3D_CHECK(position.best_step <= position.step && position.epoch <= position.step);
  REEL3D_CHECK(position.RollBackStep(2, kStepsInEpoch) >= 0);
  Schedule schedule(ScheduleOptions(), 4);
  UseJson(source, [&] { schedule.Restore(state.at("schedule")); });
  const double rate = schedule.Rate(0);
  REEL3D_CHECK(std::isfinite(rate) && rate >= 0);
  const ScratchFile metrics;
  MetricsLog(metrics.path(), position.step, {position.last_epoch});
}

void ReadSettings(const Json& state, const std::string& source) {
  std::string config;
  UseJson(source, [&] { config = state.at("config").get<std::string>(); });
  ScheduleOptions options;
  try {
    ReadConfig([&](OptionBinder& binder) { options.Bind(binder); }, config, source,
               RecipeFiles::kRefused);
    options.Check();
  } catch (const Error& error) {
    throw InputError(error.what());  // as ReadStoredSettings() does
  }
}

void ReadState(const std::filesystem::path& checkpoint) {
  const std::string source = (checkpoint / CheckpointFiles::kState).string();
  const Json state = ReadCheckpointState(checkpoint);
  AllowInputErrors([&] { RequireSameData(state, 0xC0FFEE, "run", "shards"); });
  AllowInputErrors([&] { ResumeFrom(state, source); });
  AllowInputErrors([&] { ReadSettings(state, source); });
  AllowInputErrors([&] {
    const std::optional<Passport> passport = PassportOfTraining(checkpoint);
    FrameFactsOf(passport);
    DifferencesIn(passport);
  });
}

const Checkpoints& Folder() {
  static const Checkpoints checkpoints;
  return checkpoints;
}

}  // namespace

std::vector<std::string> Seeds() {
  return {FileAndNumbers::Join(Folder().state(), {kState}),
          FileAndNumbers::Join(Folder().done(), {kDone})};
}

}  // namespace reel3d::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reel3d;
  SetLogLevel("error");  // a checkpoint that is passed over is a warning
  fuzz::FileAndNumbers input(data, size);
  const fuzz::Checkpoints& folder = fuzz::Folder();
  const std::string_view bytes(reinterpret_cast<const char*>(input.file().data()),
                               input.file().size());
  if (input.Below(fuzz::kNumForms) == fuzz::kState) {
    fuzz::Write(folder.newest() / CheckpointFiles::kState, bytes);
    fuzz::AllowInputErrors([&] { fuzz::ReadState(folder.newest()); });
    fuzz::Write(folder.newest() / CheckpointFiles::kState, folder.state());
  } else {
    fuzz::Write(folder.newest() / CheckpointFiles::kDone, bytes);
    fuzz::AllowInputErrors([&] { FindLatestCheckpoint(folder.path()); });
    fuzz::Write(folder.newest() / CheckpointFiles::kDone, folder.done());
  }
  return 0;
}

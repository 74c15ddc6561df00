// Reads how far the stages of a run are from what they leave in the run's folder: files, their
// dates, DONE, reports and failures. It writes nothing and takes no lock.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/wall_clock.h"
#include "pipeline/stages/file_dates.h"
#include "pipeline/stages/run_files.h"
#include "pipeline/stages/stage_progress.h"
#include "pipeline/stages/train_progress.h"

namespace reel3d {

struct RunProgress {
  std::filesystem::path folder;
  bool is_there = true;                   // false: the folder was removed, or cannot be read
  double at_s = 0;                        // when this was read, seconds since 1970
  std::vector<StageProgress> stages;      // in the order of the pipeline
  std::optional<TrainProgress> training;  // if it has begun

  // Returns the stage that is at work or, if none is, the last one that has begun; null if none
  // has.
  const StageProgress* Current() const;
  // Returns the last sign of life, in seconds since 1970; 0: none.
  double ChangedAt() const;
};

// Returns true if a stage of the pipeline has left something in `folder`.
bool LooksLikeRun(const std::filesystem::path& folder);

// Reads one run again and again. One thread at a time may use it.
class RunReader {
 public:
  // `folder` is that of a run (run/demo), or one that train-r3d alone works in.
  explicit RunReader(std::filesystem::path folder, Clock clock = SecondsSince1970);

  // Never throws because of what is in the folder, or is missing there.
  RunProgress Look();

 private:
  // Says where a stage leaves its files.
  struct Place {
    const char* stage;
    const char* folder;     // below the run
    const char* beginning;  // of the names of its files
    const char* ending;
    const char* unit;
    const char* files = "";  // the folder of the files, below `folder`
  };

  StageProgress LookAtList();
  StageProgress LookAtStage(const Place& place);
  StageProgress LookAtTraining(RunProgress* run);
  StageProgress LookAtReport() const;
  void CountItems(const Place& place, const MadeFiles& made, StageProgress* stage);
  void FindTotal(const MadeFiles& made, const std::string& config, StageProgress* stage);
  void FindRate(const MadeFiles& made, double begun_s, StageProgress* stage);
  void LookAtJobs(double begun_s, StageProgress* stage) const;

  const std::filesystem::path folder_;
  const Clock clock_;
  std::filesystem::path train_folder_;
  bool is_training_alone_;  // the folder is that of train-r3d
  std::unique_ptr<TrainReader> training_;
  FolderLook files_;
  RowCounter rows_;
  std::map<std::string, RateMeter> rates_;  // by stage
  MadeFiles prepared_;
};

}  // namespace reel3d

// Prepares the videos of a slice of prep-videos, with one worker process per thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lib/base/file.h"
#include "lib/base/timer.h"
#include "lib/data/manifest.h"
#include "lib/data/prepared_folder.h"
#include "pipeline/stages/prep_report.h"
#include "pipeline/support/item_loop.h"
#include "pipeline/support/prep_worker.h"
#include "pipeline/support/stage_output.h"
#include "pipeline/support/work_notes.h"

namespace reel3d {

// Says how each video is prepared. Most fields are options of prep-videos.
struct PrepSettings {
  PrepareRequest request;  // without source and parts
  bool allow_truncated = false;
  int threads = 0;  // 0: as many as fit into the memory of the job
  PrepWorkerOptions worker;
  // False: prepared files are in a scratch folder. They are lost if the task ends, so they do not
  // count as finished in its notes. One that cannot be read back is an environment error: its
  // video may be sound.
  bool files_stay = true;
};

// Has what all slices of a task use, such as the source files of the manifest, which must outlive
// it.
class PrepTools {
 public:
  PrepTools(const Manifest& manifest, const std::filesystem::path& folder, PrepSettings settings);

  const Manifest& manifest() const { return manifest_; }
  const PrepSettings& settings() const { return settings_; }
  const PreparedFolder& prepared_folder() const { return prepared_folder_; }
  size_t num_workers() const { return num_workers_; }
  int64_t num_files() const { return static_cast<int64_t>(rows_of_file_.size()); }
  // Returns the rows of each source file of the slice. A file with several rows, such as a long
  // video with its segments, belongs to one slice, so that it is decoded once.
  std::vector<std::vector<size_t>> FilesOf(const TaskSlice& slice) const;

 private:
  const Manifest& manifest_;
  const PrepSettings settings_;
  const PreparedFolder prepared_folder_;
  std::vector<std::vector<size_t>> rows_of_file_;
  const size_t num_workers_;
};

// Prepares the videos of one slice.
class Preparation {
 public:
  // `tools`, `output` and `notes` must outlive it.
  Preparation(PrepTools* tools, const StageOutput& output, const TaskSlice& slice,
              WorkNotes* notes);

  // Runs once.
  PrepVideosReport Run(std::vector<FailedItem>* failed);

 private:
  // A row that is not prepared yet.
  struct Part {
    size_t row;
    std::string made_from;
    std::unique_ptr<PendingFile> file;
  };

  void TakeRows(const TaskSlice& slice);
  void Prepare(const GroupTurn& turn);
  void PrepareParts(const GroupTurn& turn, std::vector<Part>* parts);
  std::vector<Part> MissingParts(const GroupTurn& turn) const;
  PrepareRequest RequestFor(const std::vector<Part>& parts) const;
  ItemOutcome Publish(const PreparedPart& prepared, Part* part);
  void Warn(const std::string& id, const std::string& words);
  void CountFrames(int64_t num_new, Progress* progress);

  PrepTools& tools_;
  const StageOutput& output_;
  WorkNotes& notes_;
  std::vector<VideoRow> rows_;                             // of this slice
  std::vector<std::vector<size_t>> files_;                 // the rows of each source file
  std::vector<PrepWorker> workers_;                        // by thread
  std::atomic<int64_t> num_frames_{0}, num_truncated_{0};  // of videos that are done
  std::atomic<int64_t> num_encoded_{0};                    // of all videos, for the progress line
  std::mutex mutex_;                                       // guards warnings_
  std::map<std::string, std::string> warnings_;
  const Stopwatch clock_;
};

}  // namespace reel3d

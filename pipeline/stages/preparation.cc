// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/preparation.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "lib/base/log.h"
#include "lib/video/prepared_video.h"
#include "lib/video/video_decoder.h"
#include "pipeline/support/judged_video.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// Returns the mark of a prepared video: a checksum of path, begin and end of its row and of the
// settings, and the size of its source. The time of the source file is not part of the mark,
// because copying the file changes it.
std::string MadeFrom(const VideoRow& row, const fs::path& source, const std::string& settings) {
  const std::string text = fmt::format("{}\n{}\n{}\n{}", row.path, row.begin_s.value_or(-1),
                                       row.end_s.value_or(-1), settings);
  std::error_code absent;
  const uintmax_t size_bytes = fs::file_size(source, absent);
  return fmt::format("{:08x} {}", Crc32(text.data(), text.size()),
                     absent ? "" : std::to_string(size_bytes));
}

// Returns true if `prepared` has the mark `made_from`. If the source is gone, its size is not
// compared, so the prepared file remains valid.
bool IsPrepared(const fs::path& prepared, const std::string& made_from) {
  if (!fs::exists(prepared)) {
    return false;
  }
  try {
    const std::string found = PreparedVideoReader(prepared).info().made_from;
    return made_from.back() == ' ' ? found.compare(0, made_from.size(), made_from) == 0
                                   : found == made_from;
  } catch (const Error& error) {
    LogWarn(fmt::format("{}; making it again", error.what()));
    return false;
  }
}

}  // namespace

PrepTools::PrepTools(const Manifest& manifest, const fs::path& folder, PrepSettings settings)
    : manifest_(manifest),
      settings_(std::move(settings)),
      prepared_folder_(folder, manifest.videos.size()),
      num_workers_(static_cast<size_t>(ProcessCount(settings_.threads, kPrepWorker_bytes))) {
  std::unordered_map<std::string_view, size_t> file_of_path;
  for (size_t row = 0; row < manifest.videos.size(); ++row) {
    const auto [place, is_new] =
        file_of_path.emplace(manifest.videos[row].path, rows_of_file_.size());
    if (is_new) {
      rows_of_file_.emplace_back();
    }
    rows_of_file_[place->second].push_back(row);
  }
}

std::vector<std::vector<size_t>> PrepTools::FilesOf(const TaskSlice& slice) const {
  std::vector<std::vector<size_t>> files;
  for (auto file = static_cast<size_t>(slice.task); file < rows_of_file_.size();
       file += static_cast<size_t>(slice.tasks)) {
    files.push_back(rows_of_file_[file]);
  }
  return files;
}

Preparation::Preparation(PrepTools* tools, const StageOutput& output, const TaskSlice& slice,
                         WorkNotes* notes)
    : tools_(*tools), output_(output), notes_(*notes) {
  TakeRows(slice);
  for (size_t i = 0; i < tools->num_workers(); ++i) {
    workers_.emplace_back(tools->settings().worker);
  }
}

// Rows stay in the order of the manifest, as failed.tsv has them.
void Preparation::TakeRows(const TaskSlice& slice) {
  files_ = tools_.FilesOf(slice);
  std::vector<size_t> rows;
  for (const std::vector<size_t>& file : files_) {
    rows.insert(rows.end(), file.begin(), file.end());
  }
  std::sort(rows.begin(), rows.end());
  for (const size_t row : rows) {
    rows_.push_back(tools_.manifest().videos[row]);
  }
  for (std::vector<size_t>& file : files_) {
    for (size_t& row : file) {
      row = static_cast<size_t>(std::lower_bound(rows.begin(), rows.end(), row) - rows.begin());
    }
  }
}

PrepVideosReport Preparation::Run(std::vector<FailedItem>* failed) {
  std::vector<std::string> ids;
  for (const VideoRow& row : rows_) {
    ids.push_back(row.id);
  }
  const int threads = static_cast<int>(tools_.num_workers());
  const ItemLoopResult result = RunGroupLoop(ids, files_, {"prep", "videos", threads},
                                             [&](const GroupTurn& turn) { Prepare(turn); });
  *failed = result.failed;
  PrepVideosReport report;
  report.num_videos = static_cast<int64_t>(rows_.size());
  report.num_done = static_cast<int64_t>(result.done);
  report.num_skipped = static_cast<int64_t>(result.skipped);
  report.num_failed = static_cast<int64_t>(result.failed.size());
  report.num_truncated = num_truncated_;
  report.num_frames = num_frames_;
  report.num_workers = static_cast<int64_t>(std::min(tools_.num_workers(), files_.size()));
  report.warnings = warnings_;
  report.seconds = clock_.Seconds();
  return report;
}

void Preparation::Prepare(const GroupTurn& turn) {
  std::vector<Part> parts = MissingParts(turn);
  if (parts.empty()) {
    return;
  }
  const std::string id = rows_[parts.front().row].id;
  notes_.Begin(id);
  try {
    PrepareParts(turn, &parts);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInput) {  // others end the task, and may be this video's fault
      notes_.End(id);
    }
    throw;
  }
  notes_.End(id);
}

void Preparation::PrepareParts(const GroupTurn& turn, std::vector<Part>* parts) {
  int64_t num_told = 0;
  const auto tell = [&](int64_t num_frames) {
    CountFrames(num_frames - std::exchange(num_told, num_frames), turn.progress);
  };
  std::string doubtful;
  workers_[turn.thread].PrepareParts(RequestFor(*parts), tell,
                                     [&](size_t i, const PreparedPart& prepared) {
                                       Part& part = (*parts)[i];
                                       if (parts->size() > 1 && !IsSureTogether(prepared)) {
                                         doubtful = rows_[part.row].id;
                                         return;
                                       }
                                       turn.end(part.row, [&] { return Publish(prepared, &part); });
                                     });
  // Damage before a row may be the cause. Alone, the row may be reached behind it.
  if (!doubtful.empty()) {
    throw InputError(doubtful + " is to be prepared alone");
  }
}

// Ends the rows that are prepared, and returns the others.
std::vector<Preparation::Part> Preparation::MissingParts(const GroupTurn& turn) const {
  std::vector<Part> parts;
  for (const size_t row : turn.items) {
    const fs::path target = tools_.prepared_folder().Target(rows_[row].id);
    std::string made_from =
        MadeFrom(rows_[row], tools_.manifest().VideoPath(rows_[row]), output_.settings());
    if (!output_.must_redo() && IsPrepared(target, made_from)) {
      turn.end(row, [] { return ItemOutcome::kSkipped; });
    } else {
      parts.push_back({row, std::move(made_from), std::make_unique<PendingFile>(target)});
    }
  }
  return parts;
}

PrepareRequest Preparation::RequestFor(const std::vector<Part>& parts) const {
  PrepareRequest request = tools_.settings().request;
  request.source = tools_.manifest().VideoPath(rows_[parts.front().row]).string();
  request.parts.clear();
  for (const Part& part : parts) {
    request.parts.push_back(
        {part.file->temporary_path().string(), PartOf(rows_[part.row]), part.made_from});
  }
  return request;
}

ItemOutcome Preparation::Publish(const PreparedPart& prepared, Part* part) {
  const std::unique_ptr<PendingFile> file = std::move(part->file);
  if (prepared.is_fault_of_target && !tools_.settings().files_stay) {
    throw EnvironmentError(prepared.fault);  // scratch folders are cleaned by others, too
  }
  if (!prepared.fault.empty()) {
    throw InputError(prepared.fault);
  }
  const std::string words = Judge(prepared.summary, tools_.settings().allow_truncated);
  output_.RequireOurs();
  file->Publish();
  num_frames_ += prepared.summary.num_frames;
  num_truncated_ += prepared.summary.truncated ? 1 : 0;
  if (tools_.settings().files_stay) {
    notes_.CountFinished();
  }
  if (!words.empty()) {
    Warn(rows_[part->row].id, words);
  }
  return ItemOutcome::kDone;
}

void Preparation::Warn(const std::string& id, const std::string& words) {
  LogWarn(fmt::format("{}: {}", id, words));
  const std::lock_guard<std::mutex> lock(mutex_);
  warnings_[id] = words;
}

void Preparation::CountFrames(int64_t num_new, Progress* progress) {
  num_encoded_ += num_new;
  progress->Note(
      fmt::format("{:.0f} frames/s", static_cast<double>(num_encoded_) / clock_.Seconds()));
}

}  // namespace reel3d

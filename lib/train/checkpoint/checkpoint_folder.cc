// SPDX-License-Identifier: Apache-2.0
#include "lib/train/checkpoint/checkpoint_folder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <set>
#include <sstream>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/log.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

constexpr const char* kPrefix = "step-";
constexpr const char* kFormat = "reel3d-checkpoint";
constexpr uint64_t kMaxBytes = uint64_t{64} << 30;

std::string ChecksumLine(const fs::path& file) {
  const std::string bytes = ReadFile(file, kMaxBytes);
  return fmt::format("{:08x}  {}  {}\n", Crc32(bytes.data(), bytes.size()), bytes.size(),
                     file.filename().string());
}

std::string Checksums(const fs::path& checkpoint) {
  std::string text;
  for (const char* name :
       {CheckpointFiles::kModel, CheckpointFiles::kOptimizer, CheckpointFiles::kState}) {
    text += ChecksumLine(checkpoint / name);
  }
  if (fs::exists(checkpoint / CheckpointFiles::kUnaveraged)) {
    text += ChecksumLine(checkpoint / CheckpointFiles::kUnaveraged);
  }
  return text;
}

int64_t StepOf(const fs::path& checkpoint) {
  return std::strtoll(checkpoint.filename().c_str() + std::strlen(kPrefix), nullptr, 10);
}

// Throws if `folder` is not a checkpoint, but the folder of a run or of its checkpoints.
void RequireNoRun(const fs::path& folder) {
  if (fs::exists(folder / CheckpointFiles::kState)) {
    return;
  }
  const bool is_run = fs::exists(folder / "metrics.jsonl") || fs::exists(folder / "checkpoints");
  const fs::path checkpoints = is_run ? folder / "checkpoints" : folder;
  std::vector<fs::path> candidates = ListCheckpoints(checkpoints);
  if (candidates.empty() && !is_run) {
    return;
  }
  candidates.insert(candidates.begin(), checkpoints / "latest");
  for (const fs::path& candidate : candidates) {
    if (fs::exists(candidate / CheckpointFiles::kDone)) {
      throw InputError(
          fmt::format("{} is the folder of a run of train-r3d, not a checkpoint: name one in it, "
                      "such as {}",
                      folder.string(), candidate.string()));
    }
  }
  throw InputError(
      fmt::format("{} is the folder of a run of train-r3d, and {} holds no complete checkpoint",
                  folder.string(), checkpoints.string()));
}

// Makes the link under another name and then renames it, so that a link always exists.
void PointAt(const fs::path& link, const fs::path& target) {
  std::error_code error;
  if (fs::read_symlink(link, error) == target) {
    return;
  }
  const PendingFile pending(link);
  fs::create_symlink(target, pending.temporary_path(), error);
  if (!error) {
    fs::rename(pending.temporary_path(), link, error);
  }
  if (error) {
    throw WriteError("cannot make the link " + link.string(), error.value());
  }
}

}  // namespace

std::vector<fs::path> ListCheckpoints(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().filename().string().rfind(kPrefix, 0) == 0 && entry.is_directory(ignored)) {
      found.push_back(entry.path());
    }
  }
  std::sort(found.rbegin(), found.rend());
  return found;
}

std::string CheckpointName(int64_t step) { return fmt::format("{}{:010}", kPrefix, step); }

void FinishCheckpoint(const fs::path& checkpoint, int64_t step,
                      const nlohmann::ordered_json& contents) {
  nlohmann::ordered_json state{{"format", kFormat}, {"format_version", 1}, {"step", step}};
  state.update(contents);
  WriteFileAtomically(checkpoint / CheckpointFiles::kState, state.dump(2) + "\n");
  WriteFileAtomically(checkpoint / CheckpointFiles::kDone, Checksums(checkpoint));
}

void VerifyCheckpoint(const fs::path& checkpoint) {
  RequireFolder(checkpoint, "a checkpoint");
  RequireNoRun(checkpoint);
  if (!fs::exists(checkpoint / CheckpointFiles::kDone)) {
    throw InputError(checkpoint.string() + ": not a whole checkpoint: DONE is missing");
  }
  std::istringstream stated(ReadFile(checkpoint / CheckpointFiles::kDone, 4096));
  std::istringstream found(Checksums(checkpoint));
  const auto next = [](std::istringstream& lines) {
    std::string line;
    return std::getline(lines, line) ? line : std::string();
  };
  while (found.good() || stated.good()) {
    const std::string found_line = next(found);
    const std::string stated_line = next(stated);
    if (stated_line != found_line) {
      throw InputError(fmt::format("{}: damaged: DONE says '{}', found '{}'", checkpoint.string(),
                                   stated_line, found_line));
    }
  }
}

std::optional<fs::path> FindLatestCheckpoint(const fs::path& folder) {
  const std::vector<fs::path> checkpoints = ListCheckpoints(folder);
  for (const fs::path& checkpoint : checkpoints) {
    try {
      VerifyCheckpoint(checkpoint);
      return checkpoint;
    } catch (const Error& error) {
      LogWarn(fmt::format("passing over a checkpoint: {}", error.what()));
    }
  }
  if (!checkpoints.empty()) {
    throw InputError(
        fmt::format("none of the {} checkpoints in {} is complete; --overwrite starts "
                    "again",
                    checkpoints.size(), folder.string()));
  }
  return std::nullopt;
}

nlohmann::ordered_json ReadCheckpointState(const fs::path& checkpoint) {
  const fs::path file = checkpoint / CheckpointFiles::kState;
  nlohmann::ordered_json state = ReadJsonObject(file);
  UseJson(file.string(), [&] {
    if (state.value("format", "") != kFormat) {
      throw InputError(file.string() + ": not the state of a reel3d checkpoint");
    }
    if (IntegerAt(state, "format_version", 1, INT64_MAX, file.string()) != 1) {
      throw InputError(file.string() + ": of a newer reel3d than this");
    }
  });
  return state;
}

std::optional<Passport> PassportOfTraining(const fs::path& checkpoint) {
  if (!fs::exists(checkpoint / CheckpointFiles::kState)) {
    return std::nullopt;
  }
  const nlohmann::ordered_json state = ReadCheckpointState(checkpoint);
  const auto passport = state.find("passport");
  return passport == state.end()
             ? std::nullopt
             : std::optional(PassportFromJson(
                   *passport, (checkpoint / CheckpointFiles::kState).string() + ": passport"));
}

void RequireSameData(const nlohmann::ordered_json& state, uint32_t fingerprint,
                     const fs::path& run_dir, const std::string& shards_dir) {
  const auto data = MemberOr(state, "data", std::string());
  if (data.size() != 8 || data.find_first_not_of("0123456789abcdef") != std::string::npos) {
    throw InputError(
        fmt::format("{}: state.json of its newest checkpoint was edited or is damaged: it does not "
                    "say on which data it was trained; remove this checkpoint, and training goes "
                    "on from the one before",
                    run_dir.string()));
  }
  if (data != fmt::format("{:08x}", fingerprint)) {
    throw InputError(
        fmt::format("{} was trained on other videos than {} holds: name another RUN_DIR, or "
                    "--overwrite (under make: OVERWRITE=yes)",
                    run_dir.string(), shards_dir));
  }
}

void LinkCheckpoints(const fs::path& folder, int64_t latest_step, int64_t best_step) {
  const std::string best = CheckpointName(best_step);
  if (best_step >= 0 && fs::exists(folder / best / CheckpointFiles::kDone)) {
    PointAt(folder / "best", best);
  }
  PointAt(folder / "latest", CheckpointName(latest_step));
}

void PruneCheckpoints(const fs::path& folder, int keep_last, int64_t keep_every,
                      int64_t kept_step) {
  std::set<fs::path> kept{CheckpointName(kept_step)};
  std::error_code ignored;
  for (const char* link : {"latest", "best"}) {
    kept.insert(fs::read_symlink(folder / link, ignored).filename());
  }
  const std::vector<fs::path> checkpoints = ListCheckpoints(folder);
  for (size_t i = static_cast<size_t>(std::max(1, keep_last)); i < checkpoints.size(); ++i) {
    const bool is_kept_step = keep_every > 0 && StepOf(checkpoints[i]) % keep_every == 0;
    if (kept.count(checkpoints[i].filename()) == 0 && !is_kept_step) {
      fs::remove_all(checkpoints[i], ignored);
    }
  }
}

}  // namespace reel3d

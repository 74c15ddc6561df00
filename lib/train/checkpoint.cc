// SPDX-License-Identifier: Apache-2.0
#include "lib/train/checkpoint.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <sstream>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/log.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

constexpr const char* kModel = "model.safetensors";
constexpr const char* kOptimizer = "optimizer.safetensors";
constexpr const char* kState = "state.json";
constexpr const char* kDone = "DONE";
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
  for (const char* name : {kModel, kOptimizer, kState}) {
    text += ChecksumLine(checkpoint / name);
  }
  return text;
}

// By a link of another name that is then renamed: there is always one.
void PointAt(const fs::path& link, const fs::path& target) {
  const PendingFile pending(link);
  std::error_code error;
  fs::create_symlink(target, pending.temporary_path(), error);
  if (!error) {
    fs::rename(pending.temporary_path(), link, error);
  }
  if (error) {
    throw SystemError("cannot make the link " + link.string(), error.value());
  }
}

// Newest first.
std::vector<fs::path> Checkpoints(const fs::path& folder) {
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

}  // namespace

void WriteCheckpoint(const fs::path& folder, int64_t step, const CheckpointContents& contents,
                     bool best) {
  MakeFolders(folder);
  const std::string name = fmt::format("{}{:010}", kPrefix, step);
  PendingFile pending(folder / name);
  const fs::path& temporary = pending.temporary_path();
  MakeFolders(temporary);
  SaveTensors(temporary / kModel, contents.model);
  SaveTensors(temporary / kOptimizer, contents.optimizer);
  nlohmann::ordered_json state{{"format", kFormat}, {"format_version", 1}, {"step", step}};
  state.update(contents.state);
  WriteFileAtomically(temporary / kState, state.dump(2) + "\n");
  WriteFileAtomically(temporary / kDone, Checksums(temporary));
  std::error_code ignored;
  fs::remove_all(folder / name, ignored);  // a damaged one of the same step
  pending.Publish();
  if (best) {
    PointAt(folder / "best", name);
  }
  PointAt(folder / "latest", name);
}

void VerifyCheckpoint(const fs::path& checkpoint) {
  RequireFolder(checkpoint, "a checkpoint");
  if (!fs::exists(checkpoint / kDone)) {
    throw InputError(checkpoint.string() + ": not a whole checkpoint: DONE is missing");
  }
  std::istringstream stated(ReadFile(checkpoint / kDone, 4096));
  std::istringstream found(Checksums(checkpoint));
  for (std::string found_line, stated_line; std::getline(found, found_line);) {
    if (!std::getline(stated, stated_line) || stated_line != found_line) {
      throw InputError(fmt::format("{}: damaged: DONE says '{}', found '{}'", checkpoint.string(),
                                   stated_line, found_line));
    }
  }
}

std::optional<fs::path> FindLatestCheckpoint(const fs::path& folder) {
  const std::vector<fs::path> checkpoints = Checkpoints(folder);
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
        fmt::format("none of the {} checkpoints in {} is whole; --overwrite starts "
                    "anew",
                    checkpoints.size(), folder.string()));
  }
  return std::nullopt;
}

nlohmann::ordered_json ReadCheckpointState(const fs::path& checkpoint) {
  const fs::path file = checkpoint / kState;
  auto state = nlohmann::ordered_json::parse(ReadFile(file, uint64_t{1} << 26), nullptr,
                                             /*allow_exceptions=*/false);
  if (!state.is_object() || state.value("format", "") != kFormat) {
    throw InputError(file.string() + ": not the state of a reel3d checkpoint");
  }
  if (state.value("format_version", 0) != 1) {
    throw InputError(file.string() + ": of a newer reel3d than this");
  }
  return state;
}

void PruneCheckpoints(const fs::path& folder, int keep_last) {
  std::set<fs::path> kept;
  std::error_code ignored;
  for (const char* link : {"latest", "best"}) {
    kept.insert(fs::read_symlink(folder / link, ignored).filename());
  }
  const std::vector<fs::path> checkpoints = Checkpoints(folder);
  for (size_t i = static_cast<size_t>(std::max(1, keep_last)); i < checkpoints.size(); ++i) {
    if (kept.count(checkpoints[i].filename()) == 0) {
      fs::remove_all(checkpoints[i], ignored);
    }
  }
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/frame_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/shard/shard_reader.h"
#include "lib/video/prepared_video.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// Writes frames to a folder that appears under its name only when it is complete.
class FrameFolder {
 public:
  explicit FrameFolder(const std::string& folder) : pending_(WithoutSlash(folder)) {
    const fs::path& path = pending_.final_path();
    if (fs::exists(path) && !(fs::is_directory(path) && fs::is_empty(path))) {
      throw UsageError(folder + ": is there and not an empty folder; frames would mix with it");
    }
    MakeFolders(pending_.temporary_path());
  }

  void Write(const std::vector<uint8_t>& jpeg) {
    const fs::path file = pending_.temporary_path() / fmt::format("{:06}.jpg", num_frames_++);
    std::ofstream stream(file, std::ios::binary);
    stream.write(reinterpret_cast<const char*>(jpeg.data()),
                 static_cast<std::streamsize>(jpeg.size()));
    if (!stream.flush()) {
      throw WriteError("cannot write " + file.string(), errno);
    }
  }

  int64_t Publish() {
    pending_.Publish();
    return num_frames_;
  }

 private:
  static fs::path WithoutSlash(const fs::path& folder) {
    return folder.has_filename() ? folder : folder.parent_path();
  }

  PendingFile pending_;
  int64_t num_frames_ = 0;
};

size_t FindVideo(const ShardTable& table, const std::string& file, const std::string& id) {
  if (id.empty() && table.videos.size() == 1) {
    return 0;
  }
  const auto found = std::find_if(table.videos.begin(), table.videos.end(),
                                  [&](const ShardVideo& video) { return video.id == id; });
  if (found == table.videos.end()) {
    throw InputError(id.empty() ? fmt::format("{} holds {} videos: say which with --video", file,
                                              table.videos.size())
                                : fmt::format("{}: holds no video {}", file, id));
  }
  return static_cast<size_t>(found - table.videos.begin());
}

int64_t ExportFromShard(const std::string& file, const std::string& id, const std::string& folder) {
  const ShardReader reader(file);
  const size_t video = FindVideo(reader.table(), file, id);
  FrameFolder frames(folder);
  std::vector<uint8_t> jpeg;
  const std::vector<uint64_t>& firsts = reader.table().first_frames;
  for (uint64_t frame = firsts[video]; frame < firsts[video + 1]; ++frame) {
    reader.ReadFrame(frame, &jpeg);
    frames.Write(jpeg);
  }
  return frames.Publish();
}

int64_t ExportFromPreparedVideo(const std::string& file, const std::string& id,
                                const std::string& folder) {
  if (!id.empty() && id != fs::path(file).stem().string()) {
    throw InputError(fmt::format("{}: holds no video {}", file, id));
  }
  PreparedVideoReader reader(file);
  FrameFolder frames(folder);
  std::vector<uint8_t> jpeg;
  while (reader.Next(&jpeg)) {
    frames.Write(jpeg);
  }
  return frames.Publish();
}

}  // namespace

int64_t ExportFrames(const std::string& file, const std::string& video, const std::string& folder) {
  const std::string extension = fs::path(file).extension().string();
  if (extension == ".h5") {
    return ExportFromShard(file, video, folder);
  }
  if (extension == ".mkv") {
    return ExportFromPreparedVideo(file, video, folder);
  }
  throw InputError(file + ": holds no frames; shards (.h5) and prepared videos (.mkv) do");
}

}  // namespace reel3d

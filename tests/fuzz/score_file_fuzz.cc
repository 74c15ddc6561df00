// Fuzzes the reading of a score file, at once and by video: both must take the same files and find
// the same values.
// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/score_file.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <utility>

#include "lib/base/file.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/test_support.h"

std::vector<std::string> reel3d::fuzz::Seeds() {
  const test::TemporaryFolder folder;
  Scores scores;
  scores.checkpoint = "step-0000000100";
  scores.data = "1234abcd";
  scores.settings = "clip-length = 16;";
  scores.subset = "validation";
  scores.num_videos_expected = 2;
  scores.classes = {"jump", "run", "wave"};
  scores.videos = {{"first", 1}, {"second", -1}};
  scores.clips = {{0, 0, 16}, {0, 16, 9}, {1, 0, 16}};
  scores.logits = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  WriteScores(folder / "scores.h5", scores);
  return {ReadFile(folder / "scores.h5")};
}

namespace reel3d::fuzz {
namespace {

// Returns the file as ReadScores() does, but reads it by video.
Scores ReadByVideo(const std::filesystem::path& file) {
  std::vector<float> logits;
  Scores scores = ReadScoresByVideo(
      file, 1,
      [&](const Scores& header, size_t video, const std::vector<size_t>& rows, const float* found) {
        const size_t num_classes = header.classes.size();
        logits.resize(header.clips.size() * num_classes);
        for (size_t place = 0; place < rows.size(); ++place) {
          REEL3D_CHECK(header.clips[rows[place]].video == video);
          std::copy_n(found + place * num_classes, num_classes,
                      logits.begin() + static_cast<ptrdiff_t>(rows[place] * num_classes));
        }
      });
  scores.logits = std::move(logits);
  return scores;
}

// Returns the scores, or nothing if the file is refused.
std::optional<Scores> Try(Scores (*read)(const std::filesystem::path&),
                          const std::filesystem::path& file) {
  std::optional<Scores> scores;
  AllowInputErrors([&] { scores = read(file); });
  return scores;
}

}  // namespace
}  // namespace reel3d::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reel3d;
  const fuzz::ScratchFile file(data, size);
  const std::optional<Scores> scores = fuzz::Try(ReadScores, file.path());
  const std::optional<Scores> by_video = fuzz::Try(fuzz::ReadByVideo, file.path());
  REEL3D_CHECK(scores.has_value() == by_video.has_value());
  if (scores) {
    const size_t count = scores->clips.size() * scores->classes.size();
    REEL3D_CHECK(scores->logits.size() == count && by_video->logits.size() == count);
    REEL3D_CHECK(
        std::memcmp(scores->logits.data(), by_video->logits.data(), count * sizeof(float)) == 0);
  }
  return 0;
}

// make-scores writes score files of invented videos, in the size of a published data set. It lets
// bench/evaluation.py measure the tools that read scores without training a network.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>

#include "lib/base/file.h"
#include "lib/base/rng.h"
#include "lib/cli/tool.h"
#include "lib/eval/score_file.h"

namespace reel3d::bench {
namespace {

struct MakeScoresOptions {
  std::string folder;
  std::string settings;
  int videos = 20'000;
  int clips = 20;
  int crops = 1;
  int classes = 400;
  int videos_per_part = 256;  // as score-videos writes them
  int run = 0;
  double skill = 8;

  void Bind(OptionBinder& binder) {
    binder.Positional("SCORES_DIR", &folder, "folder to write scores-NNNNN.h5 to");
    binder.Bind("settings", &settings,
                "settings that the score files state, such as \"probe = order;\". Empty: none");
    binder.Bind("videos", &videos, {1, 10'000'000}, "number of videos");
    binder.Bind("clips", &clips, {1, 10'000}, "number of clips of each video");
    binder.Bind("crops", &crops, {1, 10}, "number of crops of each clip");
    binder.Bind("classes", &classes, {2, 100'000}, "number of classes");
    binder.Bind("videos-per-part", &videos_per_part, {1, 1'000'000}, "videos in each score file");
    binder.Bind(
        "run", &run, {0, 1'000'000},
        "number of the run: runs share videos and labels, and answer some of them otherwise");
    binder.Bind("skill", &skill, RealRange{0, 100},
                "how far the label's logit is raised in the easiest video. 0: answers are guesses");
  }
  void Check() const {}
};

// Returns a random number between -1 and 1 for each place in a row of logits.
class Noise {
 public:
  explicit Noise(Rng rng) : rng_(rng) {}
  float Next() {
    if (num_left_ == 0) {
      bits_ = rng_.Next();
      num_left_ = 4;
    }
    const auto piece = static_cast<float>(bits_ & 0xFFFF);
    bits_ >>= 16;
    --num_left_;
    return piece / 32768.0F - 1;
  }

 private:
  Rng rng_;
  uint64_t bits_ = 0;
  int num_left_ = 0;
};

// Adds a video and its clips. Its difficulty and half of its noise are the same in all runs.
void AddVideo(int number, const MakeScoresOptions& options, Scores* part) {
  const auto key = static_cast<uint64_t>(number);
  const auto row = static_cast<uint32_t>(part->videos.size());
  const int label = number % options.classes;
  part->videos.push_back({fmt::format("v_{:08}", number), label});
  Rng of_video(1, key);
  Rng of_run(2, key, static_cast<uint64_t>(options.run));
  const double ease = 0.9 * of_video.Uniform() + 0.1 * of_run.Uniform();
  std::vector<float> shared(static_cast<size_t>(options.classes));
  Noise video_noise(of_video);
  std::generate(shared.begin(), shared.end(), [&] { return 2 * video_noise.Next(); });
  shared[static_cast<size_t>(label)] += static_cast<float>(options.skill * ease);
  shared[static_cast<size_t>((label + 1) % options.classes)] += 2;  // a class that looks alike
  Noise clip_noise(of_run);
  for (int clip = 0; clip < options.clips; ++clip) {
    const int num_distinct = clip + 1 == options.clips ? 1 + number % 16 : 16;
    for (int crop = 0; crop < options.crops; ++crop) {
      part->clips.push_back({row, static_cast<uint32_t>(16 * clip),
                             static_cast<uint16_t>(num_distinct), static_cast<uint8_t>(crop)});
      for (const float logit : shared) {
        part->logits.push_back(logit + 2 * clip_noise.Next());
      }
    }
  }
}

void WriteParts(const MakeScoresOptions& options) {
  MakeFolders(options.folder);
  Scores header;
  header.checkpoint = fmt::format("invented-{}", options.run);
  header.data = "0123456789abcdef";
  header.subset = "validation";
  header.settings = options.settings;
  header.num_parts = (options.videos - 1) / options.videos_per_part + 1;
  header.num_videos_expected = options.videos;
  for (int label = 0; label < options.classes; ++label) {
    header.classes.push_back(fmt::format("doing thing {}", label));
  }
  for (int number = 0; number < header.num_parts; ++number) {
    Scores part = header;
    part.part = number;
    const int end = std::min(options.videos, (number + 1) * options.videos_per_part);
    for (int video = number * options.videos_per_part; video < end; ++video) {
      AddVideo(video, options, &part);
    }
    WriteScores(std::filesystem::path(options.folder) / ScoreFileName(number), part);
  }
}

}  // namespace
}  // namespace reel3d::bench

int main(int argc, char** argv) {
  reel3d::bench::MakeScoresOptions options;
  const reel3d::ToolInfo info = {
      "make-scores", "Writes score files of invented videos.",
      "The same options give the same files. A video's last clip is a tail that repeats frames."};
  return reel3d::RunTool(info, argc, argv, options, [&] {
    reel3d::bench::WriteParts(options);
    return reel3d::ToolResult();
  });
}

// Checks that the tables of answers do not depend on the number of threads that write them.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/prediction_files.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "lib/base/rng.h"

namespace reel3d {
namespace {

using ::testing::HasSubstr;

// Returns a run whose videos are more than one thread writes at a time.
SubsetScores ManyVideos(size_t num_videos) {
  SubsetScores run;
  run.classes = {"jump", "run", "\"walk\"", "sit", "fall", "rise", "wave"};
  Rng rng(3);
  for (size_t video = 0; video < num_videos; ++video) {
    VideoScores scored;
    scored.id = fmt::format("v_{:05}", video);
    scored.label = static_cast<int>(rng.Below(8)) - 1;
    for (size_t label = 0; label < run.classes.size(); ++label) {
      scored.scores.push_back(rng.Uniform());
    }
    scored.num_clips = static_cast<int>(video % 5) + 1;
    run.videos.push_back(scored);
  }
  return run;
}

size_t NumLines(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(PredictionFiles, ThreadsDoNotChangeTheTables) {
  for (const size_t num_videos : {0, 1, 128, 129, 1000}) {
    const SubsetScores run = ManyVideos(num_videos);
    const std::string predictions = FormatPredictions(run, Averaging::kSoftmax, 0.5, 1);
    const std::string results = FormatResults(run, 3, ResultsForm::kReference, 1);
    EXPECT_EQ(NumLines(predictions), num_videos + 1);
    EXPECT_EQ(NumLines(results), num_videos + 2);
    for (const int threads : {2, 7}) {
      EXPECT_EQ(FormatPredictions(run, Averaging::kSoftmax, 0.5, threads), predictions);
      EXPECT_EQ(FormatResults(run, 3, ResultsForm::kReference, threads), results);
      EXPECT_EQ(FormatSuspects(SuspectsOf(run, Averaging::kSoftmax, threads), run.classes),
                FormatSuspects(SuspectsOf(run, Averaging::kSoftmax, 1), run.classes));
    }
  }
}

TEST(PredictionFiles, VideosFollowEachOtherInResults) {
  const std::string results = FormatResults(ManyVideos(130), 1, ResultsForm::kReference, 2);
  EXPECT_THAT(results, HasSubstr("}],\n\"v_00128\": [{\"label\": "));
  EXPECT_THAT(results, HasSubstr("}]\n}}\n"));
}

}  // namespace
}  // namespace reel3d

// Compares the scores of videos under the four recipes of the reference with an independent Python
// program (tests/golden/make_recipes_golden.py), from their frames to the average of their clips.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/base/file.h"
#include "lib/data/clip_sampler.h"
#include "lib/eval/averaging.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

// The invented network of the script, which counts frames from 1.
std::vector<float> LogitsOf(const Clip& clip, int num_classes) {
  std::vector<float> logits;
  for (int index = 0; index < num_classes; ++index) {
    int sum = 0;
    for (size_t time = 0; time < clip.frames.size(); ++time) {
      sum += (static_cast<int>(time) + 1) * ((clip.frames[time] + 1) * (index + 3) % 97);
    }
    logits.push_back(static_cast<float>(sum % 513 - 256) / 64);
  }
  return logits;
}

TEST(Recipes, ScoreEachVideoAsTheirCodeDoes) {
  const auto golden =
      nlohmann::json::parse(ReadFile(test::SourceFolder() / "tests/golden/recipes_golden.json"));
  const int num_classes = golden["num_classes"];
  ASSERT_EQ(golden["cases"].size(), 4U * 13U);
  for (const nlohmann::json& expected : golden["cases"]) {
    const int num_frames = expected["num_frames"];
    SCOPED_TRACE(expected["recipe"].get<std::string>() + ", " + std::to_string(num_frames));
    const std::vector<Clip> clips =
        SlidingClips(num_frames, {}, 16, *FindChoice<TailRule>(expected["tail"]));
    std::vector<std::vector<int>> frames;
    std::vector<std::vector<float>> logits;
    for (const Clip& clip : clips) {
      frames.push_back(clip.frames);
      logits.push_back(LogitsOf(clip, num_classes));
    }
    EXPECT_EQ(nlohmann::json(frames), expected["clips"]);
    std::vector<const float*> rows;
    for (const std::vector<float>& row : logits) {
      rows.push_back(row.data());
    }
    const std::vector<double> scores =
        AverageClips(rows, static_cast<size_t>(num_classes), ParseAveraging(expected["averaging"]));
    for (size_t index = 0; index < scores.size(); ++index) {
      EXPECT_NEAR(scores[index], expected["scores"][index], 1e-11);
    }
  }
}

}  // namespace
}  // namespace reel3d

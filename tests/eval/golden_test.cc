// Compares accuracies and averages with numpy and scikit-learn (tests/golden/make_eval_golden.py).
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "lib/base/file.h"
#include "lib/eval/accuracy.h"
#include "lib/eval/score_file.h"
#include "lib/eval/video_scores.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using Json = nlohmann::json;

Json Golden() {
  return Json::parse(ReadFile(test::SourceFolder() / "tests/golden/eval_golden.json"));
}

// Puts every third video into one part.
std::vector<Scores> ToParts(const Json& golden) {
  std::vector<Scores> parts(3);
  for (int part = 0; part < 3; ++part) {
    parts[part].subset = "validation";
    parts[part].part = part;
    parts[part].num_parts = 3;
    parts[part].num_videos_expected = static_cast<int64_t>(golden["videos"].size());
    for (int index = 0; index < golden["num_classes"]; ++index) {
      parts[part].classes.push_back("class " + std::to_string(index));
    }
  }
  size_t index = 0;
  for (const Json& video : golden["videos"]) {
    Scores& part = parts[index++ % 3];
    for (size_t clip = 0; clip < video["logits"].size(); ++clip) {
      part.clips.push_back({static_cast<uint32_t>(part.videos.size()),
                            static_cast<uint32_t>(16 * clip), video["num_distinct"][clip]});
      const auto logits = video["logits"][clip].get<std::vector<float>>();
      part.logits.insert(part.logits.end(), logits.begin(), logits.end());
    }
    part.videos.push_back({video["id"], video["label"]});
  }
  return parts;
}

TEST(Golden, EveryAveraging) {
  const Json golden = Golden();
  const test::TemporaryFolder folder;
  for (const Scores& part : ToParts(golden)) {
    WriteScores(folder / ("scores-0000" + std::to_string(part.part) + ".h5"), part);
  }
  ASSERT_EQ(golden["cases"].size(), 2 * AveragingNames().size());
  for (const Json& expected : golden["cases"]) {
    const SubsetScores subset = ReadSubsetScores(
        folder.path(), {ParseAveraging(expected["averaging"]), expected["min_distinct"]});
    std::vector<RankedVideo> ranked;
    for (size_t video = 0; video < subset.videos.size(); ++video) {
      const VideoScores& scored = subset.videos[video];
      const double* scores = scored.scores.data();
      EXPECT_EQ(scored.id, golden["videos"][video]["id"]);
      for (int index = 0; index < golden["num_classes"]; ++index) {
        EXPECT_NEAR(scores[index], expected["scores"][video][index], 1e-11);
      }
      ranked.push_back({scored.label, TopClasses(scores, golden["num_classes"], 1)[0],
                        RankOfClass(scores, golden["num_classes"], scored.label)});
    }
    const Accuracy accuracy(ranked, subset.num_expected, golden["num_classes"]);
    EXPECT_DOUBLE_EQ(accuracy.Top1(), expected["top1"]) << expected["averaging"];
    EXPECT_DOUBLE_EQ(accuracy.Top5(), expected["top5"]) << expected["averaging"];
    EXPECT_DOUBLE_EQ(accuracy.MeanClassTop1(), expected["mean_class_top1"]);
    EXPECT_EQ(Json(accuracy.confusion()), expected["confusion"]);
    EXPECT_DOUBLE_EQ(static_cast<double>(subset.num_clips_right) /
                         static_cast<double>(subset.num_labelled_clips),
                     golden["clip_top1"]);
  }
}

}  // namespace
}  // namespace reel3d

// The second row of a strip shows heat.json, unless it is damaged or is not of the clips that were
// scored.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/report/strip_pages.h"

namespace reel3d {
namespace {

using test::Json;
using test::kSize;
using test::ShownPicture;
using ::testing::HasSubstr;
using ::testing::Not;

class StripHeat : public test::StripPages {};

// Heat at the top left corner of the last frame changes the last picture there and nowhere else.
TEST_F(StripHeat, HaveHeatInASecondRow) {
  HeatFile heat = HeatOf({{"a", "jump", 2, 0, {}}});
  heat.clips[0].frames.assign(16, std::vector<uint8_t>(kHeatSide * kHeatSide, 0));
  for (int row = 0; row < kHeatSide / 4; ++row) {
    for (int column = 0; column < kHeatSide / 4; ++column) {
      heat.clips[0].frames[15][static_cast<size_t>(row * kHeatSide + column)] = 255;
    }
  }
  WriteHeatFile(run_ / "heat.json", heat);
  const std::vector<ShownPicture> pictures = PicturesOf(Page());
  ASSERT_EQ(pictures.size(), 12U);
  EXPECT_EQ(pictures[11].alt,
            "where the network sees it: 1.70 s of a: wave, taken for jump with 87.5 %");
  EXPECT_EQ(pictures[4].pixels, pictures[10].pixels);
  const auto difference = [&](int x, int y) {
    const auto at = static_cast<size_t>(y * kSize + x) * 4;
    return std::abs(pictures[5].pixels[at] - pictures[11].pixels[at]) +
           std::abs(pictures[5].pixels[at + 2] - pictures[11].pixels[at + 2]);
  };
  EXPECT_GT(difference(4, 4), 60);
  EXPECT_LT(difference(30, 4), 20);
  EXPECT_LT(difference(4, 30), 20);
}

TEST_F(StripHeat, RefuseHeatOfOtherClips) {
  const std::vector<std::vector<uint8_t>> frames(16,
                                                 std::vector<uint8_t>(kHeatSide * kHeatSide, 255));
  for (const ClipHeat& other :
       {ClipHeat{"b", "jump", 2, 0, frames}, ClipHeat{"a", "wave", 2, 0, frames},
        ClipHeat{"a", "jump", 3, 0, frames}, ClipHeat{"a", "jump", 2, 1, frames},
        ClipHeat{"a", "jump", 2, 0, {frames[0]}}}) {
    WriteHeatFile(run_ / "heat.json", HeatOf({other}));
    const std::string page = Page();
    EXPECT_EQ(PicturesOf(page).size(), 6U);
    EXPECT_THAT(page, HasSubstr("heat.json: no heat for 1 of 1 shown clip: run explain-mistakes"));
  }
  const HeatFile fitting = HeatOf({{"a", "jump", 2, 0, frames}});
  const auto refuse = [&](const HeatFile& heat, const char* why) {
    WriteHeatFile(run_ / "heat.json", heat);
    const std::string page = Page();
    EXPECT_EQ(PicturesOf(page).size(), 6U) << why;
    EXPECT_THAT(page, HasSubstr(why));
    EXPECT_THAT(page, HasSubstr("run explain-mistakes again"));
  };
  HeatFile other = fitting;
  other.checkpoint = "step-2 00000000";
  refuse(other, "heat.json: is of another checkpoint than the scores");
  other = fitting;
  other.data = "00000000";
  refuse(other, "heat.json: is of other data than the scores");
  other = fitting;
  other.clip["short_side"] = 48;
  refuse(other, "heat.json: is of clips that were cut otherwise than the scores");
  WriteHeatFile(run_ / "heat.json", fitting);
  EXPECT_EQ(PicturesOf(Page()).size(), 12U);
  Write("evaluation/metrics.json", R"({"frames_shuffled": true})");
  const std::string page = Page();
  EXPECT_EQ(PicturesOf(page).size(), 6U) << "the network saw the frames in another order";
  EXPECT_THAT(page, HasSubstr("There is no heat of clips in random order."));
}

TEST_F(StripHeat, RefuseDamagedHeat) {
  WriteHeatFile(run_ / "heat.json",
                HeatOf({{"a", "jump", 2, 0,
                         std::vector<std::vector<uint8_t>>(
                             16, std::vector<uint8_t>(kHeatSide * kHeatSide, 255))}}));
  const Json sound = Json::parse(ReadFile(run_ / "heat.json"));
  ASSERT_EQ(PicturesOf(Page()).size(), 12U);
  const auto refuse = [&](const std::string& damaged) {
    Write("heat.json", damaged);
    const std::string page = Page();
    EXPECT_EQ(PicturesOf(page).size(), 6U) << damaged;
    EXPECT_THAT(page, HasSubstr((run_ / "heat.json").string()));
    EXPECT_THAT(page, HasSubstr("run explain-mistakes again"));
  };
  refuse("{}");
  refuse("[]");
  const std::pair<const char*, Json> changes[] = {{"/version", 2},
                                                  {"/format", "other"},
                                                  {"/finer", 2.5},
                                                  {"/clips/0/crop", -1},
                                                  {"/clips/0/crop", 1e10},
                                                  {"/clips/0/first_frame", 2.5},
                                                  {"/clips", Json::object()},
                                                  {"/clips/0/heat", Json::object()},
                                                  {"/clips/0/heat/0", {1}},
                                                  {"/clips/0/heat/0/0", 256},
                                                  {"/clips/0/heat/0/0", 25.5},
                                                  {"/clips/0/heat/0/0", -1},
                                                  {"/clips/0/heat/0/0", UINT64_MAX},
                                                  {"/clips/0/id", 3}};
  for (const auto& [place, value] : changes) {
    Json damaged = sound;
    damaged[Json::json_pointer(place)] = value;
    refuse(damaged.dump());
  }
  Write("heat.json", "");  // Makefile.workflow's, if explain-mistakes failed
  EXPECT_THAT(Page(), Not(HasSubstr("heat.json")));
}

}  // namespace
}  // namespace reel3d

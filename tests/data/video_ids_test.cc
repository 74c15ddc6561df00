// SPDX-License-Identifier: Apache-2.0
#include "lib/data/video_ids.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "lib/data/manifest.h"

namespace reel3d {
namespace {

std::vector<std::string> IdsOf(const std::vector<std::string>& names) {
  std::vector<FoundVideo> videos;
  for (const std::string& name : names) {
    FoundVideo video;
    video.below = name;
    videos.push_back(video);
  }
  return MakeIds(videos);
}

std::string Repeated(const std::string& text, int times) {
  std::string repeated;
  for (int i = 0; i < times; ++i) {
    repeated += text;
  }
  return repeated;
}

// 64 characters of three bytes each: short enough for a file name, too long for an id.
const std::string kTitle = "cook/" + Repeated("\xE6\x96\x99", 64);

TEST(VideoIds, OfLongNamesAreCutBetweenCharactersAndStayApart) {
  const auto ids = IdsOf({kTitle + "a.mp4", kTitle + "b.mp4", "cook/c.mp4"});
  EXPECT_EQ(ids[2], "c");
  EXPECT_NE(ids[0], ids[1]);
  for (const std::string& id : ids) {
    EXPECT_LE(id.size(), kMaxIdBytes);
    EXPECT_EQ(IdFault(id), "") << id;
  }
  EXPECT_EQ(ids[0].substr(0, 102), Repeated("\xE6\x96\x99", 34)) << "whole characters";
}

TEST(VideoIds, OfLongPathsDependOnTheNameAlone) {
  const std::string deep = Repeated("subject_0001_with_a_long_description/", 5);
  const auto ids = IdsOf({deep + "morning/clip.mp4", deep + "evening/clip.mp4", "walk/c.mp4"});
  const auto others = IdsOf({"a.mp4", deep + "evening/clip.mp4", deep + "morning/clip.mp4"});
  EXPECT_NE(ids[0], ids[1]);
  EXPECT_EQ(ids[0], others[2]);
  EXPECT_EQ(ids[1], others[1]);
}

TEST(VideoIds, JustLongEnoughStay) {
  const std::string longest(kMaxIdBytes, 'x');
  EXPECT_EQ(IdsOf({longest + ".mp4"}).front(), longest);
  EXPECT_NE(IdsOf({longest + "x.mp4"}).front(), longest + "x");
}

TEST(VideoIds, AreUniqueAmongManyThatCollide) {
  std::vector<std::string> names;
  for (const char* folder : {"a", "a b", "a_b", "b"}) {
    for (const char* file : {"x.mp4", "x.avi", "x y.mp4", "x_y.mp4", ".x.mp4"}) {
      names.push_back(std::string(folder) + "/" + file);
      names.push_back(std::string(folder) + "/" + kTitle + file);
    }
  }
  const auto ids = IdsOf(names);
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), names.size());
}

}  // namespace
}  // namespace reel3d

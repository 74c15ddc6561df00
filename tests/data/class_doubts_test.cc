// SPDX-License-Identifier: Apache-2.0
#include "lib/data/class_doubts.h"

#include <gmock/gmock.h>

namespace reel3d {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(ClassDoubts, AreNoneOfAnOrdinarySet) {
  EXPECT_THAT(ClassDoubts({{"jump", 3, 1}, {"wave", 3, 1}}), IsEmpty());
  EXPECT_THAT(ClassDoubts({}), IsEmpty());
  EXPECT_THAT(ClassDoubts({{"jump", 3, 1}, {"wave", 3, 1}, {"absent", 0, 0}}), IsEmpty());
}

TEST(ClassDoubts, NameEachClassOnce) {
  EXPECT_THAT(ClassDoubts({{"UCF-101", 30, 10}}),
              ElementsAre(HasSubstr("all videos are of one class, UCF-101")));
  EXPECT_THAT(ClassDoubts({{"jump", 3, 1}, {"run", 0, 4}, {"wave", 3, 0}}),
              ElementsAre(HasSubstr("every video is held out of run: judged, but never trained"),
                          HasSubstr("no video is held out of wave: trained, but never judged")));
}

TEST(ClassDoubts, OfASubsetWithoutVideosAreNotSaidOfEachClass) {
  EXPECT_THAT(ClassDoubts({{"jump", 3, 0}, {"wave", 3, 0}}), IsEmpty());
  EXPECT_THAT(ClassDoubts({{"jump", 0, 3}, {"wave", 0, 3}}), IsEmpty());
}

}  // namespace
}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/class_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The labels are in the order of their first appearance. The first row is a validation row.
AnnotationSet Set() {
  AnnotationSet set;
  set.labels = {"zumba", "play bagpipes", "play (x)", "play \"a\"", "Archery"};
  for (const int32_t label : {0, 2, 1, 3, 4}) {
    AnnotationRow row;
    row.labels = {label};
    row.subset = label == 0 ? Subset::kValidation : Subset::kTraining;
    set.rows.push_back(row);
  }
  return set;
}

TEST(ClassOrderTest, SortedIsBytewise) {
  const ClassOrder order = OrderClasses(Set(), "sorted");
  EXPECT_THAT(order.classes,
              ElementsAre("Archery", "play \"a\"", "play (x)", "play bagpipes", "zumba"));
  EXPECT_EQ(OrderClasses(Set(), "").classes, order.classes);
}

TEST(ClassOrderTest, AnnotationIsTheFirstAppearanceAmongTrainingRows) {
  EXPECT_THAT(OrderClasses(Set(), "annotation").classes,
              ElementsAre("play (x)", "play bagpipes", "play \"a\"", "Archery", "zumba"));
}

TEST(ClassOrderTest, OwnListIsTheDefault) {
  AnnotationSet set = Set();
  set.official_classes = {"zumba", "Archery", "play (x)", "play \"a\"", "play bagpipes", "unused"};
  set.official_source = "classInd.txt";
  for (const char* choice : {"", "annotation"}) {
    EXPECT_EQ(OrderClasses(set, choice).classes, set.official_classes);
    EXPECT_EQ(OrderClasses(set, choice).source, "classInd.txt");
  }
  EXPECT_EQ(OrderClasses(set, "sorted").classes.front(), "Archery");
}

// mmaction2 and torchvision rewrite names before they sort them. In bytes, _ is behind the capital
// letters, and ( is before all letters.
TEST(ClassOrderTest, OthersSortTheirOwnSpelling) {
  AnnotationSet set;
  set.labels = {"a b", "aBc", "a(c", "a'd", "a\"e"};
  EXPECT_THAT(OrderClasses(set, "sorted").classes, ElementsAre("a b", "a\"e", "a'd", "a(c", "aBc"));
  EXPECT_THAT(OrderClasses(set, "mmaction2").classes,
              ElementsAre("a'd", "a(c", "aBc", "a b", "a\"e"));
  EXPECT_THAT(OrderClasses(set, "torchvision").classes,
              ElementsAre("a\"e", "aBc", "a b", "a(c", "a'd"));
}

TEST(ClassOrderTest, FileKeepsPlacesAndTheSpellingOfTheAnnotations) {
  const test::TemporaryFolder folder;
  const std::string file = (folder / "names.txt").string();
  WriteFileAtomically(file, "unused\nplay_bagpipes\nplay_x\nZUMBA\narchery\nplay_a\n");
  EXPECT_THAT(OrderClasses(Set(), file).classes,
              ElementsAre("unused", "play bagpipes", "play (x)", "zumba", "Archery", "play \"a\""));
  WriteFileAtomically(file, "zumba\n");
  try {
    OrderClasses(Set(), file);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), HasSubstr("lacks classes of the annotations: 'play bagpipes'"));
  }
}

}  // namespace
}  // namespace reel3d

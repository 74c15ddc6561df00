// SPDX-License-Identifier: Apache-2.0
#include "lib/data/split.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "lib/base/error.h"
#include "lib/data/video_groups.h"

namespace reel3d {
namespace {

using ::testing::HasSubstr;

// Every person does every action.
std::vector<SplitItem> PeopleDoingActions(int num_people, int num_actions) {
  std::vector<SplitItem> items;
  for (int action = 0; action < num_actions; ++action) {
    for (int person = 0; person < num_people; ++person) {
      items.push_back({fmt::format("action{}/person{}_action{}.avi", action, person, action),
                       fmt::format("action{}", action)});
    }
  }
  return items;
}

// Videos of one class, without groups.
std::vector<SplitItem> VideosOfClass(const std::string& label, int count) {
  std::vector<SplitItem> items;
  for (int i = 0; i < count; ++i) {
    items.push_back({fmt::format("{}/{}.mp4", label, i), label});
  }
  return items;
}

int CountValidation(const SplitResult& split) {
  return static_cast<int>(
      std::count(split.subsets.begin(), split.subsets.end(), Subset::kValidation));
}

TEST(SplitTest, NoGroupStraddles) {
  const std::vector<SplitItem> items = PeopleDoingActions(9, 10);
  for (int64_t seed = 0; seed < 50; ++seed) {
    SplitOptions options;
    options.group_regex = "^(person[0-9]+)_";
    options.split_seed = seed;
    const SplitResult split = SplitVideos(items, options);
    std::map<std::string, std::set<Subset>> subsets_of_person;
    for (size_t i = 0; i < items.size(); ++i) {
      subsets_of_person[items[i].name.substr(8, 7)].insert(split.subsets[i]);
    }
    EXPECT_EQ(split.num_groups, 9);
    EXPECT_EQ(subsets_of_person.size(), 9U);
    for (const auto& [person, subsets] : subsets_of_person) {
      EXPECT_EQ(subsets.size(), 1U) << person;
    }
    EXPECT_EQ(CountValidation(split), 20);  // round(0.25 * 9) people, 10 videos each
  }
}

TEST(SplitTest, FractionHoldsInEveryClass) {
  struct Case {
    int videos;
    double fraction;
    int held_out;
  };
  for (const Case& c : std::vector<Case>{{8, 0.25, 2},
                                         {9, 0.25, 2},
                                         {2, 0.25, 1},
                                         {1, 0.25, 0},
                                         {1, 0.9, 0},
                                         {2, 0.9, 1},
                                         {100, 0, 0},
                                         {7, 1, 7},
                                         {400, 0.1, 40}}) {
    SplitOptions options;
    options.validation_fraction = c.fraction;
    std::vector<SplitItem> items = VideosOfClass("a", c.videos);
    for (const SplitItem& item : VideosOfClass("b", c.videos)) {
      items.push_back(item);
    }
    EXPECT_EQ(CountValidation(SplitVideos(items, options)), 2 * c.held_out)
        << c.videos << " at " << c.fraction;
  }
}

TEST(SplitTest, AddingAVideoMovesAtMostOneOtherOfItsClass) {
  std::vector<SplitItem> items = VideosOfClass("a", 20);
  for (const SplitItem& item : VideosOfClass("b", 20)) {
    items.push_back(item);
  }
  const SplitResult before = SplitVideos(items, {});
  int most_moved = 0;
  for (int added = 0; added < 100; ++added) {
    std::vector<SplitItem> more = items;
    more.push_back({fmt::format("a/new{}.mp4", added), "a"});
    const SplitResult after = SplitVideos(more, {});
    int moved = 0;
    for (size_t i = 0; i < items.size(); ++i) {
      moved += before.subsets[i] != after.subsets[i] ? 1 : 0;
      EXPECT_TRUE(before.subsets[i] == after.subsets[i] || items[i].label == "a");
    }
    most_moved = std::max(most_moved, moved);
  }
  EXPECT_LE(most_moved, 1);
}

TEST(SplitTest, OrderDoesNotMatterAndTheSeedDoes) {
  std::vector<SplitItem> items = VideosOfClass("a", 40);
  SplitOptions options;
  const SplitResult forwards = SplitVideos(items, options);
  std::reverse(items.begin(), items.end());
  SplitResult backwards = SplitVideos(items, options);
  std::reverse(backwards.subsets.begin(), backwards.subsets.end());
  EXPECT_EQ(forwards.subsets, backwards.subsets);
  options.split_seed = 1;
  std::reverse(items.begin(), items.end());
  EXPECT_NE(forwards.subsets, SplitVideos(items, options).subsets);
}

TEST(SplitTest, NamedGroupsAreExactlyTheValidationSubset) {
  SplitOptions options;
  options.group_regex = "(person[0-9]+)";
  options.validation_groups = {"person3", "person0"};
  const std::vector<SplitItem> items = PeopleDoingActions(5, 2);
  const SplitResult split = SplitVideos(items, options);
  for (size_t i = 0; i < items.size(); ++i) {
    const bool named = items[i].name.find("person3") != std::string::npos ||
                       items[i].name.find("person0") != std::string::npos;
    EXPECT_EQ(split.subsets[i] == Subset::kValidation, named) << items[i].name;
  }
}

TEST(SplitTest, RegexSeesTheFileNameBeforeThePath) {
  const std::vector<SplitItem> items = {{"x/g1/a.mp4", "x"}, {"x/g2/b_g1.mp4", "x"}};
  SplitOptions options;
  options.group_regex = "(g[0-9])";
  EXPECT_EQ(SplitVideos(items, options).num_groups, 1);
}

TEST(SplitTest, UnlabelledVideosAreForTesting) {
  SplitOptions options;
  options.validation_fraction = 1;
  const SplitResult split = SplitVideos({{"a.mp4", ""}, {"x/b.mp4", "x"}}, options);
  EXPECT_EQ(split.subsets[0], Subset::kTesting);
  EXPECT_EQ(split.subsets[1], Subset::kValidation);
}

// "é" may be one character, or an e and an accent. Both spellings are the same person, in one
// subset.
TEST(SplitTest, AGroupInTwoUnicodeFormsIsOneGroup) {
  const std::string composed = "jos\xC3\xA9";
  const std::string decomposed = "jose\xCC\x81";
  std::vector<SplitItem> items;
  for (const std::string& person : {composed, decomposed, std::string("anna")}) {
    for (const char* action : {"run", "wave"}) {
      items.push_back({std::string(action) + "/" + person + "_1.avi", action});
    }
  }
  SplitOptions options;
  options.group_regex = "(.+)_";
  for (const std::string& named : {composed, decomposed}) {
    options.validation_groups = {named};
    const SplitResult split = SplitVideos(items, options);
    EXPECT_EQ(split.num_groups, 2);
    for (size_t i = 0; i < items.size(); ++i) {
      EXPECT_EQ(split.subsets[i], i < 4 ? Subset::kValidation : Subset::kTraining) << i;
    }
  }
}

TEST(SplitTest, NamesAllThatMatchNoGroup) {
  SplitOptions options;
  options.group_regex = "(anna)";
  try {
    SplitVideos({{"run/anna.mp4", "run"}, {"run/b.mp4", "run"}, {"run/c.mp4", "run"}}, options);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("2 of 3 videos do not match --group-regex '(anna)': "
                                        "run/b.mp4, run/c.mp4"));
  }
}

TEST(SplitTest, SaysWhatIsWrong) {
  const std::vector<SplitItem> items = PeopleDoingActions(2, 1);
  struct Case {
    std::string regex;
    std::vector<std::string> groups;
    ErrorKind kind;
    std::string complaint;
  };
  for (const Case& c : std::vector<Case>{
           {"(person0)_", {}, ErrorKind::kInput, "action0/person1_action0.avi does not match"},
           {"(person.)_", {"person7"}, ErrorKind::kInput, "'person7' has no labelled video"},
           {"(", {}, ErrorKind::kUsage, "group-regex '('"},
           {"person", {}, ErrorKind::kUsage, "no capture group"},
           {"", {"person1"}, ErrorKind::kUsage, "needs a group-regex"}}) {
    SplitOptions options;
    options.group_regex = c.regex;
    options.validation_groups = c.groups;
    try {
      options.Check();
      SplitVideos(items, options);
      ADD_FAILURE() << c.complaint << ": nothing was thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), c.kind);
      EXPECT_THAT(error.what(), HasSubstr(c.complaint));
    }
  }
}

// A matcher that backtracks takes years for the first one and overflows the stack in the second.
TEST(SplitTest, NoRegexHangsOrCrashes) {
  EXPECT_EQ(GroupsOf({std::string(40, 'a')}, "(a+)+$").size(), 1U);
  EXPECT_THROW(GroupsOf({std::string(40, 'a') + "!"}, "(a+)+$"), Error);
  EXPECT_THROW(GroupsOf({std::string(3900, 'a')}, "((((((a|b))))))*_"), Error);
  try {
    GroupsOf({"aa"}, R"((a)\1)");
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_THAT(error.what(), HasSubstr("refer back"));
  }
}

TEST(SplitTest, TheFirstGroupIsTheSameAsWithAnyMatcher) {
  EXPECT_EQ(GroupsOf({"person07_walk_d2.avi", "v_Archery_g12_c03.avi", "anna-1.mp4", "ab.avi"},
                     "(?:v_[A-Za-z]+_)?(g[0-9]+|[a-z]+?)[-_0-9.]"),
            (std::vector<std::string>{"person", "g12", "anna", "ab"}));
}

}  // namespace
}  // namespace reel3d

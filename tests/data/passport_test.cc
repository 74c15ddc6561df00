// SPDX-License-Identifier: Apache-2.0
#include "lib/data/passport.h"

#include <gmock/gmock.h>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Passport Sample() {
  Passport passport;
  passport.list = {{"class_order", "sorted"}, {"missing_because", {{"no such file", 2}}}};
  passport.shards = {{"num_frames", 480}};
  passport.counts[{Subset::kTraining, "wave"}] = {10, 9, 8, 1};
  passport.counts[{Subset::kTesting, ""}] = {3, 3, 3, 0};
  return passport;
}

std::string Fault(const std::string& text) {
  const test::TemporaryFolder folder;
  WriteFileAtomically(folder / "passport.json", text);
  try {
    ReadPassport(folder / "passport.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "";
}

TEST(Passport, IsReadAsItWasWritten) {
  const test::TemporaryFolder folder;
  WritePassport(folder / "passport.json", Sample());
  const Passport read = ReadPassport(folder / "passport.json").value();
  EXPECT_EQ(FormatPassport(read), FormatPassport(Sample()));
  EXPECT_TRUE(DifferencesOf(read, Sample()).empty());
  const PassportCounts& counts = read.counts.at({Subset::kTraining, "wave"});
  EXPECT_EQ(counts.expected, 10);
  EXPECT_EQ(counts.num_short, 1);
}

TEST(Passport, IsCarriedOrRemoved) {
  const test::TemporaryFolder folder;
  WritePassport(folder / "from.json", Sample());
  CarryPassport(folder / "from.json", folder / "to.json");
  EXPECT_EQ(ReadFile(folder / "to.json"), FormatPassport(Sample()));
  WriteFileAtomically(folder / "from.json", "{");
  CarryPassport(folder / "from.json", folder / "to.json");
  EXPECT_FALSE(std::filesystem::exists(folder / "to.json"));
}

TEST(Passport, OthersAreRefused) {
  EXPECT_THAT(Fault("{}"), HasSubstr("not a passport"));
  EXPECT_THAT(Fault(R"({"format": "reel3d-passport", "format_version": 2})"),
              HasSubstr("another version"));
  const std::string begin = R"({"format": "reel3d-passport", "format_version": 1, "list": )";
  EXPECT_THAT(Fault(begin + R"([], "shards": {}, "counts": []})"), HasSubstr("objects"));
  EXPECT_NE(Fault(begin + R"({}, "shards": {}})"), "");
  EXPECT_NE(Fault(begin + R"({}, "shards": {}, "counts": null})"), "");
  const auto fault_of_version = [](const std::string& version) {
    return Fault(R"({"format": "reel3d-passport", "list": {}, "shards": {}, "counts": [], )"
                 R"("format_version": )" +
                 version + "}");
  };
  EXPECT_THAT(fault_of_version("4294967297"), HasSubstr("another version"));
  for (const char* damaged : {"0", "-1", "1.9", "\"1\"", "null", "1e300"}) {
    EXPECT_THAT(fault_of_version(damaged), HasSubstr("format_version is not a whole number from 1"))
        << damaged;
  }
  for (const char* row :
       {R"({"subset": "holdout", "class": "a"})", R"({"subset": "training"})", "7"}) {
    EXPECT_NE(Fault(begin + R"({}, "shards": {}, "counts": [)" + row + "]}"), "") << row;
  }
  const std::string row = R"({"subset": "training", "class": "a", "expected": 1, "found": 1,)";
  for (const char* count : {"-1", "1e300", "1.5", "18446744073709551615", "\"1\"", "null"}) {
    EXPECT_THAT(Fault(begin + R"({}, "shards": {}, "counts": [)" + row +
                      R"("packed": 1, "short": )" + count + "}]}"),
                HasSubstr("short is not a whole number from 0 to 1099511627776"))
        << count;
  }
  const std::string sound = row + R"("packed": 1, "short": 0})";
  EXPECT_EQ(Fault(begin + R"({}, "shards": {}, "counts": [)" + sound + "]}"), "");
  EXPECT_THAT(Fault(begin + R"({}, "shards": {}, "counts": [)" + sound + "," + sound + "]}"),
              HasSubstr("two rows"));
}

// The state of a checkpoint nests it deeper, and is refused if it nests too deep.
TEST(Passport, DeepFactsAreRefused) {
  const auto nested = [](const std::string& facts) {
    return R"({"format": "reel3d-passport", "format_version": 1, "shards": {}, "counts": [], )"
           R"("list": )" +
           facts + "}";
  };
  EXPECT_EQ(Fault(nested(R"({"a": {"b": {"c": {}}}})")), "");
  EXPECT_THAT(Fault(nested(R"({"a": {"b": {"c": [[]]}}})")), HasSubstr("at most 4 levels"));
}

TEST(Passport, IsOfItsOwnFilesAlone) {
  const test::TemporaryFolder folder;
  EXPECT_FALSE(ReadManifestPassport(folder / "videos.tsv").has_value()) << "there is none";
  Passport passport = Sample();
  WriteFileAtomically(folder / "videos.tsv", "one");
  WriteFileAtomically(folder / "shards.tsv", "two");
  passport.list[Passport::kOfManifest] = "7a6c86f1";  // of "one", by Python's zlib
  passport.shards[Passport::kOfShards] = "11ca8a66";  // of "two"
  WritePassport(folder / "videos.passport.json", passport);
  WritePassport(folder / Passport::kFileName, passport);
  EXPECT_TRUE(ReadManifestPassport(folder / "videos.tsv").has_value());
  EXPECT_TRUE(ReadShardsPassport(folder.path()).has_value());
  WriteFileAtomically(folder / "videos.tsv", "one more");
  WriteFileAtomically(folder / "shards.tsv", "two more");
  EXPECT_THROW(ReadManifestPassport(folder / "videos.tsv"), Error);
  EXPECT_THROW(ReadShardsPassport(folder.path()), Error);
  passport.list[Passport::kOfManifest] = 7;
  WritePassport(folder / "videos.passport.json", passport);
  EXPECT_THROW(ReadManifestPassport(folder / "videos.tsv"), Error);
}

TEST(Passport, OneThatCannotBeReadIsAWarning) {
  const test::TemporaryFolder folder;
  std::filesystem::create_directory(folder / "folder.json");
  std::filesystem::create_symlink("loop.json", folder / "loop.json");
  for (const char* name : {"folder.json", "loop.json"}) {
    EXPECT_FALSE(PassportOrWarning([&] { return ReadPassport(folder / name); }).has_value());
    EXPECT_THROW(ReadPassport(folder / name), Error) << name;
  }
}

TEST(Passport, ListedVideosAreCounted) {
  Manifest manifest;
  manifest.videos.resize(3);
  manifest.videos[0].label = manifest.videos[1].label = "wave";
  manifest.videos[2].subset = Subset::kTesting;
  Passport passport = Sample();
  CountListed(manifest, {{"x", "wave", Subset::kTraining, ""}, {"y", "run", Subset::kTraining, ""}},
              &passport);
  const PassportCounts& wave = passport.counts.at({Subset::kTraining, "wave"});
  EXPECT_EQ(wave.expected, 3);
  EXPECT_EQ(wave.found, 2);
  EXPECT_EQ(wave.packed, 8) << "the later stage's count stays";
  EXPECT_EQ(passport.counts.at({Subset::kTraining, "run"}).found, 0);
  EXPECT_EQ(passport.counts.at({Subset::kTesting, ""}).expected, 1);
}

TEST(Passport, DifferencesNameEachValue) {
  Passport other = Sample();
  other.list["class_order"] = "annotation";
  other.list["missing_because"] = nlohmann::ordered_json::object();
  other.counts.at({Subset::kTraining, "wave"}).packed = 7;
  std::vector<std::string> lines;
  for (const PassportDifference& found : DifferencesOf(Sample(), other)) {
    lines.push_back(found.what + ": " + found.first + " | " + found.second);
  }
  EXPECT_THAT(lines, ElementsAre("list class_order: sorted | annotation",
                                 "list missing_because no such file: 2 | ",
                                 "training: wave: packed: 8 | 7"));
}

// Facts of frames and of shards, and facts that only one list has, say nothing about the list.
TEST(Passport, ListsDifferInWhatBothState) {
  Passport other = Sample();
  other.list["scanned_by"] = "a newer list-videos";
  other.shards = {{"frames", {{"height", 240}}}, {"differences", {{"x", "y"}}}};
  other.counts.at({Subset::kTraining, "wave"}) = {10, 9, 0, 0};
  ASSERT_TRUE(ListDifferences(Sample(), other).has_value());
  EXPECT_TRUE(ListDifferences(Sample(), other)->empty());
  other.list["missing_because"] = {{"no such file", 3}};
  other.counts.at({Subset::kTraining, "wave"}).found = 8;
  other.counts[{Subset::kTesting, "run"}] = {1, 1, 1, 1};
  std::vector<std::string> lines;
  const auto differences = ListDifferences(Sample(), other);
  ASSERT_TRUE(differences.has_value());
  for (const PassportDifference& found : *differences) {
    lines.push_back(found.what + ": " + found.first + " | " + found.second);
  }
  EXPECT_THAT(
      lines, ElementsAre("list missing_because no such file: 2 | 3", "testing: run: expected:  | 1",
                         "testing: run: found:  | 1", "training: wave: found: 9 | 8"));
}

TEST(Passport, ListsThatAreNotThereAreNotCompared) {
  Passport weights;
  weights.shards = {{"frames", {{"height", 240}}}};
  EXPECT_FALSE(ListDifferences(weights, Sample()).has_value());
  EXPECT_FALSE(ListDifferences(Sample(), weights).has_value());
  weights.list = {{"other", 1}};
  EXPECT_FALSE(ListDifferences(weights, Sample()).has_value()) << "no fact stands in both";
}

}  // namespace
}  // namespace reel3d

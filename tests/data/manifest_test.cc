// SPDX-License-Identifier: Apache-2.0
#include "lib/data/manifest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/data/tsv.h"
#include "tests/message_of.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const std::string kHeader =
    "id\tpath\tlabel\tsubset\tbegin_s\tend_s\tnum_frames\tfps\twidth\theight\n";

class ManifestTest : public ::testing::Test {
 protected:
  std::filesystem::path Write(const std::string& text) {
    WriteFileAtomically(folder_ / "videos.tsv", text);
    return folder_ / "videos.tsv";
  }
  test::TemporaryFolder folder_;
};

TEST_F(ManifestTest, ReadsEveryColumn) {
  const Manifest manifest = ReadManifest(
      Write(kHeader + "a b\t../x/a b.mp4\tjump\tvalidation\t0.5\t2.25\t40\t29.97\t320\t240\n" +
            "ü\t/abs/ü.avi\t\ttesting\t\t\t\t\t\t\n"));
  ASSERT_EQ(manifest.videos.size(), 2U);
  const VideoRow& first = manifest.videos[0];
  EXPECT_EQ(first.id, "a b");
  EXPECT_EQ(first.label, "jump");
  EXPECT_EQ(first.subset, Subset::kValidation);
  EXPECT_EQ(first.begin_s, 0.5);
  EXPECT_EQ(first.end_s, 2.25);
  EXPECT_EQ(first.num_frames, 40);
  EXPECT_EQ(first.fps, 29.97);
  EXPECT_EQ(first.width, 320);
  EXPECT_EQ(first.height, 240);
  EXPECT_EQ(manifest.VideoPath(first), folder_.path() / "../x/a b.mp4");
  const VideoRow& second = manifest.videos[1];
  EXPECT_EQ(second.label, "");
  EXPECT_FALSE(second.begin_s || second.end_s || second.num_frames || second.fps || second.width);
  EXPECT_EQ(manifest.VideoPath(second), "/abs/ü.avi");
}

TEST_F(ManifestTest, WhatIsWrittenReadsBackTheSame) {
  const std::string text = kHeader + "a\ta.mp4\tjump\ttraining\t0.1\t1e-05\t\t\t\t\n";
  EXPECT_THAT(test::MessageOf([&] { ReadManifest(Write(text)); }), HasSubstr("not after begin_s"));
  const std::string good = kHeader + "a\ta.mp4\tjump\ttraining\t1e-05\t0.1\t7\t25\t2\t65535\n";
  EXPECT_EQ(FormatManifest(ReadManifest(Write(good))), good);
}

TEST_F(ManifestTest, ToleratesReturnsByteOrderMarkAndAMissingLastNewline) {
  std::string text = "\xEF\xBB\xBF" + kHeader + "a\ta.mp4\tjump\ttraining\t\t\t\t\t\t7";
  for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2) {
    text.replace(at, 1, "\r\n");
  }
  EXPECT_EQ(ReadManifest(Write(text)).videos.at(0).height, 7);
}

struct BadRow {
  std::string row;
  std::string complaint;
};

TEST_F(ManifestTest, BadRowsAreNamedWithFileAndLine) {
  const std::string good = "good\tg.mp4\tjump\ttraining\t\t\t\t\t\t\n";
  const std::vector<BadRow> cases = {
      {"", "1 fields instead of 10"},
      {"a\ta.mp4\tjump\ttraining", "4 fields instead of 10"},
      {"a\ta.mp4\tjump\ttraining\t\t\t\t\t\t\t", "11 fields instead of 10"},
      {"\ta.mp4\tjump\ttraining\t\t\t\t\t\t", "is empty"},
      {".a\ta.mp4\tjump\ttraining\t\t\t\t\t\t", "begins with a dot"},
      {"a/b\ta.mp4\tjump\ttraining\t\t\t\t\t\t", "holds a slash"},
      {std::string(300, 'a') + "\ta.mp4\tjump\ttraining\t\t\t\t\t\t", "longer than"},
      {"a\x01\ta.mp4\tjump\ttraining\t\t\t\t\t\t", "control character"},
      {"a\xFF\ta.mp4\tjump\ttraining\t\t\t\t\t\t", "not UTF-8"},
      {"a\t\tjump\ttraining\t\t\t\t\t\t", "no path"},
      {"a\ta.mp4\tjump\ttrain\t\t\t\t\t\t", "training, validation or testing"},
      {"a\ta.mp4\tjump\ttraining\tx\t\t\t\t\t", "begin_s: 'x'"},
      {"a\ta.mp4\tjump\ttraining\t-1\t\t\t\t\t", "begin_s: '-1'"},
      {"a\ta.mp4\tjump\ttraining\tnan\t\t\t\t\t", "begin_s: 'nan'"},
      {"a\ta.mp4\tjump\ttraining\t1 \t\t\t\t\t", "begin_s: '1 '"},
      {"a\ta.mp4\tjump\ttraining\t2\t2\t\t\t\t", "not after"},
      {"a\ta.mp4\tjump\ttraining\t\t0\t\t\t\t", "not after"},
      {"a\ta.mp4\tjump\ttraining\t\t\t0\t\t\t", "num_frames: '0'"},
      {"a\ta.mp4\tjump\ttraining\t\t\t99999999999999999999\t\t\t", "num_frames"},
      {"a\ta.mp4\tjump\ttraining\t\t\t1.5\t\t\t", "num_frames: '1.5'"},
      {"a\ta.mp4\tjump\ttraining\t\t\t\t0\t\t", "fps: '0'"},
      {"a\ta.mp4\tjump\ttraining\t\t\t\t\t70000\t", "width: '70000'"},
      {"a\ta.mp4\tjump\ttraining\t\t\t\t\t\t-2", "height: '-2'"},
      {"good\ta.mp4\tjump\ttraining\t\t\t\t\t\t", "'good' stands in line 2 already"},
  };
  for (const BadRow& bad : cases) {
    const auto file = Write(kHeader + good + bad.row + "\n" + "z" + good);
    EXPECT_THAT(test::MessageOf([&] { ReadManifest(file); }),
                AllOf(HasSubstr("videos.tsv:3: "), HasSubstr(bad.complaint)));
  }
}

// list-videos no longer lists names with U+0080 to U+009F, but older manifests may have them.
TEST_F(ManifestTest, ReadsWhatEarlierVersionsListed) {
  const std::string name = "a\u0085\u009Bb";
  const auto file =
      Write(kHeader + name + "\t" + name + ".mp4\t" + name + "\ttesting\t\t\t\t\t\t\n");
  const Manifest manifest = ReadManifest(file);
  ASSERT_EQ(manifest.videos.size(), 1U);
  EXPECT_EQ(manifest.videos[0].id, name);
  EXPECT_EQ(FormatManifest(manifest), ReadFile(file));
  EXPECT_EQ(FormatClasses({name}), name + "\n");
  EXPECT_EQ(NewFieldFault(name), "holds a control character");
  EXPECT_EQ(NewFieldFault("\u00A0\u00E9"), "");
  EXPECT_EQ(NewFieldFault("\xFF"), "is not UTF-8");
}

TEST_F(ManifestTest, RefusesAnotherHeader) {
  for (const std::string text : {"", "id\tpath\n", "a\ta.mp4\tjump\ttraining\t\t\t\t\t\t\n"}) {
    EXPECT_THAT(test::MessageOf([&] { ReadManifest(Write(text)); }),
                AllOf(HasSubstr("videos.tsv:1: "), HasSubstr("header")));
  }
  EXPECT_THAT(test::MessageOf([&] { ReadManifest(folder_ / "absent.tsv"); }),
              HasSubstr("absent.tsv"));
}

TEST_F(ManifestTest, DoesNotWriteWhatCannotBeRead) {
  VideoRow row;
  row.id = "a";
  row.path = "a\tb.mp4";
  Manifest manifest;
  manifest.videos = {row};
  EXPECT_THAT(test::MessageOf([&] { FormatManifest(manifest); }), HasSubstr("control character"));
  row.path = "a.mp4";
  manifest.videos = {row, row};
  EXPECT_THAT(test::MessageOf([&] { FormatManifest(manifest); }), HasSubstr("same id 'a'"));
}

TEST_F(ManifestTest, ClassesAreLines) {
  WriteFileAtomically(folder_ / "classes.txt", "b c\r\na\n");
  EXPECT_THAT(ReadClasses(folder_ / "classes.txt"), ElementsAre("b c", "a"));
  WriteClasses(folder_ / "classes.txt", {});
  EXPECT_THAT(ReadClasses(folder_ / "classes.txt"), ElementsAre());
  for (const auto& [text, complaint] : std::vector<std::pair<std::string, std::string>>{
           {"a\n\nb\n", "classes.txt:2: class name '' is empty"},
           {"a\nb\na\n", "classes.txt:3: class name 'a' stands in line 1 already"},
           {"a\tb\n", "classes.txt:1: class name 'a\\tb' holds a control character"}}) {
    WriteFileAtomically(folder_ / "classes.txt", text);
    EXPECT_THAT(test::MessageOf([&] { ReadClasses(folder_ / "classes.txt"); }),
                HasSubstr(complaint));
  }
}

TEST(Utf8Test, KnowsItsWayAround) {
  for (const char* good : {"", "a", "ü", "€", "😀", "\xF4\x8F\xBF\xBF", "\xED\x9F\xBF"}) {
    EXPECT_TRUE(IsUtf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xC0\x80", "\xC3", "\xE2\x82", "\xE0\x80\x80", "\xED\xA0\x80",
                          "\xF4\x90\x80\x80", "\xF0\x80\x80\x80", "\xFF", "a\xC3z"}) {
    EXPECT_FALSE(IsUtf8(bad)) << bad;
  }
}

// Windows editors save such files, with byte order marks and carriage returns. Joined lists have a
// mark in the middle.
TEST_F(ManifestTest, ClassesAreReadWithoutMarksAndReturns) {
  const auto file = folder_ / "classes.txt";
  for (const std::string text : {"\xEF\xBB\xBFjump\r\nwave\r\n", "jump\n\xEF\xBB\xBFwave",
                                 "\xEF\xBB\xBF\xEF\xBB\xBFjump\nwave\n"}) {
    WriteFileAtomically(file, text);
    EXPECT_THAT(ReadClasses(file), ElementsAre("jump", "wave"));
  }
  WriteFileAtomically(file, std::string("\xFF\xFEj\0", 4));
  EXPECT_THAT(test::MessageOf([&] { ReadClasses(file); }), HasSubstr("save it as UTF-8"));
  EXPECT_THAT(test::MessageOf([&] {
                FormatClasses({"jump", "\xEF\xBB\xBFwave"});
              }),
              HasSubstr("classes:2: "));
}

TEST_F(ManifestTest, ListsOfClassesThatDifferAreToldByName) {
  const std::vector<std::string> ours = {"caf\xC3\xA9", "jump", "run"};
  const auto difference = [&](const std::vector<std::string>& theirs) {
    return ClassDifference({"the checkpoint", ours}, {"shards", theirs});
  };
  EXPECT_EQ(difference(ours), "");
  EXPECT_EQ(difference({"cafe\xCC\x81", "jump", "run"}), "") << "another Unicode form";
  EXPECT_EQ(difference({"caf\xC3\xA9", "Jump", "run"}),
            "the checkpoint knows 3 classes and shards has 3; only the checkpoint has 'jump'; "
            "only shards has 'Jump'");
  EXPECT_THAT(difference({"caf\xC3\xA9", "run", "jump"}),
              HasSubstr("another order: class 1 is 'jump' in the checkpoint and 'run' in shards"));
  EXPECT_EQ(difference({"jump", "run"}),
            "the checkpoint knows 3 classes and shards has 2; only the checkpoint has "
            "'caf\xC3\xA9'");
}

}  // namespace
}  // namespace reel3d

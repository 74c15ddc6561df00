// Annotation files that are damaged, or meant to do harm: list-videos ends with status 3, prints
// one line that names the file and the place, and writes nothing.
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "lib/base/file.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const std::string kHeader = "label,youtube_id,time_start,time_end,split\n";

class HostileFilesTest : public ::testing::Test {
 protected:
  HostileFilesTest() {
    fs::create_directories(folder_ / "videos");
    WriteFileAtomically(folder_ / "videos/-A0bCdEfGhI_000017_000027.mp4", "x");
  }

  test::CommandResult List(const std::string& name, const std::vector<std::string>& more = {}) {
    std::vector<std::string> command = {test::ToolPath("list-videos").string(), "--annotations",
                                        (folder_ / name).string()};
    command.insert(command.end(), more.begin(), more.end());
    command.push_back((folder_ / "videos").string());
    command.push_back((folder_ / "out/videos.tsv").string());
    return test::RunCommand(command);
  }
  void Refuse(const std::string& name, const std::string& text, const std::string& why,
              const std::string& format) {
    WriteFileAtomically(folder_ / name, text);
    ExpectRefusal(List(name, {"--format", format}), why);
  }
  void ExpectRefusal(const test::CommandResult& result, const std::string& why) {
    EXPECT_EQ(result.exit_status, 3) << result.err;
    EXPECT_THAT(result.err, HasSubstr(why));
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1) << result.err;
    for (const char* name : {"videos.tsv", "classes.txt", "videos.missing.tsv"}) {
      EXPECT_FALSE(fs::exists(folder_ / "out" / name)) << name;
    }
  }

  test::TemporaryFolder folder_;
};

TEST_F(HostileFilesTest, BadRowsOfCsv) {
  const std::string good = "run,-A0bCdEfGhI,17,27,train\n";
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"M\xFCll,abcdefghijk,1,2,train\n", ":3: is not UTF-8"},
      {"a\tb,abcdefghijk,1,2,train\n", ":3: label 'a\\tb' holds a control character"},
      {"a\"b,abcdefghijk,1,2,train\n", ":3: has a quote inside a field"},
      {"\"a,abcdefghijk,1,2,train\n", ":3: has a quote that is not closed"},
      {"run,abcdefghijk,-1,2,train\n", ":3: time_start '-1' is not a number"},
      {"run,abcdefghijk,nan,2,train\n", ":3: time_start 'nan' is not a number"},
      {"run,abcdefghijk,5,4,train\n", ":3: video 'abcdefghijk' ends at 4 s, which is not after"},
      {"run,abcdefghijk,5,5,train\n", ":3: video 'abcdefghijk' ends at 5 s"},
      {"walk,-A0bCdEfGhI,17,27,train\n",
       ":3: video '-A0bCdEfGhI' is 'walk' in training, but 'run' in training in"},
      {"run,-A0bCdEfGhI,17,27.0,val\n", ":3: video '-A0bCdEfGhI' is 'run' in validation, but"},
      {"run,abcdefghijk,1,2\n", ":3: has 4 fields, but the header names 5"},
      {"run,abcdefghijk,1,2,holdin\n", ":3: 'holdin' is no subset: train, training"},
      {"run,a/../../secret,1,2,train\n", ":3: video 'a/../../secret' holds a slash"},
      {"run,,1,2,train\n", ":3: video '' is empty"},
      {"R-U-N,abcdefghijk,1,2,train\n", "labels 'run' and 'R-U-N' are the same but for capitals"}};
  for (const auto& [row, why] : cases) {
    Refuse("train.csv", kHeader + good + row, why, "kinetics-csv");
  }
  Refuse("train.csv", "label,youtube_id,time_start,split\n", "has no column time_end, but label",
         "kinetics-csv");
  Refuse("train.csv", "", "is empty", "kinetics-csv");
  Refuse("train.csv", kHeader, "holds no row to list", "kinetics-csv");
}

TEST_F(HostileFilesTest, RowsThatRepeatAnotherAreLeftOut) {
  const std::string row = "run,-A0bCdEfGhI,17,27,train\n";
  WriteFileAtomically(folder_ / "train.csv", kHeader + row + row);
  const test::CommandResult result = List("train.csv");
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("left out: 1 repeats another row"));
}

TEST_F(HostileFilesTest, BadJson) {
  const std::string deep(100000, '[');
  Refuse("train.json", "{\"a\": " + deep, "JSON that nests too deep", "kinetics-json");
  Refuse("train.json", "{\"a\": ", "not JSON: ", "kinetics-json");
  Refuse("train.json", "{\"a\": {\"subset\": 5}}", "record 1 'a': ", "kinetics-json");
  Refuse("train.json", "{\"a\": 5}", "record 1 'a': ", "kinetics-json");
  Refuse("train.json", "[]", "holds no row to list", "kinetics-json");
  Refuse("train.json", "{\"a\xFF\": 5}", "not JSON: ", "kinetics-json");
  Refuse("train.json",
         "{\"a\": {\"subset\": \"train\", \"annotations\": {\"label\": \"x\","
         "\"segment\": [1e999, 2]}}}",
         "not JSON: ", "kinetics-json");
  Refuse("a.json", "{\"database\": {\"a\": {\"subset\": \"training\", \"duration\": \"5x\"}}}",
         "duration '5x' of video 'a' is not a number", "hacs-segments");
  Refuse("a.json",
         "{\"database\": {\"a\": {\"subset\": \"training\", \"annotations\": [{\"label\": "
         "\"x\", \"segment\": [-1, 2]}]}}}",
         "record 1: video 'a' has a time below 0", "activitynet");
  Refuse("a.json",
         "{\"labels\": [\"a\"], \"database\": {\"v\": {\"subset\": \"training\", "
         "\"annotations\": {\"label\": \"b\", \"segment\": [1, 2]}}}}",
         "label 'b' of the rows is none of its 1 classes", "reference-json");
}

TEST_F(HostileFilesTest, ALongLineIsNoReasonToCrash) {
  std::string text = "{\"a\": {\"subset\": \"train\", \"annotations\": {\"label\": \"x\"";
  for (int i = 0; i < 20'000; ++i) {
    text += ", \"" + std::to_string(i) + "\": 0";
  }
  WriteFileAtomically(folder_ / "long.json", text + "}}}");
  EXPECT_THAT(List("long.json").err, HasSubstr("--format"));
  WriteFileAtomically(folder_ / "long.csv", std::string(200'000, 'x') + "\n");
  EXPECT_THAT(List("long.csv").err, HasSubstr("--format"));
}

// A value takes far more memory than its two bytes in the file.
TEST_F(HostileFilesTest, ARecordOfAMillionValuesIsRefused) {
  std::string values;
  for (int i = 0; i < 1'000'000; ++i) {
    values += "0,";
  }
  Refuse("a.json",
         "{\"database\": {\"v\": {\"subset\": \"training\", \"annotations\": [" + values + "0]}}}",
         "a.json: record 1 'v' has more than 1000000 values", "activitynet");
}

TEST_F(HostileFilesTest, RecordsMayHoldMoreThanAMillionValuesTogether) {
  std::string values;
  for (int i = 0; i < 600'000; ++i) {
    values += "0,";
  }
  const std::string record =
      R"(": {"subset": "train", "annotations": {"label": "x", "segment": [17, 27]}, "more": [)" +
      values + "0]}";
  WriteFileAtomically(folder_ / "train.json",
                      "{\"-A0bCdEfGhI" + record + ", \"absent" + record + "}");
  const test::CommandResult result = List("train.json", {"--format", "kinetics-json"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
}

TEST_F(HostileFilesTest, NumbersOfClassesMustBeInTheList) {
  WriteFileAtomically(folder_ / "names.txt", "a\nb\n");
  WriteFileAtomically(folder_ / "train.txt", "x.mp4 2\n");
  ExpectRefusal(List("train.txt",
                     {"--format", "videomae", "--class-order", (folder_ / "names.txt").string()}),
                "train.txt:1: class number 2 is not within 0 .. 1 of ");
  Refuse("train.txt", "x.mp4 99999999999\n", "label '99999999999' is not a whole number",
         "videomae");
}

// A file above the size limit is not read. This sparse file of 1 GiB is refused at once.
TEST_F(HostileFilesTest, LineOfAGigabyte) {
  const std::string file = (folder_ / "train.csv").string();
  WriteFileAtomically(file, kHeader);
  fs::resize_file(file, uint64_t{1} << 30);
  ExpectRefusal(List("train.csv", {"--format", "kinetics-csv"}), "train.csv");
  fs::resize_file(file, uint64_t{1} << 28);
  ExpectRefusal(List("train.csv", {"--format", "kinetics-csv"}),
                "train.csv:2: is longer than 1048576 bytes");
}

TEST_F(HostileFilesTest, UnknownFormatIsAUsageErrorThatListsAll) {
  WriteFileAtomically(folder_ / "train.csv", kHeader);
  const test::CommandResult result = List("train.csv", {"--format", "kinetics"});
  EXPECT_EQ(result.exit_status, 2);
  EXPECT_THAT(result.err, HasSubstr("the formats are kinetics-csv, kinetics-json, activitynet"));
}

}  // namespace
}  // namespace reel3d

// starts.jsonl: one line for each start, whatever happens to the file or to a writer.
// SPDX-License-Identifier: Apache-2.0
#include "lib/ledger/starts_file.h"

#include <gtest/gtest.h>

#include "lib/base/file.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

StartRecord Example(int64_t step) {
  StartRecord record;
  record.host = "node7";
  record.job = "4711";
  record.ranks = 8;
  record.eligible_s = 1764469000.25;
  record.job_start_s = 1764469100;
  record.began_s = 1764469110.125;
  record.at_s = 1764469210.5;
  record.first_step = 100;
  record.step = step;
  record.seconds = {1.5, 2.25, 3.125, 4, 5, 6.001};
  record.saves = {{110, {1.5, 1, 1, 1, 1, 1}}, {120, {1.5, 2, 2, 2, 2, 2}}};
  return record;
}

class Starts : public ::testing::Test {
 protected:
  std::vector<StartRecord> Read() const { return ReadStarts(file_); }

  test::TemporaryFolder folder_;
  std::filesystem::path file_ = folder_ / kStartsFile;
};

TEST_F(Starts, ALineSurvivesFormatAndParse) {
  const std::string line = FormatStart(Example(123));
  EXPECT_EQ(line.size(), kStartLineBytes);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const std::optional<StartRecord> read = ParseStart(line);
  ASSERT_TRUE(read);
  EXPECT_EQ(FormatStart(*read), line);
  EXPECT_EQ(read->job, "4711");
  EXPECT_EQ(read->step, 123);
  EXPECT_DOUBLE_EQ(In(read->seconds, Work::kData), 3.125);
  ASSERT_EQ(read->saves.size(), 2U);
  EXPECT_EQ(read->saves[1].step, 120);
  EXPECT_DOUBLE_EQ(In(read->saves[1].seconds, Work::kSaves), 2);
}

TEST_F(Starts, TheLongestValuesFitIntoALine) {
  StartRecord record = Example(999'999'999'999);
  record.host = record.job = std::string(500, '\x01');  // six bytes each in JSON
  record.seconds.fill(99'999'999'999.123);
  record.saves.assign(kMostSavePoints, {999'999'999'999, record.seconds});
  record.eligible_s = record.job_start_s = record.began_s = record.at_s = 99'999'999'999.123;
  EXPECT_EQ(FormatStart(record).size(), kStartLineBytes);
  record.host = record.job = std::string(500, '\xff');
  EXPECT_EQ(FormatStart(record).size(), kStartLineBytes);
}

TEST_F(Starts, ImpossibleLinesAreNoRecords) {
  const auto with = [](const std::string& old_text, const std::string& new_text) {
    std::string line = FormatStart(Example(123));
    const size_t place = line.find(old_text);
    EXPECT_NE(place, std::string::npos) << old_text;
    line.replace(place, old_text.size(), new_text);
    line.resize(kStartLineBytes - 1, ' ');
    return ParseStart(line).has_value();
  };
  EXPECT_TRUE(with(R"("end":"")", R"("end":"failed")"));
  EXPECT_FALSE(with(R"("end":"")", R"("end":")" + std::string(1500, 'x') + '"')) << "unknown word";
  EXPECT_FALSE(with(R"("step":120)", R"("step":110)")) << "steps of saves must rise";
  EXPECT_FALSE(with(R"("steps":2.0)", R"("steps":0.5)")) << "seconds of saves must rise";
  EXPECT_FALSE(with(R"("steps":2.25)", R"("steps":1.5)")) << "the last save is beyond the start";
  EXPECT_FALSE(ParseStart(FormatStart(Example(123)) + std::string(10, ' '))) << "too long";
}

TEST_F(Starts, ALineCanBeReadAfterTheClockWasSetBack) {
  StartRecord record = Example(123);
  record.at_s = record.began_s - 3600;
  const std::optional<StartRecord> read = ParseStart(FormatStart(record));
  ASSERT_TRUE(read);
  EXPECT_DOUBLE_EQ(read->at_s, record.began_s);
}

TEST_F(Starts, AFileThatCannotBeReadIsKept) {
  WriteFileAtomically(file_, "earlier");
  std::filesystem::resize_file(file_, 100'000'000);
  const std::string unread = file_.string() + ".unread-";
  WriteFileAtomically(unread + "1", "older");
  StartsFile(file_).Write(Example(120));
  EXPECT_EQ(ReadFile(file_), FormatStart(Example(120)));
  EXPECT_EQ(ReadFile(unread + "1"), "older");
  EXPECT_EQ(std::filesystem::file_size(unread + "2"), 100'000'000U);
}

TEST_F(Starts, HaveALineEach) {
  for (int start = 0; start < 3; ++start) {
    StartsFile file(file_);
    for (int step = 100; step < 105; ++step) {
      file.Write(Example(step + start));
    }
  }
  const std::vector<StartRecord> starts = Read();
  ASSERT_EQ(starts.size(), 3U);
  EXPECT_EQ(starts[0].step, 104);
  EXPECT_EQ(starts[2].step, 106);
  EXPECT_EQ(std::filesystem::file_size(file_), 3 * kStartLineBytes);
}

TEST_F(Starts, DamagedLinesAreDropped) {
  const std::string good = FormatStart(Example(110));
  std::string negative = FormatStart(Example(110));
  negative.replace(negative.find("\"data\":3.125"), 12, "\"data\":-1.00");
  WriteFileAtomically(file_, good + "{\"host\":" + negative + std::string(5000, '[') + "\n\n" +
                                 "{\"first_step\":1e300}\n" + good + good.substr(0, 300));
  EXPECT_EQ(Read().size(), 2U);
  StartsFile(file_).Write(Example(130));
  EXPECT_EQ(ReadFile(file_), good + good + FormatStart(Example(130)));
}

TEST_F(Starts, AFileThatIsReplacedOrRemovedIsMadeAgain) {
  const std::string earlier = FormatStart(Example(110));
  WriteFileAtomically(file_, earlier);
  StartsFile file(file_);
  file.Write(Example(120));
  std::filesystem::remove(file_);
  file.Write(Example(121));
  EXPECT_EQ(ReadFile(file_), earlier + FormatStart(Example(121)));
  WriteFileAtomically(file_, "other");
  file.Write(Example(122));
  EXPECT_EQ(ReadFile(file_), earlier + FormatStart(Example(122)));
}

TEST_F(Starts, AFolderThatIsGoneEndsNothing) {
  StartsFile file(folder_ / "absent" / kStartsFile);
  file.Write(Example(120));
  MakeFolders(folder_ / "absent");
  file.Write(Example(121));
  EXPECT_EQ(ReadStarts(folder_ / "absent" / kStartsFile).size(), 1U);
}

}  // namespace
}  // namespace reel3d

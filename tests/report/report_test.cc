// The page of a run: its numbers are those of the run's files, and neither hostile names nor
// damaged files break it.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <regex>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/report/sections/sections.h"
#include "pipeline/stages/report_run.h"
#include "tests/report/hostile_names.h"
#include "tests/report/page_tables.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Json = nlohmann::ordered_json;

// Makes a run with two classes and three epochs. Only the last epoch was validated.
class Report : public ::testing::Test {
 protected:
  Report() {
    Write("train/metrics.jsonl",
          "{\"step\":5,\"epoch\":1,\"lr\":0.1,\"train_loss\":0.71234567891,\"train_top1\":0.25,"
          "\"train_top5\":0.875}\n"
          "{\"step\":10,\"epoch\":2,\"lr\":0.1,\"train_loss\":0.5,\"train_top1\":0.5}\n"
          "{\"step\":15,\"epoch\":3,\"lr\":0.01,\"train_loss\":0.25,\"train_top1\":0.75,"
          "\"validation_loss\":0.333,\"validation_top1\":0.625}\n");
    Write("train/times.jsonl",
          "{\"epoch\":1,\"clips\":100,\"seconds\":2,\"ranks\":[{\"phases_s\":{\"waiting for "
          "data\":0.5,\"forward\":1.5}},{\"phases_s\":{\"waiting for data\":1.5,\"forward\":0.5}}]"
          "}\n");
    Write("train/config.ini", "# help\nmodel = r3d\ndepth = 18\nlr = 0.1\n");
    Write("train/report.json", "{\"seconds\": 125, \"epochs\": 3, \"ranks\": 2}");
    WriteEvaluation({"rise", "fall"});
    for (const char* stage : {"train", "evaluation"}) {
      Write(std::string(stage) + "/DONE", "");
    }
  }

  void Write(const std::string& name, const std::string& text) {
    const std::filesystem::path file = run_ / name;
    MakeFolders(file.parent_path());
    WriteFileAtomically(file, text);
  }
  void WriteEvaluation(const std::vector<std::string>& names) {
    Json metrics = {{"subset", "validation"},    {"num_expected", 4},
                    {"video_top1", 0.75},        {"video_top1_interval_95", {0.5, 1.0}},
                    {"video_top5", 1.0},         {"video_average", 0.875},
                    {"per_class", Json::array()}};
    std::string confusion = "label";
    for (const std::string& name : names) {
      metrics["per_class"].push_back(
          {{"class", name}, {"num_videos", 2}, {"top1", 0.5}, {"top5", 1.0}});
      confusion += "\t" + name;
    }
    for (const std::string& name : names) {
      confusion += "\n" + name;
      for (const std::string& other : names) {
        confusion += name == other ? "\t1" : other == names[0] ? "\t1" : "\t0";
      }
    }
    Write("evaluation/metrics.json", metrics.dump());
    Write("evaluation/confusion.tsv", confusion + "\n");
    Write("evaluation/figures.json",
          R"({"ladder": [{"change": "first", "top1": 0.5, "gain": 0, "beside": false},
              {"change": "second", "top1": 0.75, "gain": 0.25, "beside": true}],
              "calibration": {"as_scored": {"bins": [
                {"num_videos": 0, "mean_confidence": 0, "accuracy": 0},
                {"num_videos": 3, "mean_confidence": 0.625, "accuracy": 0.375}]}},
              "abstention": {"risk_coverage": [{"coverage": 0.5, "precision": 1.0},
                                               {"coverage": 1.0, "precision": 0.75}]}})");
    Write("evaluation/predictions.tsv", "id\tlabel\tpredicted\tscore\trank\tnum_clips\na\t" +
                                            names[1] + "\t" + names[0] + "\t0.875\t1\t3\nb\t" +
                                            names[1] + "\t" + names[1] + "\t0.9\t0\t3\n");
  }

  std::string Page(std::vector<std::string> runs = {}) {
    ReportRunOptions options;
    options.runs = runs.empty() ? std::vector<std::string>{run_.string()} : std::move(runs);
    options.page = folder_ / "report.html";
    options.svg_dir = folder_ / "svg";
    numbers_ = RunReportRun(options).numbers;
    return ReadFile(options.page);
  }

  static test::PageTable Rows(const std::string& page, const std::string& id) {
    return test::NumbersOf(page, id);
  }

  test::TemporaryFolder folder_;
  std::filesystem::path run_ = folder_ / "my_run";
  Json numbers_;
};

TEST_F(Report, HasTheNumbersOfItsFiles) {
  const std::string page = Page();
  using Table = std::vector<std::vector<std::string>>;
  EXPECT_EQ(Rows(page, "loss"),
            (Table{{"1.0", "0.71234567891", ""}, {"2.0", "0.5", ""}, {"3.0", "0.25", "0.333"}}));
  EXPECT_EQ(Rows(page, "clip_top1"),
            (Table{{"1.0", "0.25", ""}, {"2.0", "0.5", ""}, {"3.0", "0.75", "0.625"}}));
  EXPECT_EQ(Rows(page, "clip_top5"), (Table{{"1.0", "0.875", ""}}));
  EXPECT_EQ(Rows(page, "learning_rate"), (Table{{"1.0", "0.1"}, {"2.0", "0.1"}, {"3.0", "0.01"}}));
  EXPECT_EQ(Rows(page, "clips_per_s"), (Table{{"1.0", "50.0"}}));
  EXPECT_EQ(Rows(page, "waiting_share"), (Table{{"1.0", "0.5"}}));
  // Mean, share, least, most, and the rank with the most.
  EXPECT_EQ(Rows(page, "phases"),
            (Table{{"1.0", "0.5", "0.5", "1.5", "0"}, {"1.0", "0.5", "0.5", "1.5", "1"}}));
  EXPECT_EQ(Rows(page, "confusion"), (Table{{"1", "0.5"}, {"1", "1.0"}, {"1", "0.5"}}));
  EXPECT_EQ(Rows(page, "mistakes"), (Table{{"0.875", "1"}}));
  EXPECT_EQ(Rows(page, "runs"), (Table{{"0.75", "1.0", "0.875", ""}}));
  EXPECT_THAT(test::WithSpaces(page),
              HasSubstr("75.0 % of 4 validation videos get the right class (top-1). 95 % "
                        "interval: 50.0 to 100.0 %."));
  // The JSON has the same numbers.
  EXPECT_EQ(numbers_["sections"]["training"]["loss"]["rows"][2], (Json{3.0, 0.25, 0.333}));
}

TEST_F(Report, HasCountsSuspectsAndOtherPublishedResults) {
  Write("train/report.json", R"({"training_videos": 1200, "validation_videos": 34})");
  Write("shards/report.json", R"({"num_videos": 1300, "num_packed": 1234, "num_frames": 56789})");
  Write("evaluation/suspect_labels.tsv",
        "id\tlabel\tanswer\tmargin\na\tfall\trise\t0.75\nb\tfall\trise\t0.5\n");
  const std::string page = Page();
  using Table = std::vector<std::vector<std::string>>;
  EXPECT_EQ(Rows(page, "counts"), (Table{{"1300"}, {"1234"}, {"56789"}, {"1200"}, {"34"}}));
  EXPECT_EQ(Rows(page, "suspects"), (Table{{"0.75"}, {"0.5"}}));
  // The table has metric and value as its fifth and sixth column.
  std::multimap<std::string, double> published;
  const std::string file = ReadFile(test::SourceFolder() / "configs/published_results.tsv");
  const std::regex line_of("(?:[^\t\n]*\t){4}(?:video )?(top1|top5|average)\t([0-9.]+)\t");
  for (std::sregex_iterator line(file.begin(), file.end(), line_of), end; line != end; ++line) {
    published.emplace((*line)[1], std::stod((*line)[2]));
  }
  const auto others = Rows(page, "other_published");
  ASSERT_GT(others.size(), 3U);
  const char* const metrics[] = {"top1", "top5", "average"};
  for (const std::vector<std::string>& row : others) {
    for (size_t place = 0; place < 3; ++place) {
      const auto [begin, end] = published.equal_range(metrics[place]);
      EXPECT_TRUE(row.at(place).empty() ||
                  std::any_of(begin, end,
                              [&](const auto& result) {
                                return std::abs(100 * std::stod(row[place]) - result.second) < 1e-9;
                              }))
          << row[place];
    }
  }
}

TEST_F(Report, HasReliabilityAbstentionSlicesAndTheLadder) {
  Json metrics = Json::parse(ReadFile(run_ / "evaluation/metrics.json"));
  metrics["slices"] = Json::parse(
      R"([{"column": "fps", "value": "25", "num_videos": 3, "top1": 0.25, "adjusted_p_value": 0.125,
           "top1_interval_95": [0.125, 0.5], "stands_out": true}, 7])");
  Write("evaluation/metrics.json", metrics.dump());
  const std::string page = Page();
  using Table = std::vector<std::vector<std::string>>;
  EXPECT_EQ(Rows(page, "reliability"), (Table{{"0.625", "0.375"}}));
  EXPECT_EQ(Rows(page, "risk_coverage"),
            (Table{{"", "", "0.5", "1.0", "", ""}, {"", "", "1.0", "0.75", "", ""}}));
  EXPECT_EQ(Rows(page, "slices"), (Table{{"3", "0.25", "0.125", "0.5", "0.125"}}));
  EXPECT_EQ(Rows(page, "ladder"), (Table{{"0.5", "0.0"}, {"0.75", "0.25"}}));
  EXPECT_THAT(page, HasSubstr("The bold part differs from the mean by more than chance."));
}

// Only the first run is right for b and c; scipy.stats.binomtest(0, 2).pvalue is 0.5.
TEST_F(Report, ComparesRunsOnTheVideosThatBothAnswered) {
  Write("evaluation/predictions.tsv",
        "id\tlabel\tpredicted\tscore\na\tx\ty\t1\nb\tx\tx\t1\nc\tx\tx\t1\nd\tx\tx\t1\n"
        "e\t\tx\t1\n");
  const std::filesystem::path other = folder_ / "other";
  std::filesystem::copy(run_, other, std::filesystem::copy_options::recursive);
  WriteFileAtomically(other / "evaluation/predictions.tsv",
                      "id\tlabel\tpredicted\tscore\na\tx\ty\t1\nb\tx\ty\t1\nc\tx\ty\t1\n"
                      "d\tx\tx\t1\nz\tx\tx\t1\n");
  const std::vector<std::string> row =
      Rows(Page({run_.string(), other.string()}), "compared").at(0);
  ASSERT_EQ(row.size(), 7U);  // common, to right, to wrong, difference, from, to, p
  EXPECT_EQ((std::vector<std::string>(row.begin(), row.begin() + 4)),
            (std::vector<std::string>{"4", "0", "2", "-0.5"}));
  EXPECT_EQ(std::stod(row[6]), 0.5);
  EXPECT_THAT(Page(), Not(HasSubstr("Is one run better"))) << "there is one run";
}

TEST_F(Report, HasWilsonIntervalsOfClasses) {
  const std::vector<std::string> row = Rows(Page(), "classes").at(0);
  ASSERT_EQ(row.size(), 5U);  // videos, top-1, from, to, top-5
  // Wilson's formula in Python, with statistics.NormalDist().inv_cdf(0.975) as z.
  EXPECT_NEAR(std::stod(row[2]), 0.094531205734230739, 1e-12);
  EXPECT_NEAR(std::stod(row[3]), 0.90546879426576926, 1e-12);
}

TEST_F(Report, StandsBesideThePublishedTable) {
  const std::vector<std::vector<std::string>> rows = Rows(Page(), "table_2");
  ASSERT_GE(rows.size(), 3U);
  EXPECT_EQ(rows[0], (std::vector<std::string>{"0.75", "1.0", "0.875"}));
  EXPECT_EQ(rows[1], (std::vector<std::string>{"0.58", "0.813", "0.6970000000000001"}));
}

TEST_F(Report, LoadsNothingAndDescribesEachPicture) {
  const std::string page = Page();
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(page, Not(HasSubstr("http://")));
  EXPECT_THAT(page, Not(HasSubstr("https://")));
  const std::regex picture("<svg viewBox=\"[^\"]*\" role=\"img\" aria-label=\"[^\"]+\">");
  const std::regex any("<svg");
  const auto count = [&](const std::regex& what) {
    return std::distance(std::sregex_iterator(page.begin(), page.end(), what), {});
  };
  EXPECT_EQ(count(any), count(picture));
  EXPECT_GE(count(any), 7);
  EXPECT_THAT(ReadFile(folder_ / "svg/loss.svg"),
              HasSubstr("xmlns=\"http://www.w3.org/2000/svg\""));
}

TEST_F(Report, HasUniqueIds) {
  const std::string page = Page({run_.string(), run_.string()});
  std::map<std::string, int> ids;
  const std::regex id_of(" id=\"([^\"]*)\"");
  for (std::sregex_iterator match(page.begin(), page.end(), id_of), end; match != end; ++match) {
    EXPECT_EQ(++ids[(*match)[1]], 1) << (*match)[1];
  }
}

TEST_F(Report, ShowsHostileNamesAsText) {
  for (const char* name : test::kHostileNames) {
    WriteEvaluation({name, std::string(200, 'x')});
    const std::string page = Page();
    EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
    EXPECT_THAT(page, Not(HasSubstr("<bdi>" + std::string("a \"quoted"))));
    EXPECT_THAT(page, HasSubstr(std::string(200, 'x')));
    EXPECT_EQ(Rows(page, "mistakes").size(), 1U);
  }
  WriteEvaluation({test::kHostileNames[0], test::kHostileNames[1]});
  const std::string page = Page();
  EXPECT_THAT(page, HasSubstr("<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>"));
  EXPECT_THAT(page, HasSubstr("<bdi>a &quot;quoted&quot; &amp; &#39;name&#39;</bdi>"));
}

TEST_F(Report, MarksSettingsThatDiffer) {
  const std::string first = Page();
  EXPECT_THAT(first, Not(HasSubstr("id=\"different_settings\"")));
  const std::filesystem::path other = folder_ / "other";
  std::filesystem::copy(run_, other, std::filesystem::copy_options::recursive);
  WriteFileAtomically(other / "train/config.ini", "model = r3d\ndepth = 34\nlr = 0.1\n");
  Page({run_.string(), other.string()});
  EXPECT_EQ(numbers_["sections"]["settings"]["different_settings"]["rows"],
            (Json{{"depth", "train-r3d", "18", "34"}}));
  EXPECT_EQ(numbers_["sections"]["training"]["loss"]["columns"],
            (Json{"epoch", "my_run, training", "my_run, validation", "other, training",
                  "other, validation"}));
}

TEST_F(Report, SaysWhatIsMissingOrDamaged) {
  Write("train/metrics.jsonl",
        "{\"epoch\":1,\"train_loss\":0.5}\n{\"epoch\":2,\"train_loss\":NaN}\n"
        "{\"epoch\":3,\"train_loss\":null}\n{\"epoch\":\"x\"}\n[]\n{\"epoch\":4,\"train_lo");
  Write("train/times.jsonl", "{\"epoch\":1,\"clips\":5,\"seconds\":0,\"ranks\":7}\n");
  Write("evaluation/confusion.tsv", "label\ta\tb\na\t1\t-5\nb\tx\nc\t1\t2\nd\t3\t4\n");
  Write("evaluation/metrics.json", "{\"video_top1\": 0.5, \"per_class\": [3, {\"class\": 7}]");
  Write("evaluation/predictions.tsv", "id\tlabel\tpredicted\tscore\na\tb\n");
  std::filesystem::remove(run_ / "train/DONE");
  const std::string page = Page();
  EXPECT_EQ(Rows(page, "loss").size(), 1U);
  for (const char* sentence :
       {"train/metrics.jsonl:2: 3 lines from here are damaged", "train is not complete",
        "evaluation/confusion.tsv:2: 4 lines from here are damaged", "metrics.json",
        "evaluation/predictions.tsv:2: this line is damaged", "scores is missing",
        "the accuracy of single classes is not known"}) {
    const std::string lower_first = std::string(sentence).substr(1);
    EXPECT_THAT(page, HasSubstr(lower_first));
  }
}

TEST_F(Report, ARunThatPackedInGroupsLacksNoPreparedVideos) {
  EXPECT_THAT(Page(), HasSubstr("prepared is missing"));
  Write("shards/groups/00000.json", "{}");
  Write("shards/config.ini", "height = 112\n");
  Write("shards/report.json", "{\"num_packed\": 4321}");
  const std::string page = Page();
  EXPECT_THAT(page, testing::Not(HasSubstr("prepared is missing")));
  EXPECT_THAT(page, HasSubstr("pack-videos"));
  EXPECT_THAT(page, HasSubstr("4321"));
}

TEST_F(Report, TakesFoldersOfSingleStagesAndEmptyFiles) {
  EXPECT_THAT(Page({(run_ / "train").string()}), HasSubstr("is of train-r3d alone"));
  EXPECT_THAT(Page({(run_ / "evaluation").string()}), HasSubstr("is of evaluate-scores alone"));
  for (const char* file :
       {"train/metrics.jsonl", "train/times.jsonl", "train/config.ini", "train/report.json",
        "evaluation/metrics.json", "evaluation/confusion.tsv", "evaluation/predictions.tsv"}) {
    Write(file, "");
  }
  const std::string page = Page();
  EXPECT_THAT(page, HasSubstr("The accuracy is not known"));
  for (const char* file :
       {"metrics.jsonl is empty", "confusion.tsv is empty", "predictions.tsv is empty"}) {
    EXPECT_THAT(page, HasSubstr(file));
  }
}

TEST_F(Report, RefusesAFolderThatIsNoRun) {
  MakeFolders(folder_ / "empty");
  try {
    Page({(folder_ / "empty").string()});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_THAT(error.what(), HasSubstr("is not the folder of a run"));
  }
}

TEST_F(Report, AsksForAPage) {
  const test::CommandResult result =
      test::RunCommand({test::ToolPath("report-run"), run_.string(), run_.string()});
  EXPECT_EQ(result.exit_status, kExitUsage);
  EXPECT_THAT(result.err, HasSubstr("must be the page to write, which ends in .html"));
}

TEST_F(Report, AsksForAFolderBeforeItReadsTheRun) {
  const auto expect = [&](const std::filesystem::path& page, const char* why) {
    const test::CommandResult result =
        test::RunCommand({test::ToolPath("report-run"), (run_ / "no_run").string(), page.string()});
    EXPECT_EQ(result.exit_status, kExitUsage);
    EXPECT_THAT(result.err, HasSubstr(why));
  };
  MakeFolders(folder_ / "folder.html");
  expect(folder_ / "folder.html", "folder.html is a folder: name the page in it");
  expect(folder_ / "nowhere" / "page.html", "nowhere for the page; make it first");
}

TEST(Sections, HaveUniqueIds) {
  std::map<std::string, int> ids;
  for (const report::Section& section : report::Sections()) {
    EXPECT_EQ(++ids[section.id], 1) << section.id;
  }
}

}  // namespace
}  // namespace reel3d

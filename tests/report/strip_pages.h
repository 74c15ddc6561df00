// Makes pages of a run whose shards hold frames, and takes the pictures out of them again.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/stages/report_run.h"
#include "pipeline/support/heat_file.h"
#include "tests/report/shown_shards.h"
#include "tests/test_support.h"

namespace reel3d::test {

using Json = nlohmann::ordered_json;
using Pixels = std::vector<uint8_t>;  // 4 bytes each

inline constexpr int kSize = 40;  // of ScoredReport()

inline std::string FromBase64(const std::string& text) {
  const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  uint32_t bits = 0;
  int num_bits = 0;
  for (const char letter : text.substr(0, text.find('='))) {
    bits = bits << 6 | static_cast<uint32_t>(letters.find(letter));
    num_bits += 6;
    if (num_bits >= 8) {
      num_bits -= 8;
      bytes += static_cast<char>(bits >> num_bits & 255U);
    }
  }
  return bytes;
}

struct ShownPicture {
  Pixels pixels;
  std::string alt;
};

class StripPages : public ::testing::Test {
 protected:
  StripPages() {
    WriteShownShards(run_ / "shards", {"a", "b", "c"}, 20);
    Write("scores/report.json", ScoredReport(run_ / "shards").dump());
    WriteAnswers("a\twave\tjump\t0.9\t1\t1\t2\t16\t0\t0.875\n");
  }

  void Write(const std::string& name, const std::string& text) {
    MakeFolders((run_ / name).parent_path());
    WriteFileAtomically(run_ / name, text);
  }
  void WriteAnswers(const std::string& rows) {
    Write("evaluation/metrics.json", R"({"frames_shuffled": false})");
    Write("evaluation/predictions.tsv",
          "id\tlabel\tpredicted\tscore\trank\tnum_clips\tsurest_frame\tsurest_frames\tsurest_crop\t"
          "surest_probability\n" +
              rows);
  }

  // Returns heat of the clips that ScoredReport() names.
  HeatFile HeatOf(const std::vector<ClipHeat>& clips) const {
    const Json report = Json::parse(ReadFile(run_ / "scores/report.json"));
    return {
        report["checkpoint"], report["inputs"][1]["identity"], report["clip"], "exact", 0, clips};
  }

  std::string Page() {
    options_.runs = {run_.string()};
    options_.page = folder_ / "report.html";
    numbers_ = RunReportRun(options_).numbers;
    return ReadFile(options_.page);
  }

  // Returns the pictures of a page, decoded by libjpeg.
  static std::vector<ShownPicture> PicturesOf(const std::string& page) {
    std::vector<ShownPicture> pictures;
    const std::string begin = "<img src=\"data:image/jpeg;base64,";
    for (size_t at = page.find(begin); at != std::string::npos; at = page.find(begin, at + 1)) {
      const size_t data = at + begin.size();
      const size_t end = page.find('"', data);
      const size_t alt = page.find("alt=\"", end) + 5;
      const std::string jpeg = FromBase64(page.substr(data, end - data));
      FrameSize size;
      Pixels pixels = DecodeWholeJpeg({jpeg.begin(), jpeg.end()}, &size);
      EXPECT_EQ(size, (FrameSize{kSize, kSize}));
      pictures.push_back({std::move(pixels), page.substr(alt, page.find('"', alt) - alt)});
    }
    return pictures;
  }

  TemporaryFolder folder_;
  std::filesystem::path run_ = folder_ / "my_run";
  ReportRunOptions options_;
  Json numbers_;
};

}  // namespace reel3d::test

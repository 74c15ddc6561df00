// SPDX-License-Identifier: Apache-2.0
#include "lib/train/log/metrics_log.h"

#include <gtest/gtest.h>

#include "lib/base/file.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

TEST(MetricsLog, IsCutBackToTheCheckpointAndGoesOn) {
  const test::TemporaryFolder folder;
  const auto file = folder / "metrics.jsonl";
  {
    MetricsLog log(file, 0);
    for (const int step : {10, 20, 30}) {
      log.Append({{"step", step}, {"lr", 0.1}});
    }
  }
  // A process that was killed while writing leaves such a line.
  WriteFileAtomically(file, ReadFile(file) + R"({"step": 40, "lr)");
  MetricsLog log(file, 20);
  EXPECT_EQ(ReadFile(file), "{\"step\":10,\"lr\":0.1}\n{\"step\":20,\"lr\":0.1}\n");
  log.Append({{"step", 25}});
  EXPECT_EQ(ReadFile(file), "{\"step\":10,\"lr\":0.1}\n{\"step\":20,\"lr\":0.1}\n{\"step\":25}\n");
}

TEST(MetricsLog, PutsBackWhatIsKnownAndSaysWhatIsLost) {
  const test::TemporaryFolder folder;
  const auto file = folder / "metrics.jsonl";
  WriteFileAtomically(file,
                      "{\"step\":20,\"epoch\":2}\n{\"step\":3\n\x01\n[]\n7\n"
                      "{\"step\":\"10\"}\n{\"step\":40,\"epoch\":4}\n");
  EXPECT_EQ(LastEpochIn(file), 4);
  EXPECT_EQ(LastEpochIn(folder / "absent"), 0);
  const MetricsLog log(file, 40,
                       {{{"step", 30}, {"epoch", 3}},
                        {{"step", 20}, {"epoch", 2}, {"known", "too"}},
                        {{"step", 50}, {"epoch", 5}},
                        nullptr});
  EXPECT_EQ(ReadFile(file),
            "{\"step\":20,\"epoch\":2}\n{\"step\":30,\"epoch\":3}\n{\"step\":40,\"epoch\":4}\n");
  testing::internal::CaptureStderr();
  log.WarnOfLostEpochs(4);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find(file.string() + " has lost the lines of 2 epochs between 1 and 3; 1 of them "
                                      "put back from checkpoints"),
            std::string::npos)
      << said;
}

}  // namespace
}  // namespace reel3d

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

}  // namespace
}  // namespace reel3d

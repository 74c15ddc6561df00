// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>

#include "lib/base/file.h"
#include "lib/data/manifest.h"
#include "pipeline/stages/find_duplicates.h"
#include "tests/test_support.h"
#include "tests/video/sample_video.h"

namespace reel3d {
namespace {

// Pictures without detail do not vote, but equal frames are equal.
TEST(FindDuplicates, FindsEqualFilmsWithoutDetail) {
  const test::TemporaryFolder folder;
  Manifest manifest;
  manifest.folder = folder.path();
  const auto add = [&](const std::string& id, Subset subset, int num_frames) {
    VideoEncoderOptions options;
    options.width = 64;
    options.height = 48;
    options.fps_num = 10;
    test::WriteSample(folder / (id + ".mp4"), options, num_frames,
                      [](int /*number*/, std::vector<uint8_t>* out) {
                        std::fill(out->begin(), out->end(), 128);
                      });
    VideoRow row;
    row.id = id;
    row.path = id + ".mp4";
    row.subset = subset;
    manifest.videos.push_back(row);
  };
  add("grey", Subset::kTraining, 40);
  add("same", Subset::kValidation, 40);
  add("longer", Subset::kValidation, 60);
  WriteManifest(folder / "videos.tsv", manifest);
  const auto prepared = test::RunCommand({test::ToolPath("prep-videos").string(), "--height", "48",
                                          folder / "videos.tsv", folder / "prepared"});
  ASSERT_EQ(prepared.exit_status, 0) << prepared.err;
  FindDuplicatesOptions options;
  options.manifest = folder / "videos.tsv";
  options.data_dir = folder / "prepared";
  options.out = folder / "pairs.tsv";
  RunFindDuplicates(options);
  EXPECT_EQ(ReadFile(options.out).substr(ReadFile(options.out).find('\n') + 1),
            "grey\ttraining\t\tsame\tvalidation\t\tpictures\t1.000\t0.0\tno\tno\n");
}

}  // namespace
}  // namespace reel3d

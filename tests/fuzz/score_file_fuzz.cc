// Fuzzes the reading of a score file.
// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/score_file.h"

#include "lib/base/file.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/test_support.h"

std::vector<std::string> reel3d::fuzz::Seeds() {
  const test::TemporaryFolder folder;
  Scores scores;
  scores.checkpoint = "step-0000000100";
  scores.data = "1234abcd";
  scores.settings = "clip-length = 16;";
  scores.subset = "validation";
  scores.num_videos_expected = 2;
  scores.classes = {"jump", "run", "wave"};
  scores.videos = {{"first", 1}, {"second", -1}};
  scores.clips = {{0, 0, 16}, {0, 16, 9}, {1, 0, 16}};
  scores.logits = {0, 1, 2, 3, 4, 5, 6, 7, 8};
  WriteScores(folder / "scores.h5", scores);
  return {ReadFile(folder / "scores.h5")};
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reel3d;
  const fuzz::ScratchFile file(data, size);
  fuzz::AllowInputErrors([&] {
    const Scores scores = ReadScores(file.path());
    REEL3D_CHECK(scores.logits.size() == scores.clips.size() * scores.classes.size());
  });
  return 0;
}

// Runs extract-features like a user.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <cstring>

#include "lib/eval/score_file.h"
#include "lib/hdf5/hdf5_reader.h"
#include "tests/train/train_tensors.h"

namespace reel3d::test {
namespace {

using testing::HasSubstr;

class ExtractTool : public TrainTool {
 protected:
  static void SetUpTestSuite() {
    TrainTool::SetUpTestSuite();
    ASSERT_EQ(RunCommand(Command(0, "run", {"--epochs", "1"})).exit_status, 0);
    ASSERT_EQ(RunCommand({ToolPath("score-videos").string(), "--threads", "1", Checkpoint(),
                          Shards(), At("scores")})
                  .exit_status,
              0);
  }

  static CommandResult Extract(const std::string& out, const Words& more = {},
                               const std::string& shards = Shards()) {
    Words words = {ToolPath("extract-features").string(), "--threads", "1"};
    words.insert(words.end(), more.begin(), more.end());
    for (const std::string& word : {Checkpoint(), shards, At(out)}) {
      words.push_back(word);
    }
    return RunCommand(words);
  }

  static std::string Checkpoint() { return At("run/checkpoints/latest"); }
  static Scores Scored() { return ReadScores(fs::path(At("scores")) / "scores-00000.h5"); }

  // Returns the array of a .npy file and checks that its header has this shape.
  static at::Tensor ReadNpy(const std::string& name, std::vector<int64_t> shape) {
    const std::string bytes = ReadFile(At(name));
    const size_t end = bytes.find('\n') + 1;
    EXPECT_EQ(bytes.substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
    EXPECT_EQ(end % 64, 0U);
    EXPECT_EQ(static_cast<size_t>(static_cast<unsigned char>(bytes[8])) + 10, end);
    std::string text;
    for (const int64_t extent : shape) {
      text += (text.empty() ? "" : ", ") + std::to_string(extent);
    }
    EXPECT_THAT(bytes.substr(10, end - 10), HasSubstr("'descr': '<f4', 'fortran_order': False, "
                                                      "'shape': (" +
                                                      text + "), }"));
    at::Tensor array = at::empty(shape, at::kFloat);
    EXPECT_EQ(bytes.size() - end, array.nbytes());
    std::memcpy(array.data_ptr(), bytes.data() + end, bytes.size() - end);
    return array;
  }
};

// The last layer, applied to the features, must give the scores.
TEST_F(ExtractTool, PooledFeaturesMakeTheLogits) {
  const auto result = Extract("pooled.h5");
  ASSERT_EQ(result.exit_status, 0) << result.err;
  const Scores scores = Scored();
  const auto num_clips = static_cast<int64_t>(scores.clips.size());
  const auto num_rows = static_cast<uint64_t>(num_clips);
  const Hdf5Reader reader(At("pooled.h5"));
  EXPECT_EQ(reader.Text("format"), "reel3d-features");
  EXPECT_EQ(reader.Text("layer"), "fc, input");
  EXPECT_EQ(reader.Text("checkpoint"), scores.checkpoint);
  EXPECT_EQ(reader.Strings("/classes/name"), scores.classes);
  const std::vector<float> values = reader.Values<float>("/rows/features", Hdf5Shape{num_rows, 64});
  const at::Tensor features = at::from_blob(const_cast<float*>(values.data()), {num_clips, 64});
  auto weights = Tensors("run", "model.safetensors");
  const at::Tensor logits = at::linear(features, weights.at("fc.weight"), weights.at("fc.bias"));
  const at::Tensor expected =
      at::from_blob(const_cast<float*>(scores.logits.data()), {num_clips, 8});
  EXPECT_TRUE(at::allclose(logits, expected, 1e-4, 1e-5));
  const auto video = reader.Values<uint32_t>("/rows/video", Hdf5Shape{num_rows});
  const auto first_frame = reader.Values<uint32_t>("/rows/first_frame", Hdf5Shape{num_rows});
  const std::vector<std::string> ids = reader.Strings("/videos/id");
  for (size_t clip = 0; clip < scores.clips.size(); ++clip) {
    EXPECT_EQ(ids.at(video[clip]), scores.videos[scores.clips[clip].video].id);
    EXPECT_EQ(first_frame[clip], scores.clips[clip].first_frame);
  }
}

TEST_F(ExtractTool, AnyLayerIsNamedAndKept) {
  const auto num_clips = static_cast<int64_t>(Scored().clips.size());
  ASSERT_EQ(Extract("maps.npy", {"--positions", "--layer", "layer2.0.conv1"}).exit_status, 0);
  ASSERT_EQ(Extract("means.npy", {"--layer", "layer2.0.conv1"}).exit_status, 0);
  ASSERT_EQ(
      Extract("norm.npy", {"--layer", "layer2.0.bn1", "--layer-input", "--positions"}).exit_status,
      0);
  const at::Tensor maps = ReadNpy("maps.npy", {num_clips, 16, 4, 4, 4});
  EXPECT_TRUE(ReadNpy("norm.npy", {num_clips, 16, 4, 4, 4}).equal(maps));
  EXPECT_TRUE(
      at::allclose(ReadNpy("means.npy", {num_clips, 16}), maps.mean({2, 3, 4}), 1e-4, 1e-5));
  // Convolutions give both signs; the output of a ReLU has no negative values.
  EXPECT_LT(maps.min().item<float>(), 0);
  ASSERT_EQ(Extract("bn.npy", {"--positions", "--layer", "layer2.0.bn1"}).exit_status, 0);
  EXPECT_LT(ReadNpy("bn.npy", {num_clips, 16, 4, 4, 4}).min().item<float>(), 0)
      << "before its ReLU";
  ASSERT_EQ(Extract("in.npy", {"--layer", "layer2.0.conv1", "--layer-input"}).exit_status, 0);
  EXPECT_GE(ReadNpy("in.npy", {num_clips, 8}).min().item<float>(), 0);
}

// The layers and shapes are the same; each rounded value is near, but not the same.
TEST_F(ExtractTool, ComputesInBfloat16) {
  const auto num_clips = static_cast<int64_t>(Scored().clips.size());
  struct Case {
    Words words;
    std::vector<int64_t> shape;
  };
  const std::vector<Case> cases = {
      {{}, {num_clips, 64}},
      {{"--positions", "--layer", "layer4.0.conv2"}, {num_clips, 64, 1, 1, 1}},
      {{"--positions", "--layer", "layer3.0.conv1", "--layer-input"}, {num_clips, 16, 4, 4, 4}}};
  for (const Case& c : cases) {
    Words rounded = c.words;
    rounded.insert(rounded.end(), {"--overwrite", "--precision", "bf16"});
    Words exact = c.words;
    exact.emplace_back("--overwrite");
    ASSERT_EQ(Extract("float32.npy", exact).exit_status, 0);
    const auto result = Extract("bf16.npy", rounded);
    ASSERT_EQ(result.exit_status, 0) << result.err;
    EXPECT_THAT(result.err, HasSubstr("bf16: "));
    const at::Tensor expected = ReadNpy("float32.npy", c.shape);
    const double error =
        ((ReadNpy("bf16.npy", c.shape) - expected).norm() / expected.norm()).item<double>();
    EXPECT_GT(error, 0);
    EXPECT_LT(error, 0.02);
  }
  EXPECT_EQ(Extract("x.npy", {"--precision", "tf32", "--device", "cpu"}).exit_status, 2);
}

TEST_F(ExtractTool, AveragesVideos) {
  const Scores scores = Scored();
  ASSERT_EQ(Extract("clips.npy").exit_status, 0);
  ASSERT_EQ(Extract("videos.npy", {"--per-video"}).exit_status, 0);
  const at::Tensor clips = ReadNpy("clips.npy", {static_cast<int64_t>(scores.clips.size()), 64});
  const at::Tensor videos = ReadNpy("videos.npy", {static_cast<int64_t>(scores.videos.size()), 64});
  at::Tensor sums = at::zeros_like(videos);
  std::vector<int> counts(scores.videos.size());
  for (size_t clip = 0; clip < scores.clips.size(); ++clip) {
    const auto video = static_cast<int64_t>(scores.clips[clip].video);
    sums[video] += clips[static_cast<int64_t>(clip)];
    ++counts[static_cast<size_t>(video)];
  }
  std::string rows = "id\tlabel\tfirst_frame\tnum_clips\n";
  for (size_t video = 0; video < scores.videos.size(); ++video) {
    EXPECT_TRUE(at::allclose(videos[static_cast<int64_t>(video)],
                             sums[static_cast<int64_t>(video)] / counts[video], 1e-5, 1e-6));
    rows += scores.videos[video].id + "\t" +
            scores.classes[static_cast<size_t>(scores.videos[video].label)] + "\t0\t" +
            std::to_string(counts[video]) + "\n";
  }
  EXPECT_EQ(ReadFile(At("videos.npy.tsv")).substr(0, rows.size()), rows);
}

TEST_F(ExtractTool, ADamagedVideoHasNoRows) {
  const fs::path shards = At("damaged_shards");
  fs::copy(Shards(), shards, fs::copy_options::recursive);
  const std::string victim = DamageFrame(shards, Subset::kValidation, 0, 3);
  const auto refused = Extract("damaged.npy", {}, shards);
  EXPECT_EQ(refused.exit_status, 3);
  EXPECT_THAT(refused.err, HasSubstr(victim));
  EXPECT_FALSE(fs::exists(At("damaged.npy")));
  ASSERT_EQ(
      Extract("damaged.npy", {"--max-failed-fraction", "0.5", "--per-video"}, shards).exit_status,
      0);
  ReadNpy("damaged.npy", {static_cast<int64_t>(Scored().videos.size()) - 1, 64});
  EXPECT_EQ(ReadFile(At("damaged.npy.tsv")).find(victim), std::string::npos);
}

TEST_F(ExtractTool, SaysWhatItCannotDo) {
  const auto unknown = Extract("x.npy", {"--layer", "layer9"});
  EXPECT_EQ(unknown.exit_status, 2);
  EXPECT_THAT(unknown.err, HasSubstr("layer4.0.bn2, fc"));
  EXPECT_EQ(Extract("x.txt").exit_status, 2);
  EXPECT_EQ(Extract("x.npy", {"--layer-input"}).exit_status, 2);
  EXPECT_EQ(Extract("x.npy", {"--subset", "testing"}).exit_status, 3);
  ASSERT_EQ(Extract("there.npy").exit_status, 0);
  EXPECT_THAT(Extract("there.npy").err, HasSubstr("--overwrite"));
  EXPECT_EQ(Extract("there.npy", {"--overwrite"}).exit_status, 0);
  ExpectNoTemporaries(folder_->path());
}

}  // namespace
}  // namespace reel3d::test

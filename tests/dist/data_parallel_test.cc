// Training over several ranks equals training on one. Runs under mpirun.
// SPDX-License-Identifier: Apache-2.0
#include "lib/dist/data_parallel.h"

#include <gtest/gtest.h>
#include <torch/nn/modules/linear.h>
#include <torch/optim/sgd.h>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/error.h"
#include "lib/dist/process_group.h"
#include "lib/model/batch_norm.h"
#include "lib/model/network.h"
#include "lib/model/weights.h"
#include "tests/dist/world_environment.h"
#include "tests/model/small_network.h"

namespace reel3d {
namespace {

using test::TheWorld;

constexpr int64_t kBatch = 12;
constexpr int64_t kClasses = 5;
constexpr int kSteps = 5;

struct Batch {
  at::Tensor clips, labels;
  Batch Slice(int64_t begin, int64_t end) const {
    return {clips.slice(0, begin, end), labels.slice(0, begin, end)};
  }
};

// Returns the same batch on every rank.
Batch MakeBatch(uint64_t step, at::ScalarType type) {
  at::Generator generator = at::detail::createCPUGenerator(100 + step);
  const at::Tensor labels = at::randint(0, kClasses, {kBatch}, generator, at::kLong);
  at::Tensor clips = at::randn({kBatch, 3, 4, 32, 32}, generator, at::kDouble);
  clips += labels.view({kBatch, 1, 1, 1, 1}) * 0.5;
  return {clips.to(type), labels};
}

Network Small(uint64_t seed, at::ScalarType type = at::kFloat, double width = 0.125) {
  NetworkOptions options;
  options.depth = 10;
  options.shortcut = ShortcutType::kB;
  options.width = width;
  options.num_classes = kClasses;
  Network network = MakeNetwork(options, seed);
  network->to(type);
  network->train();
  return network;
}

// Returns the first clip of each rank in a micro-batch of `count` clips, followed by `count`.
std::vector<int64_t> Even(int size, int64_t count) {
  std::vector<int64_t> begins;
  for (int rank = 0; rank <= size; ++rank) {
    begins.push_back(count * rank / size);
  }
  return begins;
}

// Does the same, but rank 0 has no clips, and the last rank has most of them.
std::vector<int64_t> Uneven(int size, int64_t count) {
  std::vector<int64_t> begins(static_cast<size_t>(size) + 1, 0);
  for (int rank = 1; rank <= size; ++rank) {
    begins[static_cast<size_t>(rank)] = rank == size ? count : rank - 1;
  }
  return begins;
}

using Spread = std::vector<int64_t> (*)(int, int64_t);

torch::optim::SGD Optimizer(const Network& network) {
  return torch::optim::SGD(network->parameters(),
                           torch::optim::SGDOptions(0.002).momentum(0.9).weight_decay(1e-3));
}

// Trains over the ranks of the group.
class OverRanks {
 public:
  OverRanks(Network& network, const ProcessGroup& group, Spread spread, int64_t micro_batches)
      : network_(network),
        group_(group),
        spread_(spread),
        micro_batches_(micro_batches),
        optimizer_(Optimizer(network)) {
    SynchronizeBatchNorms(*network, group);
    parallel_.emplace(*network, group);
  }

  void Step(const Batch& batch) {
    const int size = group_->getSize();
    const auto rank = static_cast<size_t>(group_->getRank());
    parallel_->ClearGradients();
    const int64_t count = kBatch / micro_batches_;
    for (int64_t micro = 0; micro < micro_batches_; ++micro) {
      const std::vector<int64_t> begins = spread_(size, count);
      const Batch own = batch.Slice(micro * count + begins[rank], micro * count + begins[rank + 1]);
      parallel_->BeginMicroBatch(micro == micro_batches_ - 1);
      const at::Tensor sum =
          at::cross_entropy_loss(network_(own.clips), own.labels, {}, at::Reduction::Sum);
      parallel_->Backward(sum * size / static_cast<double>(kBatch));
    }
    optimizer_.step();
  }

 private:
  Network& network_;
  ProcessGroup group_;
  Spread spread_;
  int64_t micro_batches_;
  torch::optim::SGD optimizer_;
  std::optional<DataParallel> parallel_;
};

// Trains in one process without a group.
class Alone {
 public:
  Alone(Network& network, int64_t micro_batches)
      : network_(network), micro_batches_(micro_batches), optimizer_(Optimizer(network)) {}

  void Step(const Batch& batch) {
    optimizer_.zero_grad();
    const int64_t count = kBatch / micro_batches_;
    for (int64_t micro = 0; micro < micro_batches_; ++micro) {
      const Batch part = batch.Slice(micro * count, (micro + 1) * count);
      const at::Tensor loss = at::cross_entropy_loss(network_(part.clips), part.labels);
      (loss / static_cast<double>(micro_batches_)).backward();
    }
    optimizer_.step();
  }

 private:
  Network& network_;
  int64_t micro_batches_;
  torch::optim::SGD optimizer_;
};

double Norm(const std::vector<at::Tensor>& tensors) {
  double sum = 0;
  for (const at::Tensor& tensor : tensors) {
    sum += tensor.to(at::kDouble).square().sum().item<double>();
  }
  return std::sqrt(sum);
}

// Expects equal tensors up to rounding. In float64 each tensor is compared, to 1e-10. In float32
// only all tensors together: rounding may move an activation to the other side of zero, which
// changes a small bias by more than rounding.
void ExpectSameState(const Network& found, const Network& expected, at::ScalarType type) {
  const NamedTensors expected_state = StateDict(*expected);
  const NamedTensors found_state = StateDict(*found);
  ASSERT_EQ(found_state.size(), expected_state.size());
  std::vector<at::Tensor> differences, values;
  for (size_t i = 0; i < found_state.size(); ++i) {
    values.push_back(expected_state[i].second);
    differences.push_back(found_state[i].second - expected_state[i].second);
    if (type == at::kDouble) {
      EXPECT_LE(Norm({differences.back()}), 1e-10 * Norm({values.back()}))
          << found_state[i].first << " on rank " << TheWorld().rank();
    }
  }
  EXPECT_LE(Norm(differences), 1e-5 * Norm(values)) << "on rank " << TheWorld().rank();
}

void Overwrite(const Network& network, const Network& by) {
  const at::NoGradGuard no_gradient;
  const NamedTensors from = StateDict(*by);
  const NamedTensors to = StateDict(*network);
  for (size_t i = 0; i < to.size(); ++i) {
    at::Tensor(to[i].second).copy_(from[i].second);
  }
}

// The difference between float32 runs grows by a factor of 2 to 4 a step, on some processors sooner
// than on others. So each float32 step begins with the same weights. Float64 runs simply continue.
void ExpectSameTraining(Spread spread, int64_t micro_batches, at::ScalarType type,
                        double width = 0.125) {
  const ProcessGroup group = MakeProcessGroup(TheWorld(), at::kCPU);
  // Ranks begin with different weights. Those of rank 0 must replace the others.
  Network network = Small(static_cast<uint64_t>(1 + TheWorld().rank()), type, width);
  OverRanks ranks(network, group, spread, micro_batches);
  Network expected = Small(1, type, width);
  Alone alone(expected, micro_batches);
  for (int step = 0; step < kSteps; ++step) {
    if (step > 0 && type != at::kDouble) {
      Overwrite(network, expected);
    }
    const Batch batch = MakeBatch(static_cast<uint64_t>(step), type);
    ranks.Step(batch);
    alone.Step(batch);
    ExpectSameState(network, expected, type);
  }
}

struct Case {
  const char* name;
  Spread spread;
  int64_t micro_batches;
  at::ScalarType type;
};

class DataParallelCases : public testing::TestWithParam<Case> {};

TEST_P(DataParallelCases, EqualsOneProcess) {
  const Case& c = GetParam();
  ExpectSameTraining(c.spread, c.micro_batches, c.type);
}

// If batch norm's statistics are frozen, clips do not influence each other. So in float32 a step of
// four micro-batches of eight clips equals a step of 32. (Otherwise each micro-batch is normalised
// by itself, and the network learns as from batches of eight.)
TEST(DataParallel, FourRoundsOfEightAreABatchOf32) {
  const ProcessGroup group = MakeProcessGroup(TheWorld(), at::kCPU);
  at::Generator generator = at::detail::createCPUGenerator(5);
  const at::Tensor clips = at::randn({32, 3, 4, 32, 32}, generator);
  const at::Tensor labels = at::randint(0, kClasses, {32}, generator, at::kLong);
  std::vector<Network> networks;
  for (const int64_t rounds : {1, 4}) {
    Network network = Small(1);
    network->eval();
    DataParallel parallel(*network, group);
    auto optimizer = Optimizer(network);
    parallel.ClearGradients();
    for (int64_t round = 0; round < rounds; ++round) {
      const int64_t count = 32 / rounds;
      const std::vector<int64_t> begins = Even(TheWorld().size(), count);
      const auto rank = static_cast<size_t>(TheWorld().rank());
      const int64_t begin = round * count + begins[rank];
      const int64_t end = round * count + begins[rank + 1];
      parallel.BeginMicroBatch(round + 1 == rounds);
      const at::Tensor sum = at::cross_entropy_loss(
          network(clips.slice(0, begin, end)), labels.slice(0, begin, end), {}, at::Reduction::Sum);
      parallel.Backward(sum * TheWorld().size() / 32.0);
    }
    optimizer.step();
    networks.push_back(network);
  }
  const Network untrained = Small(1);
  std::vector<at::Tensor> differences, moves;
  for (size_t i = 0; i < untrained->parameters().size(); ++i) {
    const at::Tensor whole = networks[0]->parameters()[i];
    differences.push_back(networks[1]->parameters()[i] - whole);
    moves.push_back(whole - untrained->parameters()[i]);
  }
  EXPECT_LE(Norm(differences), 1e-6 * Norm(networks[0]->parameters()));
  EXPECT_LE(Norm(differences), 1e-4 * Norm(moves)) << "they must have moved by far more";
}

INSTANTIATE_TEST_SUITE_P(Training, DataParallelCases,
                         testing::Values(Case{"Float32", Even, 1, at::kFloat},
                                         Case{"Accumulated", Even, 3, at::kDouble},
                                         Case{"UnevenAccumulated", Uneven, 2, at::kDouble}),
                         [](const testing::TestParamInfo<Case>& info) { return info.param.name; });

// The network is wide enough for several buckets, which change their order after the first step.
TEST(DataParallel, EqualsOneProcessWithSeveralBuckets) {
  ExpectSameTraining(Even, 1, at::kDouble, 0.5);
}

// Each rank has the statistics of its own clips in the mode "local". All ranks have the same
// weights.
TEST(DataParallel, LocalBatchNormKeepsRanksTogether) {
  const ProcessGroup group = MakeProcessGroup(TheWorld(), at::kCPU);
  Network network = Small(static_cast<uint64_t>(1 + TheWorld().rank()));
  DataParallel parallel(*network, group);
  auto optimizer = Optimizer(network);
  for (int step = 0; step < 2; ++step) {
    const std::vector<int64_t> begins = Uneven(TheWorld().size(), kBatch);
    const auto rank = static_cast<size_t>(TheWorld().rank());
    const Batch own =
        MakeBatch(static_cast<uint64_t>(step), at::kFloat).Slice(begins[rank], begins[rank + 1]);
    parallel.ClearGradients();
    parallel.BeginMicroBatch(true);
    parallel.Backward(
        at::cross_entropy_loss(network(own.clips), own.labels, {}, at::Reduction::Sum) *
        TheWorld().size() / static_cast<double>(kBatch));
    optimizer.step();
  }
  at::Tensor sums = at::zeros({static_cast<int64_t>(network->parameters().size())}, at::kDouble);
  for (size_t i = 0; i < network->parameters().size(); ++i) {
    sums[static_cast<int64_t>(i)] = network->parameters()[i].detach().to(at::kDouble).sum();
  }
  at::Tensor of_all = sums.clone();
  AllReduceSum(group, of_all);
  EXPECT_LE((of_all / TheWorld().size() - sums).abs().max().item<double>(), 1e-12);
  if (TheWorld().rank() == 0 && TheWorld().size() > 1) {
    EXPECT_EQ(network->named_buffers()["bn1.num_batches_tracked"].item<int64_t>(), 0);
  }
}

// The callback is called once a step, in the step's last micro-batch.
TEST(DataParallel, SaysWhenItsOwnPartIsDone) {
  const ProcessGroup group = MakeProcessGroup(TheWorld(), at::kCPU);
  torch::nn::Linear layer(3, 1);
  DataParallel parallel(*layer, group);
  const double own = TheWorld().rank();
  int num_calls = 0;
  for (int step = 0; step < 3; ++step) {
    parallel.ClearGradients();
    for (const bool reduce : {false, true}) {
      const int before = num_calls;
      parallel.BeginMicroBatch(reduce);
      parallel.Backward(layer(torch::full({1, 3}, own)).sum(), [&] { ++num_calls; });
      EXPECT_EQ(num_calls, before + (reduce ? 1 : 0));
    }
    const double mean = (TheWorld().size() - 1) / 2.0;
    EXPECT_NEAR(layer->weight.grad()[0][0].item<double>(), 2 * mean, 1e-6);
  }
}

// Rank 0 starts backward only after the other ranks' callbacks. If ranks waited for rank 0's
// gradients before their callbacks, all ranks would wait for ever.
TEST(DataParallel, SaysSoBeforeItWaitsForOthers) {
  const ProcessGroup group = MakeProcessGroup(TheWorld(), at::kCPU);
  torch::nn::Linear layer(3, 1);
  DataParallel parallel(*layer, group);
  for (int step = 0; step < 3; ++step) {
    parallel.ClearGradients();
    parallel.BeginMicroBatch(true);
    if (TheWorld().is_main()) {
      TheWorld().Barrier();
    }
    parallel.Backward(layer(torch::ones({1, 3})).sum(), [] {
      if (!TheWorld().is_main()) {
        TheWorld().Barrier();
      }
    });
  }
}

class Warnings : public c10::WarningHandler {
 public:
  void process(const c10::Warning& warning) override { texts.push_back(warning.msg()); }
  std::vector<std::string> texts;
};

// torch warns if a gradient's strides differ from its weight's, and copies the gradient in every
// step. Weights of 1 x 1 x 1 have more than one possible set of strides.
TEST(DataParallel, GradientsLieAsTheirWeights) {
  Warnings warnings;
  const c10::WarningUtils::WarningHandlerGuard guard(&warnings);
  const c10::WarningUtils::WarnAlways always;
  const ProcessGroup group = MakeProcessGroup(TheWorld(), at::kCPU);
  for (const std::string& model : ModelNames()) {
    if (model.rfind("c3d", 0) == 0) {
      continue;  // needs clips of 16 x 112 x 112, and has no such weights
    }
    for (const int64_t channels : {3, 1}) {
      NetworkOptions options = test::SmallNetwork(model, 0.125, ShortcutType::kB);
      options.channels = static_cast<int>(channels);
      Network network = MakeNetwork(options, 1);
      network->train();
      DataParallel parallel(*network, group);
      const int64_t frames = model == "densenet" ? 16 : 4;  // its last layers need more
      for (int step = 0; step < 2; ++step) {  // buckets are made again after the first
        parallel.ClearGradients();
        parallel.BeginMicroBatch(true);
        parallel.Backward(network(at::rand({2, channels, frames, 32, 32})).sum());
        for (const auto& parameter : network->named_parameters()) {
          EXPECT_EQ(parameter.value().grad().strides(), parameter.value().strides())
              << model << " " << parameter.key();
        }
      }
    }
  }
  EXPECT_TRUE(warnings.texts.empty()) << warnings.texts.front();
}

TEST(DataParallel, RefusesUnlikeNetworks) {
  if (TheWorld().size() == 1) {
    GTEST_SKIP() << "one rank is like itself";
  }
  const ProcessGroup group = MakeProcessGroup(TheWorld(), at::kCPU);
  Network network = Small(1, at::kFloat, TheWorld().is_main() ? 0.125 : 0.25);
  EXPECT_THROW(DataParallel(*network, group), Error);
}

}  // namespace
}  // namespace reel3d

// Compares fifty steps with Python torch on the same gradients
// (tests/golden/make_optimizer_golden.py), in float64, so that no processor's rounding decides.
// SPDX-License-Identifier: Apache-2.0
#include "lib/train/loop/optimizer.h"

#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "lib/base/file.h"
#include "lib/train/loop/clip_loss.h"
#include "lib/train/loop/schedule.h"
#include "lib/train/loop/weight_average.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using nlohmann::json;

json Golden() {
  return json::parse(ReadFile(test::SourceFolder() / "tests/golden/optimizer.json"));
}

// The formulas are those of the script.
at::Tensor Formula(at::IntArrayRef shape, int step, int tensor) {
  const at::Tensor values = torch::empty(shape, at::kDouble);
  for (int64_t i = 0; i < values.numel(); ++i) {
    values.data_ptr<double>()[i] =
        std::sin(0.7 * step + 1.3 * static_cast<double>(i) + 2.1 * tensor);
  }
  return values;
}

struct NetworkImpl : torch::nn::Module {
  NetworkImpl() {
    register_parameter("kernel", Formula({3, 2, 1, 2, 2}, -1, 0));
    register_parameter("bias", Formula({3}, -1, 1));
    register_parameter("scale", Formula({3}, -1, 2));
    register_buffer("running", torch::zeros({2}, at::kDouble));
    register_buffer("count", torch::zeros({}, at::kLong));
  }
};
TORCH_MODULE(Network);

SgdOptions ToOptions(const json& settings) {
  SgdOptions options;
  options.momentum = settings.at("momentum");
  options.dampening = settings.at("dampening");
  options.nesterov = settings.at("nesterov");
  options.weight_decay = settings.at("weight_decay");
  options.weight_decay_on =
      FindChoice<WeightDecayOn>(settings.at("weight_decay_on").get<std::string>()).value();
  options.clip_norm = settings.at("clip_norm");
  return options;
}

// Expects that the norm of the difference, over all tensors, is at most 1e-12 of that of the
// values.
void ExpectNear(const torch::nn::Module& found, const json& expected, const std::string& where) {
  std::map<std::string, at::Tensor> tensors;
  for (const auto& parameter : found.named_parameters()) {
    tensors[parameter.key()] = parameter.value();
  }
  for (const auto& buffer : found.named_buffers()) {
    tensors[buffer.key()] = buffer.value();
  }
  std::vector<at::Tensor> differences;
  std::vector<at::Tensor> values;
  for (const auto& [name, golden] : expected.items()) {
    values.push_back(torch::tensor(golden.get<std::vector<double>>(), at::kDouble));
    differences.push_back(tensors.at(name).flatten().to(at::kDouble) - values.back());
  }
  const double wanted = at::cat(values).norm().item<double>();
  EXPECT_LE(at::cat(differences).norm().item<double>(), 1e-12 * wanted) << where;
}

// Does what the trainer does in a step after computing the gradients.
class Learner {
 public:
  // `layout` is the memory format of the kernels and, in every second step, of their gradients.
  explicit Learner(const json& settings, at::MemoryFormat layout = at::MemoryFormat::Contiguous)
      : layout_(layout),
        schedule_(Rates(), /*num_epochs=*/10),
        optimizer_(*network_, ToOptions(settings)),
        ema_decay_(settings.at("ema_decay")) {
    at::Tensor kernel = network_->named_parameters()["kernel"];
    kernel.set_data(kernel.contiguous(layout));
    weight_average_ = WeightAverage(*average_, *network_);
  }

  void Step(int step) {
    std::vector<at::Tensor> parameters = network_->parameters();
    for (size_t i = 0; i < parameters.size(); ++i) {
      parameters[i].mutable_grad() = Formula(parameters[i].sizes(), step, static_cast<int>(i)) *
                                     (1 + 0.8 * std::sin(0.4 * step));
      if (parameters[i].dim() == 5 && step % 2 == 0) {
        parameters[i].mutable_grad() = parameters[i].grad().contiguous(layout_);
      }
    }
    lr_ = schedule_.Rate(step / 5.0);  // five steps an epoch
    norm_ = optimizer_.ClipGradients().item<double>();
    optimizer_.Step(lr_);
    network_->named_buffers()["running"].add_(Formula({2}, step, 7));
    network_->named_buffers()["count"].add_(1);
    weight_average_.Move(step == 0 ? 0 : ema_decay_);
  }

  // A checkpoint carries this state to another process.
  NamedTensors State() { return optimizer_.State(); }
  void Restore(const NamedTensors& state) { optimizer_.Restore(state); }

  Network network_, average_;
  double lr_ = 0, norm_ = 0;

 private:
  static ScheduleOptions Rates() {
    ScheduleOptions options;
    options.kind = ScheduleKind::kConstant;
    options.warmup_epochs = 4;
    options.warmup_start = 0.25;
    return options;
  }

  at::MemoryFormat layout_;
  Schedule schedule_;
  Optimizer optimizer_;
  double ema_decay_;
  WeightAverage weight_average_{*average_, *network_};
};

TEST(Optimizer, AgreesWithTorchOverFiftySteps) {
  const json cases = Golden().at("cases");
  ASSERT_EQ(cases.size(), 7U);
  for (const auto& [name, golden] : cases.items()) {
    // The optimizer works on values in memory order, so parameters and gradients must have the same
    // order.
    for (const auto layout : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast3d}) {
      Learner learner(golden.at("settings"), layout);
      int step = 0;
      for (const json& record : golden.at("record")) {
        for (int i = 0; i < 10; ++i) {
          learner.Step(step++);
        }
        const std::string where = name + ", step " + std::to_string(step);
        EXPECT_NEAR(learner.lr_, record.at("lr").get<double>(), 1e-12) << where;
        EXPECT_NEAR(learner.norm_, record.at("norm").get<double>(), 1e-11) << where;
        ExpectNear(*learner.network_, record.at("network"), where);
        ExpectNear(*learner.average_, record.at("average"), where);
      }
      EXPECT_EQ(step, 50);
      EXPECT_EQ(learner.average_->named_buffers()["count"].item<int64_t>(), 50);
    }
  }
}

// A restored optimizer finds the momentum of each parameter by name, also with several groups.
TEST(Optimizer, GoesOnFromItsState) {
  const json settings = Golden().at("cases").at("all_of_it").at("settings");
  Learner whole(settings), stopped(settings), resumed(settings);
  for (int step = 0; step < 10; ++step) {
    whole.Step(step);
    (step < 5 ? stopped : resumed).Step(step);
    if (step == 4) {
      WeightAverage(*resumed.network_, *stopped.network_).Move(0);
      WeightAverage(*resumed.average_, *stopped.average_).Move(0);
      resumed.Restore(stopped.State());
    }
  }
  for (const auto& [a, b] :
       {std::pair(whole.network_, resumed.network_), std::pair(whole.average_, resumed.average_)}) {
    for (size_t i = 0; i < a->parameters().size(); ++i) {
      EXPECT_TRUE(at::equal(a->parameters()[i], b->parameters()[i])) << i;
    }
  }
}

// The norm must be exact for as many gradient values as a real network has.
TEST(Optimizer, GradientNormIsExact) {
  struct LargeImpl : torch::nn::Module {
    LargeImpl() {
      at::Generator generator = at::detail::createCPUGenerator(4);
      for (const std::vector<int64_t>& sizes :
           {std::vector<int64_t>{512, 256, 3, 3, 3}, {400, 511}, {17}, {3, 1, 1, 1, 1}}) {
        at::Tensor values = at::randn(sizes, generator, at::kFloat);
        if (values.dim() == 5) {
          values = values.contiguous(at::MemoryFormat::ChannelsLast3d);
        }
        register_parameter("of" + std::to_string(sizes.back()) + "_" + std::to_string(sizes[0]),
                           values);
      }
    }
  };
  LargeImpl network;
  double sum = 0;
  for (at::Tensor& parameter : network.parameters()) {
    parameter.mutable_grad() = parameter.detach() * 1e-3;
    sum += parameter.grad().to(at::kDouble).square().sum().item<double>();
  }
  Optimizer optimizer(network, SgdOptions());
  EXPECT_NEAR(optimizer.ClipGradients().item<double>() / std::sqrt(sum), 1, 1e-7);
}

TEST(ClipLosses, AgreeWithTorch) {
  const json all_losses = Golden().at("losses");
  ASSERT_EQ(all_losses.size(), 2U);
  for (const json& golden : all_losses) {
    const at::Tensor logits = Formula({4, 5}, 3, 1).requires_grad_();
    const at::Tensor losses =
        ClipLosses(logits, torch::tensor({0, 4, 2, 2}, at::kLong), golden.at("smoothing"));
    losses.mean().backward();
    const auto expect_near = [&](const at::Tensor& found, const char* name) {
      const at::Tensor wanted =
          torch::tensor(golden.at(name).get<std::vector<double>>(), at::kDouble);
      EXPECT_LE((found.flatten().to(at::kDouble) - wanted).abs().max().item<double>(), 1e-6)
          << name << " with " << golden.at("smoothing");
    };
    expect_near(losses.detach(), "losses");
    expect_near(logits.grad(), "gradient");
  }
}

}  // namespace
}  // namespace reel3d

// Every collective of the process group with every type of tensor. Runs under mpirun.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cmath>
#include <utility>
#include <vector>

#include "lib/dist/process_group.h"
#include "tests/dist/world_environment.h"

namespace reel3d {
namespace {

using test::TheWorld;

const std::vector<at::ScalarType> kTypes = {at::kFloat,    at::kDouble, at::kHalf,
                                            at::kBFloat16, at::kByte,   at::kChar,
                                            at::kShort,    at::kInt,    at::kLong};

bool AllEqual(const at::Tensor& tensor, double value) {
  return (tensor.to(at::kDouble) == value).all().item<bool>();
}

at::Tensor Filled(at::ScalarType type, int64_t value) {
  return at::full({7, 11}, value, at::TensorOptions().dtype(type));
}

double Reduced(const ProcessGroup& group, at::ScalarType type, c10d::ReduceOp operation) {
  std::vector<at::Tensor> tensors{Filled(type, TheWorld().rank() + 1)};
  c10d::AllreduceOptions options;
  options.reduceOp = std::move(operation);
  group->allreduce(tensors, options)->wait();
  EXPECT_TRUE(AllEqual(tensors[0], tensors[0].flatten()[0].item<double>()));
  return tensors[0].flatten()[0].item<double>();
}

TEST(Collectives, AllReduce) {
  const ProcessGroup group = MakeProcessGroup(TheWorld(), at::kCPU);
  const int size = TheWorld().size();
  for (const at::ScalarType type : kTypes) {
    EXPECT_EQ(Reduced(group, type, c10d::ReduceOp::SUM), size * (size + 1) / 2) << type;
    EXPECT_EQ(Reduced(group, type, c10d::ReduceOp::MAX), size) << type;
    EXPECT_EQ(Reduced(group, type, c10d::ReduceOp::MIN), 1) << type;
    EXPECT_EQ(Reduced(group, type, c10d::ReduceOp::PRODUCT), std::tgamma(size + 1)) << type;
  }
  EXPECT_EQ(Reduced(group, at::kFloat, c10d::ReduceOp::AVG), (size + 1) / 2.0);
}

// 200 collectives of different sizes run at once, and the test waits for them in reverse order.
TEST(Collectives, ManyInFlight) {
  const ProcessGroup group = MakeProcessGroup(TheWorld(), at::kCPU);
  std::vector<at::Tensor> tensors;
  std::vector<c10::intrusive_ptr<c10d::Work>> works;
  for (int64_t i = 0; i < 200; ++i) {
    tensors.push_back(at::full({1 + i * i}, static_cast<double>(i)));
    std::vector<at::Tensor> one{tensors.back()};
    works.push_back(group->allreduce(one));
  }
  for (size_t i = tensors.size(); i-- > 0;) {
    works[i]->wait();
    EXPECT_TRUE(AllEqual(tensors[i], static_cast<double>(i) * TheWorld().size())) << i;
  }
}

TEST(Collectives, Broadcast) {
  const ProcessGroup group = MakeProcessGroup(TheWorld(), at::kCPU);
  const int last = TheWorld().size() - 1;
  for (at::ScalarType type : kTypes) {
    std::vector<at::Tensor> tensors{Filled(type, TheWorld().rank() == last ? 7 : 0)};
    c10d::BroadcastOptions options;
    options.rootRank = last;
    group->broadcast(tensors, options)->wait();
    EXPECT_TRUE(AllEqual(tensors[0], 7)) << type;
  }
  std::vector<at::Tensor> mixed{Filled(at::kFloat, TheWorld().rank()),
                                Filled(at::kLong, TheWorld().rank()), at::empty({0})};
  BroadcastFromMain(group, mixed);
  EXPECT_TRUE(AllEqual(mixed[0], 0) && AllEqual(mixed[1], 0));
}

TEST(Collectives, AllGather) {
  const ProcessGroup group = MakeProcessGroup(TheWorld(), at::kCPU);
  const int size = TheWorld().size();
  for (at::ScalarType type : kTypes) {
    std::vector<at::Tensor> own{Filled(type, TheWorld().rank())};
    std::vector<std::vector<at::Tensor>> all(1);
    for (int rank = 0; rank < size; ++rank) {
      all[0].push_back(at::empty_like(own[0]));
    }
    group->allgather(all, own)->wait();
    for (int rank = 0; rank < size; ++rank) {
      EXPECT_TRUE(AllEqual(all[0][static_cast<size_t>(rank)], rank)) << type;
    }
    at::Tensor flat = at::empty({size * own[0].numel()}, own[0].options());
    group->_allgather_base(flat, own[0])->wait();
    EXPECT_TRUE(AllEqual(flat.view({size, -1}).select(0, size - 1), size - 1)) << type;
  }
}

TEST(Collectives, RefuseWhatTheyCannotMove) {
  const ProcessGroup group = MakeProcessGroup(TheWorld(), at::kCPU);
  EXPECT_THROW(AllReduceSum(group, at::zeros({4, 4}).slice(1, 0, 2)), c10::Error);
  EXPECT_THROW(AllReduceSum(group, at::zeros({4}, at::kComplexFloat)), c10::Error);
  group->barrier()->wait();
}

}  // namespace
}  // namespace reel3d

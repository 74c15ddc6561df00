// Rows of channels for the kernels: wrong tensors are refused, and errors of threads are passed on.
// SPDX-License-Identifier: Apache-2.0
#include "lib/model/channel_rows.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <array>
#include <atomic>
#include <functional>
#include <string>

#include "lib/base/error.h"
#include "lib/model/batch_norm_cpu.h"
#include "lib/model/parallel.h"

namespace reel3d {
namespace {

using testing::HasSubstr;

// Returns the message of the internal error that `call` throws, empty if it throws none.
std::string BugOf(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInternal);
    return error.what();
  }
  return "";
}

TEST(Rows, ValuesAreReadAsTheirOwnTypeOnly) {
  const at::Tensor floats = at::rand({2, 3, 4});
  const Rows rows(floats);
  EXPECT_EQ(rows.data<float>()[1], floats[0][1][0].item<float>());
  EXPECT_THAT(BugOf([&] { rows.data<double>(); }), HasSubstr("scalar_type() == kTypeOf<T>"));
  EXPECT_THAT(BugOf([&] { rows.data<BFloat16>(); }), HasSubstr("scalar_type() == kTypeOf<T>"));
  EXPECT_EQ(BugOf([&] { Rows(floats.to(at::kBFloat16)).data<BFloat16>(); }), "");
  EXPECT_THAT(BugOf([&] { WithType(at::zeros({2}, at::kLong), [](auto /*type*/) {}); }),
              HasSubstr("kTypeOf<BFloat16>"));
}

TEST(Rows, TheFirstRowIsThatOfEveryLayout) {
  const at::Tensor values = at::rand({2, 3, 4, 5, 5});
  const at::Tensor first = values.select(4, 0).select(3, 0).select(2, 0)[0].to(at::kDouble);
  const at::Tensor last = values.contiguous(at::MemoryFormat::ChannelsLast3d);
  EXPECT_TRUE(Rows(values).FirstRow().equal(first));
  EXPECT_TRUE(Rows(last).FirstRow().equal(first));
  EXPECT_TRUE(Rows(values[0].unsqueeze(0)).FirstRow().equal(first));
  EXPECT_NE(BugOf([&] { Rows(values.narrow(0, 0, 0)).FirstRow(); }), "");
}

// Running statistics that are converted or not contiguous are refused and not overwritten.
TEST(BatchNormOnCpu, RunningStatisticsAreOfTheWeightsTypeAndContiguous) {
  const auto run = [](const at::Tensor& mean, const at::Tensor& variance) {
    const BatchNormCall call = {at::ones({3}), at::zeros({3}), mean, variance, 1e-5, 0.1, true, {}};
    double num_values = 0;
    return BugOf([&] { BatchNormOnCpu(at::rand({2, 3, 4}), call, &num_values); });
  };
  const at::Tensor right = at::ones({3});
  EXPECT_EQ(run(at::zeros({3}), right), "");
  EXPECT_THAT(run(at::zeros({3}), at::ones({3}, at::kDouble)), HasSubstr("kTypeOf<T>"));
  EXPECT_THAT(run(at::zeros({3}, at::kBFloat16), right), HasSubstr("kTypeOf<T>"));
  EXPECT_THAT(run(at::zeros({6}).slice(0, 0, 6, 2), right), HasSubstr("is_contiguous()"));
}

TEST(RunParallel, CallsEachOnceAndThrowsWhatACallThrew) {
  const int before = at::get_num_threads();
  for (const int threads : {1, 3}) {
    at::set_num_threads(threads);
    std::array<std::atomic<int>, 64> calls = {};
    RunParallel(64, [&](int64_t i) { ++calls[static_cast<size_t>(i)]; });
    for (const std::atomic<int>& count : calls) {
      EXPECT_EQ(count, 1);
    }
    for (const int64_t failing : {0, 31, 63}) {
      std::string thrown;
      try {
        RunParallel(64, [&](int64_t i) {
          if (i == failing) {
            throw InputError("part " + std::to_string(i));
          }
        });
      } catch (const Error& error) {
        thrown = error.what();
      }
      EXPECT_EQ(thrown, "part " + std::to_string(failing));
    }
  }
  at::set_num_threads(before);
}

}  // namespace
}  // namespace reel3d

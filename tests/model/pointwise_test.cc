// SPDX-License-Identifier: Apache-2.0
#include "lib/model/pointwise.h"

#include <gtest/gtest.h>
#include <torch/types.h>

#include "tests/model/backward_steps.h"
#include "tests/model/noise.h"

namespace reel3d {
namespace {

TEST(Pointwise, OverwritesUnlessTheGradientOfAViewIsWanted) {
  const at::Tensor leaf = test::Noise("values", {2, 3, 4}).requires_grad_();
  const at::Tensor whole = leaf * 2;
  EXPECT_EQ(Plus(whole, leaf).const_data_ptr(), whole.const_data_ptr());
  EXPECT_EQ(Relu(whole).const_data_ptr(), whole.const_data_ptr());
  EXPECT_TRUE(whole.equal((leaf * 3).relu()));
  const at::Tensor view = (leaf * 2).transpose(0, 1);
  const at::Tensor rest = Relu(Plus(view, view.detach().clone()));
  EXPECT_NE(rest.const_data_ptr(), view.const_data_ptr());
  EXPECT_TRUE(rest.equal((leaf * 4).relu().transpose(0, 1)));
  EXPECT_EQ(test::StepsBehind(rest).count("torch::autograd::CopySlices"), 0U);
  EXPECT_EQ(
      test::StepsBehind((leaf * 2).transpose(0, 1).relu_()).count("torch::autograd::CopySlices"),
      1U)
      << "torch names it otherwise";
  const at::NoGradGuard no_gradient;
  EXPECT_EQ(Relu(view).const_data_ptr(), view.const_data_ptr());
}

}  // namespace
}  // namespace reel3d

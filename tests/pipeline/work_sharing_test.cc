// Checks which options go together with sharing, and into how many slices the work is cut.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/work_sharing.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "lib/base/error.h"

namespace reel3d {
namespace {

TEST(WorkSharing, FixedSharesAndOverwriteDoNotGoWithSharing) {
  WorkSharing sharing;
  sharing.slices = 100;
  TaskSlice slice;
  setenv("SLURM_ARRAY_TASK_ID", "3", 1);
  setenv("SLURM_ARRAY_TASK_COUNT", "8", 1);
  sharing.Resolve(&slice, false);
  unsetenv("SLURM_ARRAY_TASK_ID");
  unsetenv("SLURM_ARRAY_TASK_COUNT");
  EXPECT_EQ(slice.tasks, 1);
  EXPECT_THROW(sharing.Resolve(&slice, true), Error);
  slice.task_option = 0;
  EXPECT_THROW(sharing.Resolve(&slice, false), Error);
  EXPECT_EQ(sharing.SlicesOf(1000), 100);
  EXPECT_EQ(sharing.SlicesOf(40), 40);
  EXPECT_EQ(sharing.SlicesOf(0), 2);
}

}  // namespace
}  // namespace reel3d

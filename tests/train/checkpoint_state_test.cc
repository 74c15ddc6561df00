// Checks what is said of a checkpoint whose state.json somebody has edited.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/train/checkpoint/checkpoint_folder.h"
#include "tests/message_of.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using Json = nlohmann::ordered_json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string FaultOf(const Json& version) {
  const test::TemporaryFolder folder;
  const Json state = {{"format", "reel3d-checkpoint"}, {"format_version", version}};
  WriteFileAtomically(folder / CheckpointFiles::kState, state.dump());
  return test::MessageOf([&] { ReadCheckpointState(folder.path()); });
}

TEST(CheckpointState, OnlyALargerVersionIsThatOfANewerProgram) {
  EXPECT_THAT(FaultOf(2), HasSubstr("of a newer reel3d"));
  for (const Json& damaged : {Json("1"), Json(0), Json(1.5), Json(nullptr)}) {
    EXPECT_THAT(FaultOf(damaged), AllOf(HasSubstr("format_version is not a whole number from 1"),
                                        Not(HasSubstr("newer"))))
        << damaged;
  }
}

TEST(CheckpointState, DamagedDataAreNotOtherVideos) {
  const auto fault = [](const Json& data) {
    return test::MessageOf([&] { RequireSameData({{"data", data}}, 0xc0ffee, "run", "shards"); });
  };
  RequireSameData({{"data", "00c0ffee"}}, 0xc0ffee, "run", "shards");
  EXPECT_THAT(fault("00c0ffef"), HasSubstr("run was trained on other videos than shards holds"));
  for (const Json& damaged : {Json(12), Json(""), Json("00c0ffe"), Json("00C0FFEE")}) {
    EXPECT_THAT(fault(damaged), AllOf(HasSubstr("does not say on which data it was trained"),
                                      Not(HasSubstr("other videos"))))
        << damaged;
  }
}

}  // namespace
}  // namespace reel3d

// Checks what tasks that share the slices of a stage do if the list of videos is changed meanwhile.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/lease/lease.h"
#include "pipeline/support/stage_output.h"
#include "tests/pipeline/shared_tasks.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using test::Work;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class SharedInputs : public test::SharedStageTest {
 protected:
  // A task with the old list, input "1", ends the stage while this one stands still in slice 0.
  test::SliceWork WorkBesideOldList() const {
    return [this](const SliceTurn& turn) {
      if (turn.slice.task == 0) {
        const fs::path lease = Out() / "leases" / "0000.lease";
        fs::rename(lease, EndedName(lease, "successor"));
        EXPECT_EQ(StatusOf(ShareInChild(Work, 3)), 0);
        EXPECT_TRUE(fs::exists(Out() / "DONE"));
      }
      return Work(turn);
    };
  }
};

TEST_F(SharedInputs, OtherInputsAreOtherWork) {
  EXPECT_TRUE(Share(Work, 3));
  int num_calls = 0;
  const auto count = [&](const SliceTurn& turn) {
    ++num_calls;
    EXPECT_FALSE(fs::exists(Out() / "DONE"));
    return Work(turn);
  };
  EXPECT_TRUE(Share(count, 3, 1, "2"));
  EXPECT_EQ(num_calls, 3);
}

// With fewer videos than slices, there are fewer slices. The number in --share-work is right then.
TEST_F(SharedInputs, AShorterListIsNotCalledAnotherNumber) {
  EXPECT_EQ(ErrorOf([](const SliceTurn&) -> SliceResult { throw EnvironmentError("full"); }, 8),
            "full");
  asked_slices_ = 8;
  const auto blames_list =
      AllOf(HasSubstr("this list of videos now gives 3: give the list of videos"),
            Not(HasSubstr("--share-work")));
  EXPECT_THAT(ErrorOf(Work, 3), blames_list);
  WriteFileAtomically(Out() / "leases" / "slices", "5\n");  // the list of the others is short, too
  EXPECT_THAT(ErrorOf(Work, 3), blames_list);
}

// Somebody changes the list of videos while tasks are at work. Each would otherwise make again what
// the other has made, without an end.
TEST_F(SharedInputs, ATaskWithOtherInputsIsNamed) {
  const auto meet_another = [this](const SliceTurn& turn) {
    if (turn.slice.task == 2) {  // slices 0 and 1 are done
      EXPECT_FALSE(fs::exists(Out() / "DONE"));
      const StageOutput other(Run(Out(), true, "2"));
      for (const int slice : {0, 1}) {
        TaskSlice own;
        own.task = slice;
        own.tasks = 3;
        other.OfSlice(own).FinishTask({{"slices", 1}}, {}, {10, 0, 0});
      }
    }
    return Work(turn);
  };
  EXPECT_THAT(ErrorOf(meet_another, 3),
              AllOf(HasSubstr("a task with other inputs has meanwhile made slice 0 again"),
                    HasSubstr("run the same command again")));
  EXPECT_FALSE(fs::exists(Out() / "DONE"));
  EXPECT_TRUE(Share(Work, 3));
  ExpectComplete(3);
}

// A task with the old list has joined the reports before one with the new list made the slices
// again.
TEST_F(SharedInputs, TheReportIsOfTheInputsOfTheSlices) {
  EXPECT_TRUE(Share(WorkBesideOldList(), 3, 1, "2"));
  ExpectComplete(3);
  EXPECT_EQ(ReadJsonObject(Out() / "report.json").at("inputs").at(0).at("identity"), "2");
  // The same if the task with the new list was killed before it could join them.
  EXPECT_TRUE(Share(Work, 3));
  const std::string old_report = ReadFile(Out() / "report.json");
  EXPECT_TRUE(Share(Work, 3, 1, "2"));
  WriteFileAtomically(Out() / "report.json", old_report);
  EXPECT_TRUE(Share(Work, 3, 1, "2"));
  EXPECT_EQ(ReadJsonObject(Out() / "report.json").at("inputs").at(0).at("identity"), "2");
}

// Without this, the DONE of the old list would stand beside the report of the new one.
TEST_F(SharedInputs, ARefusedResultLeavesNoDone) {
  EXPECT_FALSE(Share(WorkBesideOldList(), 3, 0, "2"));
  EXPECT_FALSE(fs::exists(Out() / "DONE"));
  EXPECT_FALSE(Share(Work, 3, 0, "2"));
}

}  // namespace
}  // namespace reel3d

// A mistake in the settings of train-r3d is said once, however many ranks find it.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>

#include "lib/base/error.h"
#include "tests/train/train_tool.h"

namespace reel3d::test {
namespace {

using testing::HasSubstr;

class Mistakes : public TrainTool {};

size_t Count(const std::string& text, const std::string& word) {
  size_t count = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    ++count;
  }
  return count;
}

TEST_F(Mistakes, AMistakeIsSaidOnce) {
  for (const auto& [option, value] :
       {std::pair("--dpeth", "10"), {"--config", "no-such-file.ini"}}) {
    const CommandResult result = RunCommand(Command(2, "mistaken", {option, value}));
    EXPECT_EQ(result.exit_status, kExitUsage) << result.err;
    EXPECT_EQ(Count(result.err, "\ntrain-r3d: ") + Count(result.err.substr(0, 11), "train-r3d: "),
              2U)
        << "the mistake and where to look: " << result.err;
    EXPECT_EQ(Count(result.err, "--help lists the options"), 1U) << result.err;
  }
  const CommandResult help = RunCommand(
      {"mpirun", "--oversubscribe", "-n", "2", ToolPath("train-r3d").string(), "--help"});
  EXPECT_EQ(help.exit_status, kExitDone);
  EXPECT_EQ(Count(help.out, "usage: "), 1U);
}

// On a busy machine a rank may be ready long before rank 0, and must not speak in its place.
TEST_F(Mistakes, AMistakeIsSaidByRank0ThoughItStartsLate) {
  const std::string script = "test $OMPI_COMM_WORLD_RANK != 0 || sleep 7; exec '" +
                             ToolPath("train-r3d").string() + "' --dpeth 10";
  const CommandResult result =
      RunCommand({"mpirun", "--oversubscribe", "-n", "2", "sh", "-c", script});
  EXPECT_EQ(result.exit_status, kExitUsage) << result.err;
  EXPECT_EQ(Count(result.err, "--dpeth"), 1U) << result.err;
  EXPECT_THAT(result.err, testing::Not(HasSubstr("rank 1 on "))) << result.err;
}

// Ranks lack a file, as if it were missing on their node. Rank 0 waits for them until the launcher
// ends all. One of them must have said why.
TEST_F(Mistakes, AMistakeOfSomeRanksIsSaidByOneOfThem) {
  const std::string config = At("of_rank_0.ini");
  WriteFileAtomically(config, "log-level = info\n");
  const std::string tool = ToolPath("train-r3d").string();
  const std::string script = "test $OMPI_COMM_WORLD_RANK = 0 && exec '" + tool + "' --config '" +
                             config + "' \"$@\"; exec '" + tool + "' --config absent.ini \"$@\"";
  const CommandResult result = RunCommand({"mpirun", "--oversubscribe", "-n", "4", "sh", "-c",
                                           script, "sh", Shards(), At("of_one_rank")});
  EXPECT_EQ(result.exit_status, kExitUsage) << result.err;
  EXPECT_EQ(Count(result.err, "absent.ini"), 1U) << result.err;
  EXPECT_THAT(result.err, testing::ContainsRegex("train-r3d: rank [123] on "));
}

// The ranks have the environment of srun --mpi. No launcher ends them, so one reports the mistake.
TEST_F(Mistakes, AMistakeIsSaidByARankThatNobodyEnds) {
  const Words command = {ToolPath("train-r3d").string(), "--config", "absent.ini", "a", "b"};
  const CommandResult other = RunCommand(command, {"PMIX_RANK=3"});
  EXPECT_EQ(other.exit_status, kExitUsage);
  EXPECT_THAT(other.err, testing::StartsWith("train-r3d: rank 3 on "));
  EXPECT_THAT(other.err, HasSubstr("absent.ini"));
  const CommandResult first = RunCommand(command, {"PMIX_RANK=0"});
  EXPECT_THAT(first.err, testing::Not(HasSubstr("rank ")));
  EXPECT_THAT(first.err, HasSubstr("absent.ini"));
  const std::string several = fmt::format(
      "for rank in 1 2 3 4; do PMIX_RANK=$rank '{}' & done; wait", fmt::join(command, "' '"));
  EXPECT_EQ(Count(RunCommand({"sh", "-c", several}).err, "absent.ini"), 1U);
}

// Every rank finds this mistake by itself, but only one reports it.
TEST_F(Mistakes, AMistakeIsSaidOnceThoughItIsFoundLate) {
  const CommandResult trained = RunCommand(Command(1, "undisturbed", {"--epochs", "1"}));
  ASSERT_EQ(trained.exit_status, kExitDone) << trained.err;
  const std::string weights = At("undisturbed") + "/checkpoints/latest";
  const CommandResult result =
      RunCommand(Command(2, "mistaken_late", {"--finetune", weights, "--finetune-from", "layer9"}));
  EXPECT_EQ(result.exit_status, kExitUsage) << result.err;
  EXPECT_EQ(Count(result.err, "--finetune-from layer9"), 1U) << result.err;
}

}  // namespace
}  // namespace reel3d::test

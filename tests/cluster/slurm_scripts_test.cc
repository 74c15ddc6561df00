// Slurm's limits are read twice: by slurm/limits.sh and slurm/grace.sh on the login node, before
// tools are there, and by check-cluster inside a job. Checks that both conclude the same from what
// a real Slurm 22.05 has printed (slurm_says), changed in many ways.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <tuple>
#include <utility>
#include <vector>

#include "lib/base/file.h"
#include "lib/cluster/checks.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

// Stand-ins for Slurm's commands print the texts, which are in files beside them.
constexpr const char* kScontrol = R"sh(#!/bin/sh
cd "$(dirname "$0")"
for last; do :; done
case $last in
config) cat config ;;
partition) cat partitions ;;
*) grep "^PartitionName=$last " partitions ;;
esac
)sh";
constexpr const char* kSacctmgr = R"sh(#!/bin/sh
case $* in *" associations "*) echo "|$(cat "$(dirname "$0")/submit")|" ;; esac
)sh";
constexpr const char* kAsk = R"sh(set -euo pipefail
. slurm/limits.sh
. slurm/grace.sh
site=$(scontrol show config)
echo "tasks $(max_array_tasks | cut -d ' ' -f 1)"
echo "jobs $(site_number MaxJobCount)"
echo "own_jobs $(submit_limits mine "$1" '' | sed -n 's/ .*MaxSubmitJobs of account.*//p')"
echo "grace_s $(grace_seconds "$1" '')"
)sh";

class SlurmScripts : public testing::Test {
 protected:
  void SetUp() override {
    for (const auto& [name, text] :
         {std::pair("scontrol", kScontrol), std::pair("sacctmgr", kSacctmgr),
          std::pair("squeue", "#!/bin/sh\n")}) {
      WriteFileAtomically(folder_ / name, text);
      std::filesystem::permissions(folder_ / name, std::filesystem::perms::owner_all);
    }
  }

  static std::string Said(const std::string& file) {
    return ReadFile(test::SourceFolder() / "tests/cluster/slurm_says" / file);
  }
  static SlurmTexts Recorded(const std::string& partition) {
    return {Said("config.txt"), Said("partition_main.txt") + Said("partition_low.txt"), partition,
            ""};
  }
  // Replaces a text that stands in the configuration or in a partition.
  static SlurmTexts With(const std::string& from, const std::string& to,
                         SlurmTexts says = Recorded("low")) {
    std::string* text =
        says.config.find(from) != std::string::npos ? &says.config : &says.partitions;
    const size_t place = text->find(from);
    EXPECT_NE(place, std::string::npos) << from;
    text->replace(place, from.size(), to);
    return says;
  }

  // Both return a line "KEY NUMBER" for each limit; "KEY " if there is none.
  std::string OfScripts(const SlurmTexts& says) const {
    WriteFileAtomically(folder_ / "config", says.config);
    WriteFileAtomically(folder_ / "partitions", says.partitions);
    WriteFileAtomically(folder_ / "submit", says.submit);
    const test::CommandResult said = test::RunCommand(
        {"/usr/bin/env", fmt::format("PATH={}:{}", folder_.path().string(), std::getenv("PATH")),
         "bash", "-c", std::string("cd \"$0\"\n") + kAsk, test::SourceFolder().string(),
         says.partition});
    EXPECT_EQ(said.exit_status, 0) << said.err;
    return said.out;
  }
  static std::string OfCheck(const SlurmTexts& says) {
    ClusterProbe probe;
    probe.ask_slurm = [&] { return says; };
    const nlohmann::json seen = SlurmCheck().observe(probe, {});
    std::string lines;
    for (const char* key : {"tasks", "jobs", "own_jobs", "grace_s"}) {
      lines += fmt::format("{} {}\n", key, seen.at(key).is_null() ? "" : seen.at(key).dump());
    }
    return lines;
  }

  void ExpectSame(const SlurmTexts& says, const std::string& lines) const {
    EXPECT_EQ(OfScripts(says), lines);
    EXPECT_EQ(OfCheck(says), lines);
  }

  test::TemporaryFolder folder_;
};

TEST_F(SlurmScripts, ReadTheSameFromWhatSlurmHasPrinted) {
  const std::string limits = "tasks 1001\njobs 10000\nown_jobs \n";
  ExpectSame(Recorded("low"), limits + "grace_s \n");
  const SlurmTexts preempts = With("PriorityTier=1", "PriorityTier=9");  // of main
  ExpectSame(preempts, limits + "grace_s 3\n");
  ExpectSame(With("PreemptMode=CANCEL State=UP TotalCPUs=12 TotalNodes=3 SelectTypeParameters=NONE",
                  "PreemptMode=OFF", Recorded("main")),
             limits + "grace_s \n");
}

TEST_F(SlurmScripts, ReadTheSameOfPreemption) {
  const SlurmTexts preempts = With("PriorityTier=1", "PriorityTier=9");
  const std::string other = "tasks 1001\njobs 10000\nown_jobs \n";
  for (const auto& [from, to, grace] :
       std::vector<std::tuple<const char*, const char*, const char*>>{
           {"GraceTime=3", "GraceTime=90", "90"},
           {"GraceTime=3", "GraceTime=0", "0"},
           {"GraceTime=3", "GraceTime=NONE", ""},
           {"GraceTime=3", "GraceTime=-1", ""},
           {"PriorityTier=9", "PriorityTier=0", ""},
           {"preempt/partition_prio", "preempt/none", ""},
           {"preempt/partition_prio", "preempt/qos", ""},
           {"preempt/partition_prio", "(null)", ""}}) {
    SCOPED_TRACE(to);
    ExpectSame(With(from, to, preempts), fmt::format("{}grace_s {}\n", other, grace));
  }
  for (const char* mode : {"OFF", "CANCEL,OFF", "REQUEUE", "SUSPEND,GANG"}) {
    SCOPED_TRACE(mode);
    SlurmTexts says = preempts;
    const size_t place = says.partitions.rfind("PreemptMode=CANCEL");  // of low
    says.partitions.replace(place, 18, std::string("PreemptMode=") + mode);
    const bool is_off = std::string(mode).find("OFF") != std::string::npos;
    ExpectSame(says, fmt::format("{}grace_s {}\n", other, is_off ? "" : "3"));
  }
  SlurmTexts gone = preempts;
  gone.partition = "gone";
  ExpectSame(gone, other + "grace_s \n");
}

TEST_F(SlurmScripts, ReadTheSameNumbers) {
  for (const auto& [value, number] :
       std::vector<std::pair<const char*, const char*>>{{"64", "64"},
                                                        {"1", "1"},
                                                        {"0", "0"},
                                                        {"08", "8"},
                                                        {"", ""},
                                                        {"(null)", ""},
                                                        {"-1", ""},
                                                        {"99999999999999999999", ""},
                                                        {"12abc", ""},
                                                        {"UNLIMITED", ""},
                                                        {"1e3", ""},
                                                        {"4294967294", ""}}) {
    SCOPED_TRACE(value);
    const auto with = [&](const char* line) { return With(line, fmt::format("= {}\n", value)); };
    ExpectSame(with("= 1001\n"),
               fmt::format("tasks {}\njobs 10000\nown_jobs \ngrace_s \n", number));
    ExpectSame(with("= 10000\n"),
               fmt::format("tasks 1001\njobs {}\nown_jobs \ngrace_s \n", number));
    ExpectSame(With("bf_interval=1,", fmt::format("max_array_tasks={},bf_max_time=9,", value)),
               fmt::format("tasks {}\njobs 10000\nown_jobs \ngrace_s \n",
                           *number == '\0' ? "1001" : number));
    SlurmTexts says = Recorded("low");
    says.submit = value;
    ExpectSame(says, fmt::format("tasks 1001\njobs 10000\nown_jobs {}\ngrace_s \n", number));
  }
  SlurmTexts nothing = {"", "", "low", ""};
  ExpectSame(nothing, "tasks \njobs \nown_jobs \ngrace_s \n");
}

}  // namespace
}  // namespace reel3d

// check-cluster checks hosts, network and folders from inside of a job.
// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/check_cluster.h"

#include "lib/base/brief_waits.h"
#include "lib/cli/tool.h"

namespace {

// This runs before the initialisers of libraries.
[[gnu::section(".preinit_array"),
  gnu::used]] void (*const kBeginEarly)(int, char**, char**) = reel3d::WaitBriefly;

}  // namespace

int main(int argc, char** argv) {
  reel3d::CheckClusterOptions options;
  return reel3d::RunTool(
      {"check-cluster", "Checks the hosts, network and folders of a job before it trains.",
       "  srun --mpi=pmix check-cluster --folder run --history cluster.jsonl\n"
       "  mpirun -n 4 check-cluster --shards run/x/shards --need 2000\n\n"
       "Start this tool with the launcher of the job, on the job's hosts. Each line says OK, WARN\n"
       "or FAIL, and what to do. Status 4: a check failed. The tool removes the small files that\n"
       "it writes.",
       /*is_parallel=*/true},
      argc, argv, options, [&] { return reel3d::RunCheckCluster(options); });
}

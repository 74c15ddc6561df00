// Holds the functions with which checks of a cluster measure a rank. The stage makes them from MPI,
// torch, the loader and the system. Tests replace some of them to plant faults.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace reel3d {

// States by how much the clock of this rank is ahead of that of rank 0. The true difference may
// differ from `ahead_s` by half of the round trip.
struct ClockOffset {
  double ahead_s = 0;
  double round_trip_s = 0;
};

// Holds what Slurm prints about this cluster. An empty text: the program is not here, does not
// answer, or has nothing to say.
struct SlurmTexts {
  std::string config;      // scontrol show config
  std::string partitions;  // scontrol --all --oneliner show partition
  std::string partition;   // the name of this job's
  std::string submit;      // sacctmgr: MaxSubmitJobs of the user in the account of this job
};

struct ClusterProbe {
  int rank = 0;
  int size = 1;
  std::string host;
  std::string processor;             // "AMD EPYC", with the GPU's name if ranks compute on GPUs
  std::string gpu_id;                // each GPU and each slice of one has its own; "" without a GPU
  std::string transport;             // what carries gradients, such as "Open MPI 4.1.4"
  bool uses_nccl = false;            // gradients go by NCCL, otherwise by MPI
  std::string network;               // NCCL's name of what it uses between hosts; "": not known
  std::string versions;              // lines of program, libraries and build
  std::filesystem::path root = "/";  // holds /proc, /sys and /dev

  // Collective: every rank calls them in the same order.
  std::function<void()> barrier;
  std::function<std::vector<std::string>(const std::string&)> gather;
  std::function<double(int64_t num_floats)> all_reduce_s;  // seconds of one all-reduce
  std::function<ClockOffset()> clock_offset;

  // Call it on both ranks of a pair. Returns the seconds that it took to send and to receive.
  std::function<double(int peer, int64_t size_bytes)> exchange_s;

  // These work on one rank alone.
  std::function<uint32_t()> step_checksum;  // of the gradients of one fixed training step
  std::function<double()> loader_clips_per_s;
  std::function<SlurmTexts()> ask_slurm;         // only in a job of Slurm, else empty
  std::function<int64_t()> shared_memory_bytes;  // free in /dev/shm
  // Writes the file and syncs it to disk. Returns the seconds that this took. Throws an environment
  // error.
  std::function<double(const std::filesystem::path& file, int64_t size_bytes)> write_s;
  std::function<int(int descriptor)> try_lock;  // flock(); returns 0 or an errno
  std::function<bool(const std::filesystem::path& file)> is_there;
};

}  // namespace reel3d

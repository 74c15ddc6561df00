// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/cluster_probe.h"

#include <ATen/Parallel.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <torch/types.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/timer.h"
#include "lib/base/versions.h"
#include "lib/dist/device.h"
#include "lib/dist/link_probe.h"
#include "lib/dist/nccl_log.h"
#include "lib/dist/process_group.h"
#include "lib/model/network.h"
#include "pipeline/stages/gradient_network.h"
#include "pipeline/support/random_clips.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;

std::string ProcessorName() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos) {
      return line.substr(colon + 2);
    }
  }
  return "unknown processor";
}

// Includes a checksum of the program, because two builds of reel3d may have the same versions.
std::string VersionsOfAll() {
  const std::string program = ReadFile("/proc/self/exe");
  return "reel3d " + Version() + "\nprogram " +
         std::to_string(Crc32(program.data(), program.size())) + "\n" + LinkedLibraries();
}

// Makes torch use one thread, so that ranks with other numbers of threads get the same checksum.
class OneThread {
 public:
  OneThread() : before_(at::get_num_threads()) { at::set_num_threads(1); }
  ~OneThread() { at::set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

uint32_t StepChecksum(at::Device device) {
  const OneThread one;
  NetworkOptions options;
  options.width = 0.25;
  options.num_classes = 10;
  options.dropout = 0;
  Network network = MakeNetwork(options, /*seed=*/1);
  network->to(device);
  network->train();
  const auto clips = at::arange(int64_t{2} * 3 * 8 * 32 * 32, at::kFloat).mul(0.01).sin();
  const at::Tensor logits = network->forward(clips.view({2, 3, 8, 32, 32}).to(device));
  logits.square().sum().backward();
  uint32_t checksum = 0;
  for (const at::Tensor& parameter : network->parameters()) {
    const at::Tensor gradient = parameter.grad().to(at::kCPU).contiguous();
    checksum = Crc32(gradient.data_ptr(), gradient.nbytes(), checksum);
  }
  return checksum;
}

double LoaderClipsPerSecond(const ClusterNeeds& needs) {
  constexpr double kLongest_s = 5;
  const ShardSet shards(needs.shards_dir);
  if (shards.videos().empty()) {
    throw InputError(needs.shards_dir + ": holds no videos");
  }
  RandomClips options;
  options.clips = 1'000'000;
  BatchLoaderOptions loader_options;
  loader_options.clip_length = options.clip.length;
  loader_options.size = options.crop.size;
  loader_options.threads = needs.threads;
  BatchLoader loader(DrawBatches(shards, options), FramesOf(shards), loader_options);
  Batch batch;
  int64_t num_clips = 0;
  const Stopwatch clock;
  while (clock.Seconds() < kLongest_s && loader.Next(&batch)) {
    num_clips += batch.size();
  }
  return static_cast<double>(num_clips) / clock.Seconds();
}

double WriteSeconds(const fs::path& file, int64_t size_bytes) {
  const std::vector<char> bytes(static_cast<size_t>(size_bytes), 'x');
  const Stopwatch clock;
  const int descriptor = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    throw WriteError(file.string(), errno);
  }
  const ssize_t written = write(descriptor, bytes.data(), bytes.size());
  const bool is_written = written == static_cast<ssize_t>(bytes.size()) && fsync(descriptor) == 0;
  const int error_number = errno;
  if (close(descriptor) != 0 || !is_written) {
    throw WriteError(file.string(), error_number);
  }
  return clock.Seconds();
}

int64_t SharedMemoryBytes() {
  struct statvfs room {};
  return statvfs("/dev/shm", &room) == 0
             ? static_cast<int64_t>(room.f_bavail) * static_cast<int64_t>(room.f_frsize)
             : 0;
}

// Lets the ranks add up one number, and returns the network that NCCL has chosen for this.
NcclNetwork ChosenNetwork(const ProcessGroup& group, at::Device device, const NcclLog& log) {
  const at::Tensor number = at::ones({1}, at::TensorOptions(device));
  AllReduceSum(group, number);
  number.item<float>();  // waits until the GPU has finished
  return log.Network();
}

void AskRanks(const World& world, at::Device device, ClusterProbe* probe) {
  std::optional<NcclLog> log;
  if (device.is_cuda()) {
    log.emplace();
  }
  const ProcessGroup group = MakeProcessGroup(world, device);
  NameTransport(log ? std::optional(ChosenNetwork(group, device, *log)) : std::nullopt, probe);
  probe->barrier = WaitForAll;
  probe->gather = [&world](const std::string& text) { return world.Gather(text); };
  probe->all_reduce_s = [group, device](int64_t num_floats) {
    const at::Tensor gradients = at::ones({num_floats}, at::TensorOptions(device));
    const Stopwatch clock;
    AllReduceSum(group, gradients);
    gradients[0].item<float>();  // waits until a GPU has finished
    return clock.Seconds();
  };
  probe->clock_offset = [&world] {
    const ClockDifference difference = CompareClocks(world);
    return ClockOffset{difference.ahead_s, difference.round_trip_s};
  };
  probe->exchange_s = ExchangeSeconds;
}

// Returns what the command prints, at most some MB of it. popen() runs a shell, which finds the
// program and puts the job's variables in.
std::string OutputOf(const char* command) {
  constexpr size_t kMostBytes = size_t{4} << 20;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(popen(command, "re"), pclose);
  std::string text;
  std::array<char, 4096> part{};
  while (pipe && text.size() < kMostBytes) {
    const size_t size = std::fread(part.data(), 1, part.size(), pipe.get());
    if (size == 0) {
      break;
    }
    text.append(part.data(), size);
  }
  return text;
}

SlurmTexts AskSlurm() {
  if (std::getenv("SLURM_JOB_ID") == nullptr) {
    return {};
  }
  const char* partition = std::getenv("SLURM_JOB_PARTITION");
  return {OutputOf("timeout 10 scontrol show config 2>/dev/null"),
          OutputOf("timeout 10 scontrol --all --oneliner show partition 2>/dev/null"),
          partition == nullptr ? "" : partition,
          OutputOf("timeout 10 sacctmgr --noheader --parsable2 show associations where "
                   "\"user=$(id -un)\" \"account=${SLURM_JOB_ACCOUNT:-}\" "
                   "format=MaxSubmitJobs 2>/dev/null")};
}

void AskOneself(const ClusterNeeds& needs, at::Device device, ClusterProbe* probe) {
  probe->step_checksum = [device] { return StepChecksum(device); };
  probe->loader_clips_per_s = [&needs] { return LoaderClipsPerSecond(needs); };
  probe->ask_slurm = AskSlurm;
  probe->shared_memory_bytes = SharedMemoryBytes;
  probe->write_s = WriteSeconds;
  probe->try_lock = [](int descriptor) {
    return flock(descriptor, LOCK_EX | LOCK_NB) == 0 ? 0 : errno;
  };
  probe->is_there = [](const fs::path& file) {
    std::error_code failed;
    return fs::exists(file, failed);
  };
}

}  // namespace

ClusterProbe MakeClusterProbe(const World& world, const ClusterNeeds& needs, DeviceChoice device) {
  ChooseKernels(/*deterministic=*/true);
  const at::Device chosen = ChooseDevice(device, world);
  ClusterProbe probe;
  probe.rank = world.rank();
  probe.size = world.size();
  probe.host = world.host();
  probe.processor = ProcessorName();
  if (chosen.is_cuda()) {
    const Gpu gpu = DescribeGpu(chosen);
    probe.processor += " with " + gpu.name;
    probe.gpu_id = gpu.id;
  }
  probe.versions = VersionsOfAll();
  AskRanks(world, chosen, &probe);
  AskOneself(needs, chosen, &probe);
  return probe;
}

}  // namespace reel3d

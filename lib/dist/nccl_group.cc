// SPDX-License-Identifier: Apache-2.0
#include "lib/dist/nccl_group.h"

#include <c10/cuda/CUDAFunctions.h>
#include <cuda_runtime_api.h>
#include <fmt/format.h>
#include <nccl.h>
#include <torch/types.h>

#include <chrono>
#include <exception>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "lib/base/error.h"
#include "lib/base/log.h"
#include "lib/base/versions.h"

namespace reel3d {
namespace {

// A timeout that never expires. The watchdog (--stall-timeout) reports hangs instead, because it
// knows which rank blocks the others.
constexpr std::chrono::hours kTimeout(24 * 365);

std::string NcclVersion() {
  int version = 0;
  ncclGetVersion(&version);
  return fmt::format("{}.{}.{}", version / 10000, version / 100 % 100, version % 100);
}

const LinkedLibrary kLibrary("NCCL", NcclVersion());

// Makes the key-value store over which NCCL starts. Rank 0 serves the store on a free port; the
// other ranks get host and port by MPI.
c10::intrusive_ptr<c10d::Store> MakeStore(const World& world) {
  c10d::TCPStoreOptions options;
  options.numWorkers = world.size();
  options.waitWorkers = false;  // the others cannot connect before they know the port
  c10::intrusive_ptr<c10d::TCPStore> store;
  if (world.is_main()) {
    options.isServer = true;
    options.port = 0;
    store = c10::make_intrusive<c10d::TCPStore>("localhost", options);
  }
  const std::string main_host = world.Broadcast(world.host());
  // A container may not know the address of its own name.
  const std::string host = main_host == world.host() ? "localhost" : main_host;
  const std::string port = world.Broadcast(store ? std::to_string(store->getPort()) : "");
  if (!store) {
    options.port = static_cast<uint16_t>(std::stoi(port));
    store = c10::make_intrusive<c10d::TCPStore>(host, options);
  }
  return c10::make_intrusive<c10d::PrefixStore>("nccl", store);
}

// Ends NCCL's communicator together with the group. Otherwise NCCL would warn that the communicator
// was not ended.
class NcclGroup : public c10d::ProcessGroup {
 public:
  using c10d::ProcessGroup::ProcessGroup;
  // Other ranks may not come here after an error, so this rank does not wait for them then.
  ~NcclGroup() override {
    try {
      if (std::uncaught_exceptions() > 0) {
        abort();
      } else {
        shutdown();
      }
    } catch (const std::exception& error) {
      LogWarn(fmt::format("NCCL does not end: {}", error.what()));
    }
  }
};

}  // namespace

bool HasCuda() { return true; }

int NumGpus() { return c10::cuda::device_count(); }

Gpu GpuOf(int index) {
  cudaDeviceProp properties{};
  if (cudaGetDeviceProperties(&properties, index) != cudaSuccess) {
    throw EnvironmentError(fmt::format("CUDA does not say what GPU {} is", index));
  }
  Gpu gpu{properties.name, {}};
  // The bus address would not do as an id: all slices of one GPU have the same bus address.
  for (const char byte : properties.uuid.bytes) {
    gpu.id += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  return gpu;
}

void UseGpu(at::Device device) { c10::cuda::set_device(device.index()); }

ProcessGroup MakeNcclGroup(const World& world, at::Device device) {
  try {
    auto store = MakeStore(world);
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = kTimeout;
    auto group = c10::make_intrusive<NcclGroup>(store, world.rank(), world.size());
    group->setBackend(
        at::kCUDA, c10d::ProcessGroup::BackendType::NCCL,
        c10::make_intrusive<c10d::ProcessGroupNCCL>(store, world.rank(), world.size(), options));
    group->setDefaultBackend(c10d::ProcessGroup::BackendType::NCCL);
    group->setGroupName("nccl");
    group->setBoundDeviceId(device);  // for collectives without a tensor
    return group;
  } catch (const c10::Error& error) {
    throw EnvironmentError(
        fmt::format("NCCL does not start on {}: {}", world.host(), error.what_without_backtrace()));
  }
}

}  // namespace reel3d

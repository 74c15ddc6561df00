// Reads which network devices a host has, and how fast their ports are.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace reel3d {

// Returns the names of the InfiniBand, RoCE and Slingshot devices that have an active port, sorted.
// A device without an active port has no cable. `root` holds /sys, as ClusterProbe::root does.
std::vector<std::string> FastDevices(const std::filesystem::path& root);

struct HostPort {
  std::string name;       // such as "mlx5_0" or "eth0"; "": no port says how fast it is
  double gbit_per_s = 0;  // in each direction
};

// Returns the fastest active port of InfiniBand or Ethernet. Virtual devices do not count, because
// the rates that they state mean nothing.
HostPort FastestPort(const std::filesystem::path& root);

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "lib/cluster/host_ports.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <system_error>

namespace reel3d {
namespace {

namespace fs = std::filesystem;

// Fits no port of today; a larger number is no rate.
constexpr double kMostGbit = 1e5;

std::vector<fs::path> FilesIn(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code failed;
  for (fs::directory_iterator file(folder, failed), end; !failed && file != end;
       file.increment(failed)) {
    files.push_back(file->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Returns the first line of a file of /sys; "" if it cannot be read, as the speed of a port that is
// down.
std::string LineOf(const fs::path& path) {
  std::string line;
  std::ifstream file(path);
  std::getline(file, line);
  return line;
}

bool IsActive(const fs::path& port) {
  const std::string state = LineOf(port / "state");
  return state.empty() || state.find("ACTIVE") != std::string::npos;
}

// Devices without a list of ports count as active.
bool HasActivePort(const fs::path& device) {
  const std::vector<fs::path> ports = FilesIn(device / "ports");
  return ports.empty() || std::any_of(ports.begin(), ports.end(), IsActive);
}

double RateIn(const std::string& line, double units_per_gbit) {
  const double rate = std::strtod(line.c_str(), nullptr) / units_per_gbit;
  return rate > 0 && rate <= kMostGbit ? rate : 0;
}

void Offer(const fs::path& device, double gbit_per_s, HostPort* fastest) {
  if (gbit_per_s > fastest->gbit_per_s) {
    *fastest = {device.filename(), gbit_per_s};
  }
}

}  // namespace

std::vector<std::string> FastDevices(const fs::path& root) {
  std::vector<std::string> names;
  for (const char* folder : {"sys/class/infiniband", "sys/class/cxi"}) {
    for (const fs::path& device : FilesIn(root / folder)) {
      if (HasActivePort(device)) {
        names.push_back(device.filename());
      }
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

HostPort FastestPort(const fs::path& root) {
  HostPort fastest;
  for (const fs::path& device : FilesIn(root / "sys/class/infiniband")) {
    for (const fs::path& port : FilesIn(device / "ports")) {
      if (IsActive(port)) {
        Offer(device, RateIn(LineOf(port / "rate"), 1), &fastest);  // "100 Gb/sec (4X EDR)"
      }
    }
  }
  std::error_code failed;
  for (const fs::path& device : FilesIn(root / "sys/class/net")) {
    if (fs::exists(device / "device", failed) && LineOf(device / "operstate") == "up") {
      Offer(device, RateIn(LineOf(device / "speed"), 1000), &fastest);  // in Mbit/s; -1: not known
    }
  }
  return fastest;
}

}  // namespace reel3d

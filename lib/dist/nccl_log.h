// Finds out which network NCCL has chosen between hosts. NCCL has no function for this, and takes
// TCP without a word if it does not find a faster one. Only its log names the network.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>

namespace reel3d {

struct NcclNetwork {
  std::string name;     // "Socket" is TCP; "IB", "AWS Libfabric", ...; "" if the log does not say
  std::string devices;  // as in the log, such as "[0]eth0:10.0.0.1<0>"; may be ""
};

// Returns the network that this log of level INFO names last.
NcclNetwork NetworkInNcclLog(const std::string& log);

// Makes NCCL write its log to a temporary file. NCCL reads its settings once in a process, so make
// this object before NCCL starts. It does nothing if NCCL_DEBUG is set, because the user reads the
// log then, or if there is no room for a temporary file.
class NcclLog {
 public:
  NcclLog();
  ~NcclLog();  // removes the file; NCCL may keep writing, which then has no effect
  NcclLog(const NcclLog&) = delete;
  NcclLog& operator=(const NcclLog&) = delete;

  // Returns what NCCL has chosen so far.
  NcclNetwork Network() const;

 private:
  std::filesystem::path file_;  // empty if NCCL writes no log for us
};

}  // namespace reel3d

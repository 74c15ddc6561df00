// SPDX-License-Identifier: Apache-2.0
#include "lib/dist/nccl_log.h"

#include <unistd.h>

#include <cstdlib>
#include <sstream>

#include "lib/base/file.h"

namespace reel3d {
namespace {

// Sets `text` to what follows `mark` in the line, up to `end` or the end of the line. Does nothing
// if the mark is not in the line.
void TakeAfter(const std::string& line, const std::string& mark, const std::string& end,
               std::string* text) {
  const size_t place = line.find(mark);
  if (place == std::string::npos) {
    return;
  }
  const std::string rest = line.substr(place + mark.size());
  *text = rest.substr(0, end.empty() ? std::string::npos : rest.find(end));
}

}  // namespace

NcclNetwork NetworkInNcclLog(const std::string& log) {
  NcclNetwork network;
  std::istringstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    TakeAfter(line, "NCCL INFO Using network ", "", &network.name);
    TakeAfter(line, "NCCL INFO Assigned NET plugin ", " to comm", &network.name);
  }
  lines = std::istringstream(log);
  for (std::string line; std::getline(lines, line);) {
    TakeAfter(line, "NCCL INFO NET/" + network.name + " : Using ", ";", &network.devices);
  }
  return network;
}

NcclLog::NcclLog() {
  if (std::getenv("NCCL_DEBUG") != nullptr) {
    return;
  }
  std::error_code ignored;
  const std::filesystem::path folder = std::filesystem::temp_directory_path(ignored);
  std::string name = (folder / "reel3d-nccl-XXXXXX").string();
  const int descriptor = folder.empty() ? -1 : mkstemp(name.data());
  if (descriptor < 0) {
    return;
  }
  close(descriptor);
  file_ = name;
  setenv("NCCL_DEBUG", "INFO", /*overwrite=*/1);
  setenv("NCCL_DEBUG_SUBSYS", "INIT,NET", /*overwrite=*/1);
  setenv("NCCL_DEBUG_FILE", name.c_str(), /*overwrite=*/1);
}

NcclLog::~NcclLog() {
  std::error_code ignored;
  if (!file_.empty()) {
    std::filesystem::remove(file_, ignored);
  }
}

NcclNetwork NcclLog::Network() const {
  std::error_code ignored;
  return std::filesystem::exists(file_, ignored) ? NetworkInNcclLog(ReadFile(file_))
                                                 : NcclNetwork();
}

}  // namespace reel3d

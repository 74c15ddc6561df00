// Any bytes as a .pth file: they are read to the last value, or refused as bad input.
// SPDX-License-Identifier: Apache-2.0
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "lib/base/error.h"
#include "lib/model/pth.h"
#include "lib/model/weights_header.h"
#include "lib/model/weights_layout.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const int memory = memfd_create("input.pth", MFD_CLOEXEC);
  if (ftruncate(memory, 0) != 0 || pwrite(memory, data, size, 0) != static_cast<ssize_t>(size)) {
    return 0;
  }
  try {
    const std::string path = "/proc/self/fd/" + std::to_string(memory);
    const reel3d::PthReader reader(path);
    reel3d::FindLayout(reel3d::ReadWeightsHeader(path).tensors);
    std::set<std::string> storages;
    for (const reel3d::PthTensor& tensor : reader.header().tensors) {
      if (storages.insert(tensor.storage).second) {
        std::vector<char> bytes(reader.StorageBytes(tensor.storage));
        reader.ReadStorage(tensor.storage, bytes.data());
      }
    }
  } catch (const reel3d::Error& error) {
    if (error.kind() != reel3d::ErrorKind::kInput) {
      throw;  // whatever the bytes, it is they that are wrong
    }
  }
  return 0;
}

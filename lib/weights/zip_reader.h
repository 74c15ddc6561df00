// Reads those files of a zip archive that are stored as they are, as torch.save stores tensors and
// what describes them. Nothing is ever decompressed, so no archive can hold more than its own
// bytes: that is why this is our own and not libzip. Without torch.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/weights/input_file.h"

namespace reel3d {

struct ZipEntry {
  std::string name;
  uint64_t size_bytes = 0;
  uint32_t crc32 = 0;
  uint64_t offset = 0;  // of its first byte in the archive
  // Compressed or encrypted, as TorchScript's source texts are: there, but not to be read.
  bool packed = false;
};

// The files in an archive, in the order of their bytes. Throws an input error unless it is well
// formed: names once each, files within the archive and none that overlap.
std::vector<ZipEntry> ReadZipDirectory(const InputFile& archive);

// The bytes of a file. Throws an input error if it is packed or its bytes have another checksum.
void ReadZipEntry(const InputFile& archive, const ZipEntry& entry, void* bytes);

}  // namespace reel3d

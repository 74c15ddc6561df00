// Reads those files of a zip archive that are stored uncompressed, as torch.save stores tensors and
// their description. Nothing is ever decompressed, so no archive can hold more than its own bytes;
// this is why reel3d does not use libzip. This file does not use torch.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/input_file.h"

namespace reel3d {

struct ZipEntry {
  std::string name;
  uint64_t size_bytes = 0;
  uint32_t crc32 = 0;
  uint64_t offset = 0;  // of its first byte in the archive
  // True: compressed or encrypted, like TorchScript's source texts, and therefore unreadable here.
  bool packed = false;
};

// Returns the files in an archive, in the order of their bytes. Throws an input error unless it is
// well formed: unique names, files within the archive, and no overlap.
std::vector<ZipEntry> ReadZipDirectory(const InputFile& archive);

// Reads the bytes of a file. Throws an input error if it is packed, or has another checksum.
void ReadZipEntry(const InputFile& archive, const ZipEntry& entry, void* bytes);

}  // namespace reel3d

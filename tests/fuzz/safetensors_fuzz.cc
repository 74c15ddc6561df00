// Fuzzes the reading of weights in the safetensors format: the header, the recognition of the
// network, and the bytes of every tensor.
// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/safetensors.h"

#include "lib/base/file.h"
#include "lib/weights/weights_header.h"
#include "lib/weights/weights_layout.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/test_support.h"

std::vector<std::string> reel3d::fuzz::Seeds() {
  const test::TemporaryFolder folder;
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  SafetensorsHeader header;
  header.entries = {{"conv1.weight", "F32", {2, 1, 3}},
                    {"bn1.num_batches_tracked", "I64", {}},
                    {"layer1.0.conv1.weight", "F32", {2, 1, 1, 1, 3}},
                    {"layer1.0.conv2_t.weight", "BF16", {0, 4}}};
  header.metadata = {{"format", "pt"}};
  WriteSafetensors(folder / "a", header, [&](size_t) { return values.data(); });
  return {ReadFile(folder / "a")};
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reel3d;
  const fuzz::ScratchFile file(data, size);
  fuzz::AllowInputErrors([&] {
    FindLayout(ReadWeightsHeader(file.path()).tensors);
    SafetensorsReader reader(file.path());
    for (const SafetensorsEntry& entry : reader.header().entries) {
      std::vector<char> bytes(entry.size_bytes);
      reader.Read(entry, bytes.data());
    }
  });
  return 0;
}

// Fuzzes the reading of weights in the format of Python's torch.save: the list of tensors, the
// recognition of the network, and the bytes of every storage.
// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/pth.h"

#include <set>

#include "lib/base/file.h"
#include "lib/weights/pth_writer.h"
#include "lib/weights/weights_header.h"
#include "lib/weights/weights_layout.h"
#include "lib/weights/zip_reader.h"
#include "lib/weights/zip_writer.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/test_support.h"
#include "tests/weights/pth_pieces.h"

namespace reel3d {
namespace {

constexpr const char* kPickle = "data.pkl";

void ReadAll(const std::filesystem::path& file) {
  fuzz::AllowInputErrors([&] {
    FindLayout(ReadWeightsHeader(file).tensors);
    const PthReader reader(file);
    std::set<std::string> storages;
    for (const PthTensor& tensor : reader.header().tensors) {
      if (storages.insert(tensor.storage).second) {
        std::vector<char> bytes(reader.StorageBytes(tensor.storage));
        reader.ReadStorage(tensor.storage, bytes.data());
      }
    }
  });
}

std::string PickleOf(const std::filesystem::path& archive) {
  const InputFile file(archive, "a file of weights");
  for (const ZipEntry& entry : ReadZipDirectory(file)) {
    if (entry.name.find(kPickle) != std::string::npos) {
      std::string bytes(entry.size_bytes, '\0');
      ReadZipEntry(file, entry, bytes.data());
      return bytes;
    }
  }
  return "";
}

}  // namespace
}  // namespace reel3d

std::vector<std::string> reel3d::fuzz::Seeds() {
  const test::TemporaryFolder folder;
  const std::vector<float> values(12);
  const std::vector<SafetensorsEntry> tensors = {{"conv1.weight", "F32", {2, 1, 3}},
                                                 {"bn1.num_batches_tracked", "I64", {}},
                                                 {"layer1.0.conv1.weight", "F32", {2, 1, 1, 1, 3}},
                                                 {"layer1.0.conv2_t.weight", "BF16", {0, 4}},
                                                 {"fc.bias", "F16", {3}}};
  WritePth(folder / "a", tensors, [&](size_t) { return values.data(); });
  std::vector<std::string> seeds = {ReadFile(folder / "a"), PickleOf(folder / "a")};
  for (const test::PythonObject& object : test::PythonObjects()) {
    const std::string state =
        test::Dict(test::Text("model.conv1.weight") + test::Tensor(4, 0, {2, 2}, {2, 1}));
    seeds.push_back("\x80\x02" +
                    test::Dict(test::Text("net") + state + test::Text("x") + object.pickle) + ".");
    seeds.push_back("\x80\x02" + test::Dict(test::Text("conv1.weight") + object.pickle) + ".");
  }
  return seeds;
}

// Reads the input as a file, and as the pickle of a valid archive. The archive's checksum would
// otherwise hide the effects of damage.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reel3d;
  const fuzz::ScratchFile file(data, size);
  ReadAll(file.path());
  const fuzz::ScratchFile archive;
  ZipWriter zip(archive.path());
  zip.Add(std::string("x/") + kPickle, {reinterpret_cast<const char*>(data), size});
  for (int storage = 0; storage < 5; ++storage) {
    zip.Add("x/data/" + std::to_string(storage), std::string(24, '\0'));
  }
  zip.Finish();
  ReadAll(archive.path());
  return 0;
}

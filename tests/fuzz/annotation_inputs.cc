// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/annotation_inputs.h"

#include <filesystem>
#include <fstream>

#include "lib/annotations/annotation_format.h"
#include "lib/annotations/class_order.h"
#include "lib/annotations/file_rules.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/test_support.h"

namespace reel3d::fuzz {
namespace {

// Reads the annotation file, orders its classes and looks for its videos in a tree of videos.
void TryAnnotations(const uint8_t* data, size_t size) {
  static const test::TemporaryFolder folder;
  const std::vector<AnnotationInput>& inputs = AnnotationInputs();
  FileAndNumbers input(data, size);
  const AnnotationInput& chosen = inputs[input.Below(static_cast<int>(inputs.size()))];
  const std::filesystem::path path = folder / chosen.name;
  std::filesystem::remove(path);  // some file systems sync a file that is overwritten
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(input.file().data()),
             static_cast<std::streamsize>(input.file().size()));
  AllowInputErrors([&] {
    AnnotationRequest request;
    request.files = {{path, Subset::kTraining, false}};
    request.frames_per_second = input.Below(2) * 25.0;
    request.split = 1;
    for (const AnnotationFormat* format : AnnotationFormats()) {
      static_cast<void>(format->recognises(request.files.front()));
    }
    AnnotationSet set;
    try {
      set = ReadAnnotations(chosen.format, request);
    } catch (const Error& error) {
      // A usage error means a wrong choice of files: a list of another split, or only classes.
      if (error.kind() == ErrorKind::kUsage) {
        return;
      }
      throw;
    }
    for (const char* order : {"", "annotation", "mmaction2", "torchvision"}) {
      REEL3D_CHECK(OrderClasses(set, order).classes.size() == set.labels.size());
    }
    VideoTree tree;
    tree.sources = {folder.path()};
    for (const char* below : {"run/a.mp4", "a.mp4", "Archery/v_Archery_g08_c01.avi",
                              "replacement/-A0bCdEfGhI.mp4", "v_-1aB2cD3eF4.mkv"}) {
      tree.videos.push_back({0, below, "", 1});
    }
    REEL3D_CHECK(MatchFiles(tree, set).matches.size() == set.rows.size());
  });
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const AnnotationInput& input : AnnotationInputs()) {
    seeds.push_back(FileAndNumbers::Join(input.text, {static_cast<uint32_t>(seeds.size())}));
  }
  return seeds;
}

}  // namespace reel3d::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  reel3d::fuzz::TryAnnotations(data, size);
  return 0;
}

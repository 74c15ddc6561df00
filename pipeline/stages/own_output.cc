// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/own_output.h"

#include <array>
#include <fstream>
#include <string_view>

#include "lib/video/prepared_video.h"
#include "pipeline/support/folder_maker.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

std::string MakerOf(const fs::path& folder) {
  const std::string maker = MakerOfFolder(folder);
  return maker == "make-demo-videos" ? "" : maker;
}

// Returns true for a prepared video. Its tags come before its frames, so the first bytes suffice.
bool IsPrepared(const fs::path& file) {
  std::error_code error;
  if (!fs::is_regular_file(file, error)) {
    return false;  // opening a pipe would wait for its writer
  }
  std::array<char, 4096> begin{};
  std::ifstream stream(file, std::ios::binary);
  stream.read(begin.data(), begin.size());
  const std::string_view text(begin.data(), static_cast<size_t>(stream.gcount()));
  return text.find(kMadeFromTag) != std::string_view::npos;
}

}  // namespace

TreeFilter OwnOutput() { return {MakerOf, IsPrepared}; }

}  // namespace reel3d

// Reads the file that tests/golden/make_figures_golden.py wrote.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "lib/base/file.h"
#include "tests/test_support.h"

namespace reel3d::test {

inline nlohmann::json FiguresGolden(const char* part) {
  const std::string text = ReadFile(SourceFolder() / "tests/golden/figures_golden.json");
  return nlohmann::json::parse(text).at(part);
}

}  // namespace reel3d::test

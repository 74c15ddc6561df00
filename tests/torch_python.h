// Finds a Python with torch. Tests that need one are skipped if there is none.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

#include "tests/test_support.h"

namespace reel3d::test {

// Returns the first Python that can import all of `modules` ("torch, numpy"), or "" if none can. It
// tries REEL3D_TORCH_PYTHON, then the environments that setup makes, then the system's Python.
inline std::string PythonWith(const std::string& modules) {
  const char* named = std::getenv("REEL3D_TORCH_PYTHON");
  for (const std::string& python : {std::string(named == nullptr ? "" : named),
                                    (SourceFolder() / "build/libtorch/bin/python").string(),
                                    (SourceFolder() / "build/bench-torch/bin/python").string(),
                                    std::string("/usr/bin/python3")}) {
    if (std::filesystem::exists(python) &&
        RunCommand({python, "-c", "import " + modules}).exit_status == 0) {
      return python;
    }
  }
  return "";
}

// Returns the reason why a test is skipped.
inline std::string NoPythonWith(const std::string& modules) {
  return "no Python with " + modules + ": name one in REEL3D_TORCH_PYTHON";
}

}  // namespace reel3d::test

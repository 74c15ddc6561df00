// Reads the values that tests/golden/make_plan_golden.py computed without lib/plan.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include "lib/base/file.h"
#include "tests/test_support.h"

namespace reel3d::test {

inline nlohmann::ordered_json PlanGolden(const char* part) {
  const auto file = SourceFolder() / "tests/golden/plan_golden.json";
  return nlohmann::ordered_json::parse(ReadFile(file)).at(part);
}

// Returns the tolerance for a value that two programs compute in different orders.
inline double Near(double value) { return 1e-9 * value + 1e-300; }

}  // namespace reel3d::test

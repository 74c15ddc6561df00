// SPDX-License-Identifier: Apache-2.0
#include "lib/base/json.h"

#include <gtest/gtest.h>

#include "lib/base/error.h"

namespace reel3d {
namespace {

// Users do not know the JSON library's exceptions and their numbers.
TEST(UseJson, SaysWhatIsWrongInWords) {
  const nlohmann::ordered_json json = {{"epoch", "three"}};
  const auto fault = [](const std::function<void()>& use) -> std::string {
    try {
      UseJson("state.json", use);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(fault([&] { json.at("step"); }), "state.json: key 'step' not found");
  EXPECT_EQ(fault([&] { json.at("epoch").get<int>(); }),
            "state.json: found string instead of number");
  EXPECT_EQ(fault([] {}), "");
}

}  // namespace
}  // namespace reel3d

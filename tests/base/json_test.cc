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
  EXPECT_EQ(fault([&] { json.at("epoch").get_ref<const nlohmann::ordered_json::array_t&>(); }),
            "state.json: found string, which has no place there");
  EXPECT_EQ(fault([] {}), "");
}

// One object after another may have many members, but none too many: each new member of an object
// is compared with all before it.
TEST(ParseJsonObject, RefusesAnObjectWithTooManyMembers) {
  const auto object = [](int num_members) {
    std::string text = "{";
    for (int i = 0; i < num_members; ++i) {
      text += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":0";
    }
    return text + "}";
  };
  const std::string small = object(2000);
  std::string text = "{\"all\": [";
  for (int i = 0; i < 60; ++i) {
    text += small + ",";
  }
  EXPECT_EQ(ParseJsonObject(text + small + "]}", "x")["all"].size(), 61U);
  try {
    // The same name again and again takes no time.
    text = "{\"in\": {\"a\": 0";
    for (int i = 0; i < 100'000; ++i) {
      text += ",\"a\":0";
    }
    ParseJsonObject(text + "}}", "x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "x: an object with more than 100000 members");
  }
}

}  // namespace
}  // namespace reel3d

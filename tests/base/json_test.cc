// SPDX-License-Identifier: Apache-2.0
#include "lib/base/json.h"

#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/test_support.h"

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

TEST(MemberOr, ReturnsWhatFitsTheType) {
  const auto json = ParseJsonObject(
      R"({"yes": true, "one": 1, "half": 0.5, "large": 4294967297, "huge": 18446744073709551615,)"
      R"( "low": -4294967297, "text": "a", "none": null})",
      "x");
  EXPECT_TRUE(MemberOr(json, "yes", false));
  EXPECT_FALSE(MemberOr(json, "one", false)) << "not a truth value";
  EXPECT_TRUE(MemberOr(json, "none", true));
  EXPECT_EQ(MemberOr(json, "one", 7), 1);
  EXPECT_EQ(MemberOr(json, "yes", 7), 7);
  EXPECT_EQ(MemberOr(json, "half", 7), 7);
  EXPECT_EQ(MemberOr(json, "large", 7), 7) << "an int would hold 1";
  EXPECT_EQ(MemberOr(json, "low", 7), 7);
  EXPECT_EQ(MemberOr(json, "large", int64_t{7}), 4294967297);
  EXPECT_EQ(MemberOr(json, "huge", int64_t{7}), 7);
  EXPECT_EQ(MemberOr(json, "huge", uint64_t{7}), UINT64_MAX);
  EXPECT_EQ(MemberOr(json, "absent", 7), 7);
  EXPECT_EQ(MemberOr(json, "text", std::string()), "a");
  EXPECT_EQ(MemberOr(json, "one", std::string("b")), "b");
  EXPECT_DOUBLE_EQ(MemberOr(json, "one", 7.0), 1);
}

std::string Fault(const std::string& text) {
  try {
    ParseJsonObject(text, "x");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// Returns `member` as often as asked, with commas. The same name again and again takes no time.
std::string Members(const std::string& member, int count) {
  std::string text = member;
  for (int i = 1; i < count; ++i) {
    text += "," + member;
  }
  return text;
}

// Each new member of an object is compared with all before it.
TEST(ParseJsonObject, RefusesTooManyMembers) {
  const std::string wide = "{" + Members("\"a\":0", 99'000) + "}";
  EXPECT_EQ(Fault(wide), "");
  EXPECT_EQ(Fault("{\"in\": [" + wide + "," + wide + "]}"),
            "x: JSON with too many members in one object");
  EXPECT_EQ(Fault("{\"in\": [" + Members("{" + Members("\"a\":0", 1000) + "}", 500) + "]}"), "");
}

// An object at the greatest depth that holds objects.
TEST(ParseJsonObject, CountsMembersAtEachDepth) {
  std::string begin, end;
  for (int depth = 0; depth < 14; ++depth) {
    begin += "{\"a\":";
    end += "}";
  }
  EXPECT_EQ(Fault(begin + "{" + Members("\"a\":{}", 101'000) + "}" + end),
            "x: JSON with too many members in one object");
}

TEST(ReadLargeJsonObject, ReadsManyMembers) {
  const test::TemporaryFolder folder;
  std::string text = "{\"0\":0";
  for (int i = 1; i < 200'000; ++i) {
    text += ",\"" + std::to_string(i) + "\":0";
  }
  WriteFileAtomically(folder / "large.json", text + "}");
  EXPECT_EQ(ReadLargeJsonObject(folder / "large.json", 1 << 26).size(), 200'000U);
  WriteFileAtomically(folder / "deep.json", "{\"a\":" + std::string(100, '[') + "}");
  EXPECT_THROW(ReadLargeJsonObject(folder / "deep.json", 1 << 26), Error);
}

}  // namespace
}  // namespace reel3d

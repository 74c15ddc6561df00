// SPDX-License-Identifier: Apache-2.0
#include "lib/base/choices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/cli/option_table.h"
#include "lib/cli/tool.h"

namespace reel3d {
namespace {

enum class Side { kLeft, kRight };
std::vector<NamedChoice<Side>> ChoicesOf(Side /*type*/) {
  return {{Side::kLeft, "left", "the usual one"}, {Side::kRight, "right", ""}};
}

struct DoorOptions {
  Side side = Side::kLeft;

  void Bind(OptionBinder& binder) {
    binder.Choice("side", &side, "where the door is", Effect::kRunOnly);
  }
};

TEST(Choices, HaveNamesBothWays) {
  EXPECT_EQ(ChoiceNames<Side>(), (std::vector<std::string>{"left", "right"}));
  EXPECT_STREQ(NameOf(Side::kRight), "right");
  EXPECT_EQ(FindChoice<Side>("right"), Side::kRight);
  EXPECT_FALSE(FindChoice<Side>("Right"));
  EXPECT_THROW(NameOf(static_cast<Side>(7)), Error);
}

TEST(Choices, AreAnOptionWithTheirHelp) {
  DoorOptions options;
  OptionTable table;
  options.Bind(table);
  const OptionEntry* entry = table.Find("side");
  ASSERT_NE(entry, nullptr);
  EXPECT_EQ(entry->accepts, "left | right");
  EXPECT_EQ(entry->help, "where the door is. left: the usual one");
  EXPECT_EQ(entry->effect, Effect::kRunOnly);
  EXPECT_EQ(entry->show(), "left");
  table.Set("--", "side", "right");
  EXPECT_EQ(options.side, Side::kRight);
  EXPECT_EQ(entry->show(), "right");
}

TEST(Choices, RefuseAnotherWordAndKeepTheirValue) {
  DoorOptions options;
  options.side = Side::kRight;
  OptionTable table;
  options.Bind(table);
  try {
    table.Set("--", "side", "up");
    ADD_FAILURE() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    EXPECT_STREQ(error.what(), "--side: 'up' is none of left, right");
  }
  EXPECT_EQ(options.side, Side::kRight);
}

TEST(Choices, AreReadFromStoredSettingsByName) {
  DoorOptions options;
  ReadConfig([&](OptionBinder& binder) { options.Bind(binder); }, "side = right\n", "stored");
  EXPECT_EQ(options.side, Side::kRight);
}

}  // namespace
}  // namespace reel3d

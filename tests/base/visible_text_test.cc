// SPDX-License-Identifier: Apache-2.0
#include "lib/base/visible_text.h"

#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "lib/base/json.h"
#include "lib/base/log.h"

namespace reel3d {
namespace {

// Holds the command that turns a terminal red, in its two encodings, then DEL and an invalid byte.
constexpr const char* kHostile = "a\x1B[31m\u009B31m\x7F\x9B";
constexpr const char* kShown = "a\\x1B[31m\\u009B31m\\x7F\\x9B";

TEST(VisibleText, EscapesWhatATerminalObeys) {
  EXPECT_EQ(Escaped(kHostile), kShown);
  EXPECT_EQ(EscapedLines(kHostile), kShown);
  EXPECT_EQ(Escaped("a\tb\nc\rd"), "a\\tb\\nc\\rd");
  EXPECT_EQ(EscapedLines("a\tb\nc\rd"), "a\tb\nc\\rd");
  EXPECT_EQ(Escaped(Escaped(kHostile)), kShown) << "twice is once";
  EXPECT_EQ(Escaped(std::string_view("\0", 1)), "\\x00");
}

TEST(VisibleText, LeavesNamesOfAllScriptsAlone) {
  for (const char* name : {"wave a.mp4", "\u00E9", "e\u0301", "\u4E2D\u6587", "\U0001F600",
                           "\u0915\u094D\u200D\u0937", "\u00A0"}) {
    EXPECT_EQ(Escaped(name), name);
  }
}

TEST(VisibleText, DecodesOneCharacter) {
  uint32_t code = 0;
  EXPECT_EQ(DecodeUtf8("\u4E2Dx", &code), 3U);
  EXPECT_EQ(code, 0x4E2DU);
  for (const char* bad : {"", "\x80", "\xC0\x80", "\xE4\xB8", "\xED\xA0\x80", "\xF4\x90\x80\x80"}) {
    EXPECT_EQ(DecodeUtf8(bad, &code), 0U) << bad;
  }
}

// Errors, logs and JSON are the ways by which a text reaches a terminal.
TEST(VisibleText, IsWhatErrorsLogsAndJsonShow) {
  EXPECT_EQ(DescribeFailure(InputError(kHostile)).line, kShown);
  EXPECT_EQ(DescribeFailure(std::runtime_error(kHostile)).line.rfind(kShown, 0), 0U);
  testing::internal::CaptureStderr();
  LogWarn(kHostile);
  const std::string logged = testing::internal::GetCapturedStderr();
  EXPECT_NE(logged.find(kShown), std::string::npos) << logged;
  const nlohmann::ordered_json json = {{"a\u009B\x7F", "b\u0085\x1B"}};
  EXPECT_EQ(FormatJson(json), "{\n  \"a\\u009b\\u007f\": \"b\\u0085\\u001b\"\n}");
  EXPECT_EQ(ParseJsonObject(FormatJson(json), "json"), json);
}

}  // namespace
}  // namespace reel3d

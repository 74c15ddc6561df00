// Captions must be readable in any script, must show any name literally, and must not change other
// parts of a picture.
// SPDX-License-Identifier: Apache-2.0
#include "lib/video/caption.h"

#include <fontconfig/fontconfig.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "lib/base/file.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using testing::HasSubstr;

// Shows the tests only the fonts of Debian's fonts-dejavu, so that they do not depend on the
// machine. Fontconfig reads the variable when it is first used.
class Caption : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new test::TemporaryFolder;
    const std::filesystem::path file = *folder_ / "fonts.conf";
    WriteFileAtomically(file,
                        "<?xml version=\"1.0\"?><!DOCTYPE fontconfig SYSTEM \"fonts.dtd\">"
                        "<fontconfig><dir>/usr/share/fonts/truetype/dejavu</dir><cachedir>" +
                            (*folder_ / "cache").string() + "</cachedir></fontconfig>");
    setenv("FONTCONFIG_FILE", file.c_str(), 1);
  }
  static void TearDownTestSuite() { delete folder_; }
  void SetUp() override {
    if (!HasFonts()) {
      GTEST_SKIP() << "Debian's fonts-dejavu-core is not installed";
    }
  }

  static inline test::TemporaryFolder* folder_ = nullptr;
};

YuvImage Grey(int width, int height) {
  YuvImage image(width, height);
  for (int plane = 0; plane < YuvImage::kPlanes; ++plane) {
    for (int y = 0; y < image.height(plane); ++y) {
      std::memset(image.row(plane, y), 90, static_cast<size_t>(image.width(plane)));
    }
  }
  return image;
}

// Returns the columns of luma under the caption, one string each, without the empty columns at both
// ends.
std::vector<std::string> Columns(const YuvImage& image, int rows = 16) {
  std::vector<std::string> columns;
  for (int x = 0; x < image.width(); ++x) {
    std::string& column = columns.emplace_back();
    for (int y = 0; y < rows; ++y) {
      column += static_cast<char>(image.row(0, y)[x]);
    }
  }
  const auto is_empty = [](const std::string& column) {
    return column.find_first_not_of('\0') == std::string::npos;
  };
  while (!columns.empty() && is_empty(columns.back())) {
    columns.pop_back();
  }
  while (!columns.empty() && is_empty(columns.front())) {
    columns.erase(columns.begin());
  }
  return columns;
}

std::vector<std::string> Drawn(const std::string& name, const std::string& value = "0.87",
                               int width = 640) {
  YuvImage image = Grey(width, 96);
  CaptionWriter().Draw(name, value, &image);
  return Columns(image);
}

std::string NoteOn(const std::string& name) {
  YuvImage image = Grey(640, 96);
  CaptionWriter captions;
  captions.Draw(name, "0.87", &image);
  return captions.note();
}

// Returns the last columns, where the value stands.
std::vector<std::string> End(const std::vector<std::string>& columns, size_t count = 24) {
  return {columns.end() - static_cast<ptrdiff_t>(std::min(count, columns.size())), columns.end()};
}

TEST_F(Caption, FillsItsRowsAlone) {
  YuvImage image = Grey(640, 96);
  CaptionWriter().Draw("L", "0.50", &image);
  EXPECT_EQ(image.row(0, 0)[0], 0);
  EXPECT_EQ(image.row(0, 15)[639], 0);
  EXPECT_EQ(image.row(0, 16)[0], 90);
  EXPECT_EQ(image.row(1, 7)[319], 128);
  EXPECT_EQ(image.row(2, 8)[0], 90);
  const auto columns = Columns(image);
  ASSERT_GT(columns.size(), 20U);
  EXPECT_LT(columns.size(), 60U);
  // The first letter is an upright bar with a foot.
  EXPECT_GT(static_cast<uint8_t>(columns[0][8]) + static_cast<uint8_t>(columns[1][8]), 255);
}

TEST_F(Caption, GrowsWithThePicture) {
  YuvImage image = Grey(640, 360);
  CaptionWriter captions;
  captions.Draw("L", "1.00", &image);
  EXPECT_EQ(image.row(0, 31)[0], 0);
  EXPECT_EQ(image.row(0, 32)[0], 90);
  // A caption that would not fit at double size is drawn at the smallest.
  image = Grey(640, 360);
  captions.Draw(std::string(60, 'L'), "1.00", &image);
  EXPECT_EQ(image.row(0, 15)[0], 0);
  EXPECT_EQ(image.row(0, 16)[0], 90);
}

TEST_F(Caption, WritesOtherScripts) {
  const auto unknown = Drawn("??????");
  for (const char* name : {"прыжок", "άλμα", "café", "नहीं", "שלום", "سلام"}) {
    EXPECT_NE(Drawn(name), unknown) << name;
  }
  EXPECT_NE(Drawn("прыжок"), Drawn("прыжек"));
  EXPECT_EQ(NoteOn("прыжок, שלום, سلام"), "");
  // Arabic letters are joined: two together are narrower than apart.
  EXPECT_LT(Drawn("سس", "").size() + 2, Drawn("س\xE2\x80\x8Cس", "").size());
}

// Without a font for them, Chinese characters and emoji become boxes that show their codes.
TEST_F(Caption, NamesTheCharactersThatNoFontHas) {
  EXPECT_THAT(NoteOn("跳水"), HasSubstr("2 characters of '跳水'"));
  EXPECT_THAT(NoteOn("跳水"), HasSubstr("fonts-noto-cjk"));
  EXPECT_NE(Drawn("跳"), Drawn("水"));
  EXPECT_NE(Drawn("跳"), Drawn("?"));
  YuvImage image = Grey(640, 96);
  CaptionWriter captions;
  captions.Draw("跳水", "0.87", &image);
  const std::string first = captions.note();
  captions.Draw("\xF0\x9F\xA4\xB8\xE6\xB0\xB4\xE6\xB0\xB4", "0.87", &image);
  EXPECT_EQ(captions.note(), first);
}

// The value stays at the end, whatever the name.
TEST_F(Caption, KeepsTheValueInSight) {
  const auto end = End(Drawn("abc"));
  EXPECT_EQ(End(Drawn("שלום")), end);
  EXPECT_EQ(End(Drawn("\xE2\x80\xAE abc")), end);  // it turns the direction of writing
  EXPECT_EQ(End(Drawn(std::string(200, 'w'))), end);
  EXPECT_EQ(End(Drawn(std::string(200, 'w'), "0.87", 200)), end);
  std::string hebrew;
  for (int i = 0; i < 200; ++i) {
    hebrew += "ש";
  }
  EXPECT_EQ(End(Drawn(hebrew)), end);
  EXPECT_NE(End(Drawn("abc", "0.88")), end);
}

// Takes all fonts away.
class CaptionWithoutFonts : public Caption {
 protected:
  void SetUp() override {
    before_ = FcConfigReference(nullptr);
    FcConfigSetCurrent(FcConfigCreate());
    ASSERT_FALSE(HasFonts());
  }
  void TearDown() override { FcConfigSetCurrent(before_); }

  FcConfig* before_ = nullptr;
};

TEST_F(CaptionWithoutFonts, KeepsTheValueInSight) {
  const auto whole = Drawn("abc");
  const auto long_name = Drawn("abc" + std::string(200, 'w'), "0.87", 320);
  EXPECT_EQ(End(long_name), End(whole));
  EXPECT_TRUE(std::equal(whole.begin(), whole.begin() + 16, long_name.begin()));
  EXPECT_NE(Drawn(std::string(200, 'w') + "1", "0.87", 320),
            Drawn(std::string(200, 'w') + "2", "0.87", 320));
  EXPECT_EQ(End(Drawn(std::string(200, 'w'), "0.87", 48)), End(whole));
}

TEST_F(CaptionWithoutFonts, TakesAnyPicture) {
  for (const auto& [width, height] : {std::pair<int, int>{2, 2}, {16, 8}, {48, 48}, {4096, 16}}) {
    YuvImage image = Grey(width, height);
    CaptionWriter captions;
    captions.Draw(std::string(1000, 'x'), "0.87", &image);
    captions.Draw("", "", &image);
  }
}

TEST_F(Caption, InterpretsNothing) {
  EXPECT_NE(Drawn("<b>x</b>"), Drawn("x"));
  EXPECT_NE(Drawn("&amp;"), Drawn("&"));
  EXPECT_NE(Drawn("%{pts}"), Drawn(""));
  EXPECT_NE(Drawn("a%%b"), Drawn("a%b"));
  EXPECT_NE(Drawn("'x':\\x"), Drawn("x"));
  EXPECT_NE(Drawn("a\\b"), Drawn("ab"));
  // Characters that cannot be seen are escaped, as in the log.
  EXPECT_EQ(Drawn("a\nb\tc"), Drawn("a\\nb\\tc"));
  EXPECT_EQ(Drawn("a\xFF\xC3"), Drawn("a\\xFF\\xC3"));
  EXPECT_EQ(Drawn(std::string("a\0b", 3)), Drawn("a\\x00b"));
  EXPECT_EQ(Drawn("\xE2\x80\xAE"
                  "x"),
            Drawn("\\u202Ex"));
}

TEST_F(Caption, TakesAnyPicture) {
  for (const auto& [width, height] : {std::pair<int, int>{2, 2}, {16, 8}, {48, 48}, {4096, 16}}) {
    YuvImage image = Grey(width, height);
    CaptionWriter captions;
    captions.Draw(std::string(1000, 'x'), "0.87", &image);
    captions.Draw("", "", &image);
    captions.Draw("跳", "0.87", &image);
  }
}

}  // namespace
}  // namespace reel3d

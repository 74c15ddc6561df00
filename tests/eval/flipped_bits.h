// Damages a file byte by byte, for the tests of readers with checksums.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "lib/base/error.h"
#include "lib/base/file.h"

namespace reel3d::test {

// Damages each byte of `file` in turn. `reads_the_same` reads the file; it must either return true,
// which means that the content is what was written, or throw an input error. The error must be one
// line that names the file and contains `remedy`.
inline void ExpectDamageIsFoundOrHarmless(const std::filesystem::path& file,
                                          const std::function<bool()>& reads_the_same,
                                          const std::string& remedy) {
  using ::testing::AllOf;
  using ::testing::HasSubstr;
  using ::testing::Not;
  const std::string sound = ReadFile(file);
  std::fstream bytes(file, std::ios::binary | std::ios::in | std::ios::out);
  const auto put = [&](size_t at, char byte) {
    bytes.seekp(static_cast<std::streamoff>(at)).put(byte).flush();
  };
  size_t num_found = 0;
  for (size_t at = 0; at < sound.size(); ++at) {
    for (const int mask : {1 << (at % 8), 1 << ((at + 5) % 8), 0xFF}) {
      put(at, static_cast<char>(sound[at] ^ mask));
      try {
        ASSERT_TRUE(reads_the_same()) << "byte " << at << " ^ " << mask;
      } catch (const Error& error) {
        ++num_found;
        ASSERT_EQ(error.kind(), ErrorKind::kInput) << error.what();
        ASSERT_THAT(error.what(),
                    AllOf(HasSubstr(file.string()), Not(HasSubstr("\n")), HasSubstr(remedy)));
      }
    }
    put(at, sound[at]);
  }
  EXPECT_GT(num_found, sound.size() / 2);
}

}  // namespace reel3d::test

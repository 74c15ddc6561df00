// Names of classes and videos that could break a page: markup, quotes, text from right to left, a
// picture of several characters, and a character that turns the direction of all text after it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace reel3d::test {

constexpr const char* kHostileNames[] = {
    "<script>alert(1)</script>", "a \"quoted\" & 'name'", "\xD9\x85\xD8\xB4\xD9\x8A",
    "\xF0\x9F\x8F\x83\xE2\x80\x8D\xE2\x99\x80\xEF\xB8\x8F", "\xE2\x80\xAEolleh"};

}  // namespace reel3d::test

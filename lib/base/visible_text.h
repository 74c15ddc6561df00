// Text from outside (names of files and classes, tensors, notes, annotations) as a terminal can
// show it. A control character in such a text could hide, forge or command what stands on the
// screen.
//
// What ends a tool (DescribeFailure), the log, what a tool prints and failed.tsv pass through here,
// so that nobody who builds a message needs to think of it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace reel3d {

// Returns how many bytes at the begin of `text` are one UTF-8 character, and sets `code` to it; 0:
// they are none.
size_t DecodeUtf8(std::string_view text, uint32_t* code);
bool IsUtf8(std::string_view text);

// Returns `text` as a terminal can show it and a person can tell it from another: control
// characters become \t, \n, \r, \xNN or \uNNNN, bytes that are not UTF-8 become \xNN, and
// characters that cannot be seen or that turn the direction of writing become \uNNNN. The joiners
// that some scripts need (U+200C, U+200D) stay.
std::string Escaped(std::string_view text);

// The same for text of several lines or columns: line feeds and tabs stay.
std::string EscapedLines(std::string_view text);

}  // namespace reel3d

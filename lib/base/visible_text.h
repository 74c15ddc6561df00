// Makes text from outside (names of files and classes, tensors, notes, annotations) safe to show on
// a terminal. A control character in such a text could hide or forge what the screen shows, or
// command the terminal.
//
// The error that ends a tool (DescribeFailure), the log, the output of tools and failed.tsv are
// escaped by these functions, so code that builds a message need not escape.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace reel3d {

// Returns how many bytes at the start of `text` are one UTF-8 character, and sets `code` to it.
// Returns 0 if they are no character.
size_t DecodeUtf8(std::string_view text, uint32_t* code);
bool IsUtf8(std::string_view text);

// Returns `text` so that a terminal can show it and different texts look different: control
// characters become \t, \n, \r, \xNN or \uNNNN, bytes that are not UTF-8 become \xNN, and
// characters that cannot be seen or that turn the direction of writing become \uNNNN. The joiners
// that some scripts need (U+200C, U+200D) stay.
std::string Escaped(std::string_view text);

// Does the same for text of several lines or columns, but keeps line feeds and tabs.
std::string EscapedLines(std::string_view text);

}  // namespace reel3d

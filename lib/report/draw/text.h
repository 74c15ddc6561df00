// Turns text from files into text that HTML and SVG can hold. Class names and ids are not trusted:
// they may hold markup, quotes, any script, or bytes that are not UTF-8.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace reel3d::report {

// Returns the text for an element or a quoted attribute. Markup and quotes become references;
// control characters, those that turn the direction of text, and bytes that are not UTF-8 become
// U+FFFD.
std::string EscapeMarkup(std::string_view text);

// Returns the text in an element that keeps its direction of writing apart from what is around it.
std::string IsolatedHtml(std::string_view text);

// Returns the text between U+2068 and U+2069. They do the same in SVG, which has no such element.
std::string IsolatedSvg(std::string_view text);

// Cuts a text that is wider than `most` columns and ends it in "…". East Asian characters and emoji
// count as two columns.
std::string Shortened(std::string_view text, int most);

// Returns the text's width in columns, as Shortened() counts them.
int WidthOf(std::string_view text);

}  // namespace reel3d::report

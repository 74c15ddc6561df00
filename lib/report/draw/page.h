// Puts the parts of a report into one HTML page. A policy in the page forbids loading anything. The
// page works without its script, which only sorts and filters tables, and names the cells of large
// heat maps.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace reel3d::report {

struct PagePart {
  std::string id, title;
  std::string html;
};

// `title`, `foot` and the titles of `parts` are plain text, which is escaped here. The `html` of a
// part is markup.
std::string PageHtml(const std::string& title, const std::vector<PagePart>& parts,
                     const std::string& foot);

}  // namespace reel3d::report

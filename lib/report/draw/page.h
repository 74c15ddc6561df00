// Puts the parts of a report into one HTML page. The page forbids itself to load anything, and
// works without its script, which only sorts and filters tables.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace reel3d::report {

struct PagePart {
  std::string id, title;
  std::string html;
};

// `title` is not escaped; the parts' `html` is markup.
std::string PageHtml(const std::string& title, const std::vector<PagePart>& parts,
                     const std::string& foot);

}  // namespace reel3d::report

// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/path_match.h"

#include <vector>

#include "lib/annotations/label_forms.h"

namespace reel3d {
namespace {

std::vector<std::string_view> PartsOf(std::string_view path) {
  std::vector<std::string_view> parts;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (!part.empty() && part != ".") {
      parts.push_back(part);
    }
    begin = end + 1;
  }
  return parts;
}

}  // namespace

PathFit FitOfPaths(std::string_view listed, std::string_view below) {
  const std::vector<std::string_view> ours = PartsOf(listed);
  const std::vector<std::string_view> theirs = PartsOf(below);
  bool exact = ours.back() == theirs.back();
  size_t equal = 1;
  while (equal < ours.size() && equal < theirs.size()) {
    const std::string_view our = ours[ours.size() - 1 - equal];
    const std::string_view their = theirs[theirs.size() - 1 - equal];
    if (our != their && NormalForm(our) != NormalForm(their)) {
      break;
    }
    exact = exact && our == their;
    ++equal;
  }
  if (equal == ours.size()) {
    return exact ? PathFit::kExact : ours.size() == 1 ? PathFit::kName : PathFit::kForm;
  }
  return equal > 1 ? PathFit::kEnd : PathFit::kName;
}

}  // namespace reel3d

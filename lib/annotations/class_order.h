// The order of the classes, which gives each its index. Published weights make sense in the order
// alone in which their maker had the classes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/annotations/annotation_set.h"

namespace reel3d {

struct ClassOrder {
  std::vector<std::string> classes;
  std::string source;  // in words: "classInd.txt", "sorted names"
};

// `choice` is one of
//   ""           the set's own list or numbers; sorted names where it has neither
//   sorted       bytewise by name
//   annotation   the set's own list or numbers; where it has neither, the order in which the
//                training rows name the classes first, as the reference does with Kinetics
//   mmaction2    sorted as mmaction2 writes the names: without ", and _ for a blank
//   torchvision  sorted as torchvision writes them: without ' ( ), and _ for a blank
//   FILE         a list, one class a line. Names are found by their normal form, and the spelling
//                of the annotation files is kept; classes that no row has keep their place.
// Throws an input error where FILE lacks a class that a row has.
ClassOrder OrderClasses(const AnnotationSet& set, const std::string& choice);

// Returns whether `choice` names a file.
bool IsClassFile(const std::string& choice);

}  // namespace reel3d

// Orders the classes, which gives each class its index. Published weights need the class order that
// they were trained with.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/annotations/annotation_set.h"

namespace reel3d {

struct ClassOrder {
  std::vector<std::string> classes;
  std::string source;  // where the order comes from: "classInd.txt", "sorted names"
};

// Returns the classes in the order of `choice`, which is one of
//   ""           the set's own list or numbers; sorted names where it has neither
//   sorted       bytewise by name
//   annotation   the set's own list or numbers; if it has neither, the order in which classes
//                first appear in the training rows, as in the paper's code for Kinetics
//   mmaction2    sorted as mmaction2 writes the names: without ", with _ for a blank
//   torchvision  sorted as torchvision writes the names: without ' ( ), with _ for a blank
//   FILE         a list, one class a line. Names are found by their normal form, and the spelling
//                of the annotation files is kept; classes that no row has keep their place.
// Throws an input error where FILE lacks a class that a row has.
ClassOrder OrderClasses(const AnnotationSet& set, const std::string& choice);

// Returns whether `choice` names a file.
bool IsClassFile(const std::string& choice);

}  // namespace reel3d

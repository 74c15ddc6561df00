// Finds out whether the classes of a run are in the wrong order. If a network numbers its classes
// differently from the labels, its figures look like chance.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace reel3d {

// The same classes in another order.
struct ClassNumbering {
  std::string name;                  // "sorted", or the file that it comes from
  std::vector<std::string> classes;  // each class of the run once
};

// Returns the orders that data sets and programs use, without those that equal `classes`: sorted by
// bytes; sorted without regard to case; sorted with _ as a space, which moves names with a common
// beginning.
std::vector<ClassNumbering> UsualNumberings(const std::vector<std::string>& classes);

// Counts the videos that would be right if answer i of the network meant numbering.classes[i].
// `confusion` has videos by [true class][answer].
int64_t NumRightUnder(const ClassNumbering& numbering, const std::vector<std::string>& classes,
                      const std::vector<std::vector<int64_t>>& confusion);

}  // namespace reel3d

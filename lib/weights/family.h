// A network family as options and files of weights know it, without torch. Each family fills one
// row in its own file in lib/weights/families; lib/weights/family_list.h lists them. The other half
// of a family, its layers, needs torch: lib/model/family_network.h.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/weights/weights_layout.h"

namespace reel3d {

class TensorShapes;

// The names that another publisher gave to the family's tensors.
struct OtherNames {
  // Says whether a file's tensors have these names. Null: there are no other names.
  bool (*are_in)(const TensorShapes& tensors) = nullptr;
  // Each pair is a beginning or part of the other name, and ours. Each applies once, in order; a
  // pair without a dot in front applies at the beginning of a name alone.
  std::vector<std::pair<std::string, std::string>> renamings;
};

// The family in the authors' Python (lib/model/reference_arch.h).
struct AuthorsFamily {
  std::string name;          // --model of its main.py
  std::string width_option;  // its option for --width; empty: there is just one width
  double width_factor = 1;   // value of that option at width 1
  int64_t stem_2020 = 64;    // stem channels at width 1 in the branch master
  int64_t stem_2018 = 0;     // and in the branch CVPR2018; 0: that branch lacks the family
};

struct Family {
  std::string name;                  // --model
  std::string help;                  // what --help says behind the name; may be empty
  std::vector<int> depths;           // that --depth can name; empty: the family has just one
  bool has_shortcuts = false;        // whether --shortcut is an option of the family
  bool has_dropout = false;          // whether --dropout is
  int64_t clip_frames = 16;          // the clip that it was published for
  int64_t clip_size = 112;           // height and width in pixels
  std::vector<std::string> recipes;  // configs/recipes by which its weights were made
  // Returns the layout of the family's tensors; nothing if these are not the family's.
  std::optional<WeightsLayout> (*find_layout)(const TensorShapes& tensors) = nullptr;
  OtherNames other_names;
  std::optional<AuthorsFamily> authors;  // nothing: the authors' Python lacks the family
};

// Each file in lib/weights/families specialises this for its families in family::List.
template <class Tag>
Family RowOf();

// Returns the families in the order of family::List.
const std::vector<Family>& Families();

std::vector<std::string> FamilyNames();
// Throws a usage error that lists the names if there is no such family.
const Family& FamilyOf(const std::string& model);

// Return parts of help texts. `is_meant` chooses families: "r3d, preact and r2p1d".
std::string NamesOfFamilies(bool (*is_meant)(const Family& family));
// "10, 18, 34 for r3d and preact; 121 for densenet".
std::string DepthsOfFamilies();
// "16; i3d 64": the first family's value, and the families that have another.
std::string PublishedValues(int64_t Family::*value);
// "paper2017, cvpr2018, ...", each recipe once.
std::string PublishedRecipes();

}  // namespace reel3d

// Describes a network family for options and files of weights, without torch. Each family fills one
// `Family` in its own file in lib/weights/families; lib/weights/family_list.h lists the families.
// The layers of a family need torch and are in lib/model (lib/model/family_network.h).
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
  // Returns whether a file's tensors have these names. Null: there are no other names.
  bool (*are_in)(const TensorShapes& tensors) = nullptr;
  // Each pair is a part of the other name, and our text for this part. The pairs apply in order,
  // each once per name. A pair that begins with a dot applies anywhere in a name, any other pair
  // only at the beginning of the name.
  std::vector<std::pair<std::string, std::string>> renamings;
};

// The family in the authors' Python (lib/model/reference_arch.h).
struct AuthorsFamily {
  std::string name;          // --model of the authors' main.py
  std::string width_option;  // main.py's option for --width; empty: only width 1
  double width_factor = 1;   // value of that option at width 1
  int64_t stem_2020 = 64;    // stem channels at width 1 in the branch master
  int64_t stem_2018 = 0;     // same in the branch CVPR2018; 0: that branch lacks the family
};

struct Family {
  std::string name;                  // --model
  std::string help;                  // what --help says behind the name; may be empty
  std::vector<int> depths;           // values of --depth; empty: the family has a single depth
  bool has_shortcuts = false;        // whether --shortcut is an option of the family
  bool has_dropout = false;          // whether --dropout is an option of the family
  int64_t clip_frames = 16;          // frames of the clips that the family was published for
  int64_t clip_size = 112;           // height and width of these clips in pixels
  std::vector<std::string> recipes;  // in configs/recipes, with which its weights were trained
  // Returns the layout of the family's tensors; nothing if the tensors are not of this family.
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

// The next four functions return parts of help texts. This one returns the families for which
// `is_meant` is true: "r3d, preact and r2p1d".
std::string NamesOfFamilies(bool (*is_meant)(const Family& family));
// Returns "10, 18, 34 for r3d and preact; 121 for densenet".
std::string DepthsOfFamilies();
// Returns "16; i3d 64": the first family's value, and the families that have another value.
std::string PublishedValues(int64_t Family::*value);
// Returns "paper2017, cvpr2018, ...": each recipe once.
std::string PublishedRecipes();

}  // namespace reel3d

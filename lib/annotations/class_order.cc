// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/class_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "lib/annotations/label_forms.h"
#include "lib/base/error.h"
#include "lib/data/manifest.h"
#include "lib/data/names.h"

namespace reel3d {
namespace {

// Returns the name with _ for blanks and without the characters of `dropped`.
std::string Rewritten(const std::string& name, const std::string& dropped) {
  std::string text;
  for (const char c : name) {
    if (dropped.find(c) == std::string::npos) {
      text += c == ' ' ? '_' : c;
    }
  }
  return text;
}

std::vector<std::string> SortedAs(std::vector<std::string> names, const std::string& dropped) {
  std::sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
    const std::string left = Rewritten(a, dropped);
    const std::string right = Rewritten(b, dropped);
    return left != right ? left < right : a < b;
  });
  return names;
}

std::vector<std::string> Sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> ByFirstAppearance(const AnnotationSet& set) {
  std::vector<std::string> names;
  std::vector<bool> is_there(set.labels.size(), false);
  for (const bool training : {true, false}) {
    for (const AnnotationRow& row : set.rows) {
      if ((row.subset == Subset::kTraining) != training) {
        continue;
      }
      for (const int32_t label : row.labels) {
        const auto index = static_cast<size_t>(label);
        if (!is_there[index]) {
          is_there[index] = true;
          names.push_back(set.labels[index]);
        }
      }
    }
  }
  return names;
}

ClassOrder FromFile(const AnnotationSet& set, const std::string& file) {
  ClassOrder order{ReadClasses(file), file};
  std::unordered_map<std::string, size_t> index_of_form;
  for (size_t i = 0; i < order.classes.size(); ++i) {
    const auto [first, is_new] = index_of_form.emplace(NormalForm(order.classes[i]), i);
    if (!is_new) {
      throw InputError(fmt::format("{}: classes '{}' and '{}' are the same but for punctuation",
                                   file, Escaped(order.classes[first->second]),
                                   Escaped(order.classes[i])));
    }
  }
  std::vector<std::string> absent;
  for (const std::string& label : set.labels) {
    const auto found = index_of_form.find(NormalForm(ComposedForm(label)));
    if (found == index_of_form.end()) {
      absent.push_back("'" + label + "'");
    } else {
      order.classes[found->second] = label;
    }
  }
  if (!absent.empty()) {
    throw InputError(
        fmt::format("{}: lacks classes of the annotations: {}", file, NameSome(absent)));
  }
  return order;
}

}  // namespace

bool IsClassFile(const std::string& choice) {
  static const std::unordered_set<std::string> words = {"", "sorted", "annotation", "mmaction2",
                                                        "torchvision"};
  return words.count(choice) == 0;
}

ClassOrder OrderClasses(const AnnotationSet& set, const std::string& choice) {
  const bool has_own = !set.official_classes.empty();
  if (choice == "mmaction2") {
    return {SortedAs(set.labels, "\""), "names sorted as mmaction2 writes them"};
  }
  if (choice == "torchvision") {
    return {SortedAs(set.labels, "'()"), "names sorted as torchvision writes them"};
  }
  if (IsClassFile(choice)) {
    return FromFile(set, choice);
  }
  if (choice != "sorted" && has_own) {
    return {set.official_classes, set.official_source};
  }
  if (choice == "annotation") {
    return {ByFirstAppearance(set), "first appearance in the training rows"};
  }
  return {Sorted(set.labels), "sorted names"};
}

}  // namespace reel3d

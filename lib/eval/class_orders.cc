// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/class_orders.h"

#include <algorithm>
#include <map>

#include "lib/base/error.h"

namespace reel3d {
namespace {

// Letters beyond ASCII stay as they are, so that the order is the same on every machine.
std::string WithoutCase(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  return text;
}

std::string WithSpaces(std::string text) {
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string AsItIs(std::string text) { return text; }

struct Usual {
  const char* name;
  std::string (*key)(std::string);
};
constexpr Usual kUsual[] = {{"sorted", AsItIs},
                            {"sorted without regard to case", WithoutCase},
                            {"sorted with _ as a space", WithSpaces}};

}  // namespace

std::vector<ClassNumbering> UsualNumberings(const std::vector<std::string>& classes) {
  std::vector<ClassNumbering> numberings;
  for (const Usual& usual : kUsual) {
    ClassNumbering numbering = {usual.name, classes};
    std::sort(numbering.classes.begin(), numbering.classes.end(),
              [&](const std::string& a, const std::string& b) {
                const std::string key_a = usual.key(a);
                const std::string key_b = usual.key(b);
                return key_a != key_b ? key_a < key_b : a < b;
              });
    const bool is_known = std::any_of(
        numberings.begin(), numberings.end(),
        [&](const ClassNumbering& other) { return other.classes == numbering.classes; });
    if (numbering.classes != classes && !is_known) {
      numberings.push_back(std::move(numbering));
    }
  }
  return numberings;
}

int64_t NumRightUnder(const ClassNumbering& numbering, const std::vector<std::string>& classes,
                      const std::vector<std::vector<int64_t>>& confusion) {
  std::map<std::string, size_t> answer_of_class;
  for (size_t answer = 0; answer < numbering.classes.size(); ++answer) {
    answer_of_class[numbering.classes[answer]] = answer;
  }
  REEL3D_CHECK(answer_of_class.size() == classes.size());
  int64_t num_right = 0;
  for (size_t label = 0; label < classes.size(); ++label) {
    num_right += confusion[label][answer_of_class.at(classes[label])];
  }
  return num_right;
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/label_forms.h"

namespace reel3d {
namespace {

bool IsCapital(char c) { return c >= 'A' && c <= 'Z'; }
bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80;
}

}  // namespace

std::string InSmallLetters(std::string_view text) {
  std::string small(text);
  for (char& c : small) {
    c = IsCapital(c) ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return small;
}

std::string NormalForm(std::string_view name) {
  std::string form;
  for (const char c : InSmallLetters(name)) {
    if (IsWordByte(c)) {
      form += c;
    }
  }
  return form.empty() ? std::string(name) : form;
}

}  // namespace reel3d

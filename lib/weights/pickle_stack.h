// The memory of pickle's machine holds the values made so far, those on its stack, and those that
// it remembers. Every growth is bounded, whatever the pickle says. It does without torch.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/error.h"
#include "lib/weights/byte_cursor.h"
#include "lib/weights/pickle.h"

namespace reel3d {

// All functions throw Malformed if a bound is exceeded or a value that they take is missing.
class PickleStack {
 public:
  // `bytes`, which says where errors are, must outlive this.
  explicit PickleStack(const ByteCursor& bytes) : bytes_(bytes) {}

  Error Malformed(const std::string& why) const { return bytes_.Malformed(why); }

  // Pushes a new value.
  PickleValue& Push(PickleValue::Kind kind);
  void PushInteger(int64_t integer, PickleValue::Kind kind = PickleValue::Kind::kInteger) {
    Push(kind).integer = integer;
  }
  void PushText(std::string_view text) { Push(PickleValue::Kind::kText).text = text; }
  // Pushes a value that has a name. The sum of all names is bounded, because few bytes may repeat a
  // long one. The name is passed by value, because a view of another value's text would not last.
  void PushNamed(PickleValue::Kind kind, std::string name);
  void PushWith(PickleValue::Kind kind, std::vector<PickleId> items);
  // Pushes a value that exists.
  void PushAgain(PickleId id) { stack_.push_back(id); }

  // Appends the items to those of `id`. The sum of all is bounded, because few bytes may name a
  // long list again and again. They are passed by value, because a reference to another value's
  // items would not last.
  void AddItems(PickleId id, std::vector<PickleId> items);

  // These do not reach values from before the newest mark.
  PickleId Pop();
  PickleId Top();
  void Mark();
  std::vector<PickleId> PopToMark();

  // Remembers the value on top, and pushes a remembered one.
  void Remember(uint64_t place);
  void Recall(uint64_t place);
  uint64_t num_remembered() const { return memo_.size(); }

  const PickleValue& At(PickleId id) const { return pickle_.At(id); }
  bool IsOpaque(PickleId id) const { return At(id).kind == PickleValue::Kind::kOpaque; }
  void Require(PickleId id, PickleValue::Kind kind, const char* what) const;

  // Returns the values, with the one on top as their root.
  Pickle Finish();

 private:
  const ByteCursor& bytes_;
  Pickle pickle_;
  std::vector<PickleId> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint64_t, PickleId> memo_;
  size_t num_items_ = 0, num_name_bytes_ = 0;
};

}  // namespace reel3d

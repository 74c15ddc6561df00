// The memory of pickle's machine: the values made so far, those on its stack, and those remembered.
// Every growth is bounded, whatever the pickle says. Without torch.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/error.h"
#include "lib/model/byte_cursor.h"
#include "lib/model/pickle.h"

namespace reel3d {

// All functions throw Malformed where a bound is passed or what they take is not there.
class PickleStack {
 public:
  // `bytes`, which says where errors are, must outlive this.
  explicit PickleStack(const ByteCursor& bytes) : bytes_(bytes) {}

  Error Malformed(const std::string& why) const { return bytes_.Malformed(why); }

  // A new value on top.
  PickleValue& Push(PickleValue::Kind kind);
  void PushInteger(int64_t integer, PickleValue::Kind kind = PickleValue::Kind::kInteger) {
    Push(kind).integer = integer;
  }
  void PushText(std::string_view text) { Push(PickleValue::Kind::kText).text = text; }
  // The sum of all names is bounded also where few bytes repeat a long one. By value: a view of
  // another value's text would not last.
  void PushNamed(PickleValue::Kind kind, std::string name);
  void PushWith(PickleValue::Kind kind, std::vector<PickleId> items);
  // A known one.
  void PushAgain(PickleId id) { stack_.push_back(id); }

  // Appends the items to those of `id`. The sum of all is bounded also where few bytes name a long
  // list again and again. By value: a reference to another value's items would not last.
  void AddItems(PickleId id, std::vector<PickleId> items);

  // Values from before the newest mark are not to be had.
  PickleId Pop();
  PickleId Top();
  void Mark();
  std::vector<PickleId> PopToMark();

  void Remember(uint64_t place);  // the top
  void Recall(uint64_t place);
  uint64_t num_remembered() const { return memo_.size(); }

  const PickleValue& At(PickleId id) const { return pickle_.At(id); }
  bool IsOpaque(PickleId id) const { return At(id).kind == PickleValue::Kind::kOpaque; }
  void Require(PickleId id, PickleValue::Kind kind, const char* what) const;

  // The values, of which the top is the root.
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

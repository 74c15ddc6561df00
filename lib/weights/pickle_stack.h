// Holds the memory of the pickle machine (pickle.h): all values, its stack and its memo. The memory
// is bounded for every pickle. This file does not use torch.
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

// All functions throw Malformed() if a bound is exceeded or a value that they need is missing.
class PickleStack {
 public:
  // `bytes` gives the position for error messages, and must outlive this object.
  explicit PickleStack(const ByteCursor& bytes) : bytes_(bytes) {}

  Error Malformed(const std::string& why) const { return bytes_.Malformed(why); }

  // Pushes a new value.
  PickleValue& Push(PickleValue::Kind kind);
  void PushInteger(int64_t integer, PickleValue::Kind kind = PickleValue::Kind::kInteger) {
    Push(kind).integer = integer;
  }
  void PushText(std::string_view text) { Push(PickleValue::Kind::kText).text = text; }
  // Pushes a value that has a name. The total length of all names is bounded, because a pickle can
  // repeat a long name in few bytes. The name is passed by value, because a view of another value's
  // text would not stay valid.
  void PushNamed(PickleValue::Kind kind, std::string name);
  void PushWith(PickleValue::Kind kind, std::vector<PickleId> items);
  // Pushes an existing value again.
  void PushAgain(PickleId id) { stack_.push_back(id); }

  // Appends `items` to those of value `id`. The number of all items is bounded, because a pickle
  // can append a long list again and again in few bytes. `items` is passed by value, because a
  // reference to another value's items would not stay valid.
  void AddItems(PickleId id, std::vector<PickleId> items);

  // These functions do not reach values below the newest mark.
  PickleId Pop();
  PickleId Top();
  void Mark();
  std::vector<PickleId> PopToMark();

  // Remember() stores the value on top in the memo under `place`. Recall() pushes it again.
  void Remember(uint64_t place);
  void Recall(uint64_t place);
  uint64_t num_remembered() const { return memo_.size(); }

  const PickleValue& At(PickleId id) const { return pickle_.At(id); }
  bool IsOpaque(PickleId id) const { return At(id).kind == PickleValue::Kind::kOpaque; }
  void Require(PickleId id, PickleValue::Kind kind, const char* what) const;

  // Returns all values. The value on top of the stack becomes the root.
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

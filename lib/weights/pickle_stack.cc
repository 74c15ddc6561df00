// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/pickle_stack.h"

#include <utility>

namespace reel3d {
namespace {

using Kind = PickleValue::Kind;

constexpr size_t kMaxPickleValues = 400'000;
// All lists, dicts and tuples together hold at most this many items.
constexpr size_t kMaxItems = 2'000'000;

}  // namespace

PickleValue& PickleStack::Push(Kind kind) {
  if (pickle_.values.size() >= kMaxPickleValues) {
    throw Malformed("it holds more values than any weights");
  }
  stack_.push_back(static_cast<PickleId>(pickle_.values.size()));
  pickle_.values.emplace_back();
  pickle_.values.back().kind = kind;
  return pickle_.values.back();
}

void PickleStack::PushNamed(Kind kind, std::string name) {
  num_name_bytes_ += name.size();
  if (num_name_bytes_ > kMaxPickleBytes) {
    throw Malformed("it names more than any weights");
  }
  Push(kind).text = std::move(name);
}

void PickleStack::PushWith(Kind kind, std::vector<PickleId> items) {
  Push(kind);
  AddItems(stack_.back(), std::move(items));
}

void PickleStack::AddItems(PickleId id, std::vector<PickleId> items) {
  num_items_ += items.size();
  if (num_items_ > kMaxItems) {
    throw Malformed("it holds more values than any weights");
  }
  std::vector<PickleId>& all = pickle_.values[id].items;
  all.insert(all.end(), items.begin(), items.end());
}

PickleId PickleStack::Pop() {
  if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) {
    throw Malformed("it takes a value that is not there");
  }
  const PickleId id = stack_.back();
  stack_.pop_back();
  return id;
}

PickleId PickleStack::Top() {
  const PickleId id = Pop();
  stack_.push_back(id);
  return id;
}

void PickleStack::Mark() {
  marks_.push_back(stack_.size());
  if (marks_.size() > kMaxPickleValues) {
    throw Malformed("it nests deeper than any weights");
  }
}

std::vector<PickleId> PickleStack::PopToMark() {
  if (marks_.empty()) {
    throw Malformed("it takes a mark that is not there");
  }
  const auto first = stack_.begin() + static_cast<ptrdiff_t>(marks_.back());
  std::vector<PickleId> items(first, stack_.end());
  stack_.erase(first, stack_.end());
  marks_.pop_back();
  return items;
}

void PickleStack::Remember(uint64_t place) {
  memo_[place] = Top();
  if (memo_.size() > kMaxPickleValues) {
    throw Malformed("it remembers more values than any weights hold");
  }
}

void PickleStack::Recall(uint64_t place) {
  const auto found = memo_.find(place);
  if (found == memo_.end()) {
    throw Malformed("it recalls what it has not remembered");
  }
  stack_.push_back(found->second);
}

void PickleStack::Require(PickleId id, Kind kind, const char* what) const {
  if (At(id).kind != kind) {
    throw Malformed(what);
  }
}

Pickle PickleStack::Finish() {
  pickle_.root = Pop();
  pickle_.size_bytes = bytes_.position();
  return std::move(pickle_);
}

}  // namespace reel3d

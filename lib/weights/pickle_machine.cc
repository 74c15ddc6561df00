// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/pickle_machine.h"

#include <fmt/format.h>

#include <utility>

#include "lib/weights/plain_name.h"

namespace reel3d {
namespace {

using Kind = PickleValue::Kind;

}  // namespace

void PickleMachine::PushTuple(size_t size) {
  std::vector<PickleId> items(size);
  for (size_t i = size; i > 0; --i) {
    items[i - 1] = Pop();
  }
  PushWith(Kind::kSequence, items);
}

void PickleMachine::PushGlobal(std::string_view module, std::string_view name) {
  const std::string full = fmt::format("{}.{}", module, name);
  if (!IsPlainName(full)) {
    throw Malformed("a name is longer than those of Python, or holds other characters");
  }
  const bool is_unknown = roles_(full) == PickleRole::kUnknown;
  PushNamed(is_unknown ? Kind::kOpaque : Kind::kGlobal, full);
  if (is_unknown && unknown_.empty()) {
    unknown_ = full;
  }
}

void PickleMachine::Call() {
  const PickleId arguments = Pop();
  const PickleId function = Pop();
  if (IsOpaque(function)) {
    PushAgain(function);  // no new value, however often it is called
    return;
  }
  Require(function, Kind::kGlobal, "it calls what is no function");
  Require(arguments, Kind::kSequence, "arguments are no tuple");
  const std::string name = At(function).text;
  switch (roles_(name)) {
    case PickleRole::kDict:
      PushDict(At(arguments).items);
      return;
    case PickleRole::kSequence:
      if (At(arguments).items.size() != 1) {
        throw Malformed(name + " wants one argument");
      }
      PushAgain(At(arguments).items[0]);
      return;
    case PickleRole::kFunction:
      PushNamed(Kind::kCall, name);
      AddItems(Top(), At(arguments).items);
      return;
    case PickleRole::kClass:
      PushNamed(Kind::kObject, name);
      return;
    default:
      throw Malformed("it calls " + name);
  }
}

void PickleMachine::PushDict(std::vector<PickleId> arguments) {
  if (arguments.size() > 1) {
    throw Malformed("a dict has too many arguments");
  }
  const PickleId source = arguments.empty() ? 0 : arguments[0];
  if (!arguments.empty() && (At(source).kind == Kind::kDict || IsOpaque(source))) {
    PushAgain(source);
    return;
  }
  PushWith(Kind::kDict, {});
  const PickleId dict = Top();
  if (arguments.empty()) {
    return;
  }
  Require(source, Kind::kSequence, "a dict is made of something else");
  for (const PickleId pair : At(source).items) {
    Require(pair, Kind::kSequence, "a dict is made of something else");
    if (At(pair).items.size() != 2) {  // empty lists would cost time that no limit counts
      throw Malformed("a dict is made of what are no pairs");
    }
    SetItems(dict, At(pair).items);
  }
}

void PickleMachine::SetItems(PickleId dict, std::vector<PickleId> items) {
  if (IsOpaque(dict)) {
    return;
  }
  Require(dict, Kind::kDict, "it sets items of what is no dict");
  if (items.size() % 2 != 0) {
    throw Malformed("a key has no value");
  }
  AddItems(dict, std::move(items));
}

void PickleMachine::Append(PickleId list, std::vector<PickleId> items) {
  if (IsOpaque(list)) {
    return;
  }
  Require(list, Kind::kSequence, "it appends to what is no list");
  AddItems(list, std::move(items));
}

void PickleMachine::PushPersistent() {
  const PickleId description = Pop();
  const PickleValue& tuple = At(description);
  if (tuple.kind == Kind::kSequence && tuple.items.size() > 1 && IsOpaque(tuple.items[1])) {
    PushAgain(tuple.items[1]);
    return;
  }
  PushWith(Kind::kPersistent, {description});
}

void PickleMachine::RequireInstance() {
  if (!IsOpaque(Top())) {
    throw Malformed("it makes an instance of what is no class");
  }
}

void PickleMachine::Build() {
  const PickleId state = Pop();
  const PickleId target = Top();
  if (At(target).kind == Kind::kDict || IsOpaque(target)) {
    return;
  }
  Require(target, Kind::kObject, "it sets attributes of what has none");
  Require(state, Kind::kDict, "attributes are no dict");
  AddItems(target, At(state).items);
}

}  // namespace reel3d

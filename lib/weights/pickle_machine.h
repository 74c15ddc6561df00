// Has the operations of the pickle machine (pickle.h), which work on the values on its stack.
// Nothing is ever called: a call only becomes a value (PickleRole). This file does not use torch.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "lib/weights/byte_cursor.h"
#include "lib/weights/pickle.h"
#include "lib/weights/pickle_stack.h"

namespace reel3d {

// All functions throw Malformed() if the values are not of the kind that the operation needs.
class PickleMachine : public PickleStack {
 public:
  // `bytes` gives the position for error messages. `bytes` and `roles` must outlive this object.
  PickleMachine(const ByteCursor& bytes, const PickleRoles& roles)
      : PickleStack(bytes), roles_(roles) {}

  void PushTuple(size_t size);
  void PushGlobal(std::string_view module, std::string_view name);
  // Takes a function and its arguments from the stack, and pushes the value of the call.
  void Call();
  void SetItems(PickleId dict, std::vector<PickleId> items);
  void Append(PickleId list, std::vector<PickleId> items);
  // Pushes a value that is stored outside of the pickle: a tensor's storage. If the name of its
  // type is unknown, the value is opaque.
  void PushPersistent();
  // Throws unless the value on top is opaque: no known name is a set or a class of Python 2.
  void RequireInstance();
  // Sets attributes of the object on the stack. Those of a dict (a state_dict's _metadata) are
  // dropped.
  void Build();

  // Returns the first name that is unknown, empty if there is none.
  const std::string& first_unknown() const { return unknown_; }

 private:
  // Pushes the dict that one of these calls makes: OrderedDict() and Counter({...}) of Python 3,
  // OrderedDict([[key, value], ...]) of Python 2.
  void PushDict(std::vector<PickleId> arguments);

  const PickleRoles& roles_;
  std::string unknown_;
};

}  // namespace reel3d

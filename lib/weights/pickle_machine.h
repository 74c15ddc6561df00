// Has the operations of pickle's machine, one for each opcode, which work on the values on its
// stack. Nothing is ever called: a call becomes a value of its own, or an opaque one. They do
// without torch.
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

// All functions throw Malformed where the values are not those that the operation takes.
class PickleMachine : public PickleStack {
 public:
  // `bytes`, which says where errors are, and `roles` must outlive this.
  PickleMachine(const ByteCursor& bytes, const PickleRoles& roles)
      : PickleStack(bytes), roles_(roles) {}

  void PushTuple(size_t size);
  void PushGlobal(std::string_view module, std::string_view name);
  // Python would call the function on the stack with the arguments above it.
  void Call();
  void SetItems(PickleId dict, std::vector<PickleId> items);
  void Append(PickleId list, std::vector<PickleId> items);
  // Pushes a value that is stored outside of the pickle. An unknown class or type of storage stays
  // unknown.
  void PushPersistent();
  // Refuses an instance of a class of Python 2, because none of the known names is such a class.
  void RequireInstance();
  // Sets attributes. Those of a dict (a state_dict's _metadata) are dropped.
  void Build();

  // Returns the first name that is unknown, empty if there is none.
  const std::string& first_unknown() const { return unknown_; }

 private:
  // Makes a dict as OrderedDict() and Counter({...}) of Python 3 do, and OrderedDict([[key, value],
  // ...]) of Python 2.
  void PushDict(std::vector<PickleId> arguments);

  const PickleRoles& roles_;
  std::string unknown_;
};

}  // namespace reel3d

// Finds the state dicts among the objects of a file of torch.save, without torch. The file may
// itself be a state dict, or hold state dicts under any keys, beside other objects.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "lib/weights/pickle.h"
#include "lib/weights/weights_header.h"

namespace reel3d {

// One state may have at most this many tensors. If all states of a file together have more, the
// later ones are not recognised as networks.
constexpr size_t kMaxPthTensors = 100'000;

// Returns the call that makes the tensor `value`; for a Parameter, the call inside it. Returns null
// if `value` is not a tensor.
const PickleValue* TensorCall(const Pickle& objects, const PickleValue& value);

// Returns the numbers of a tuple of at most 16 integers from 0 on; nothing for other values.
std::optional<std::vector<int64_t>> PthCounts(const Pickle& objects, const PickleValue& tuple);

// This key names the state of a file that is itself a state dict.
constexpr const char* kWholeFile = ".";

// A state is a dict with at least one tensor whose key is a text.
struct PthState {
  std::string entry;  // its keys joined by dots, "model.ema"; empty: the file is the dict
  PickleId dict = 0;
  bool is_network = false;  // whether it holds a network that reel3d knows
};

// Returns the state dicts that are at most four keys deep, each once. Those with usual names come
// first; the others follow in the order of the file.
std::vector<PthState> FindStates(const Pickle& objects);

// Returns the state that `key` names: its entry is `key`, or `key` begins with the entry and a dot.
// If there is no such state, returns the first that is a network, else the first, else null.
const PthState* ChooseState(const std::vector<PthState>& states, const std::string& key);

}  // namespace reel3d

// Where the state dicts stand among the objects of a file of torch.save: the file itself may be
// one, or hold some under any keys, beside whatever else its writer kept. Without torch.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "lib/model/pickle.h"
#include "lib/model/weights_header.h"

namespace reel3d {

constexpr size_t kMaxPthTensors = 100'000;  // of a file, in all its states together

// The call that a tensor comes from, taken out of a Parameter around it; null if it is no tensor.
const PickleValue* TensorCall(const Pickle& objects, const PickleValue& value);

// A tuple of at most 16 whole numbers from 0 on, else nothing.
std::optional<std::vector<int64_t>> PthCounts(const Pickle& objects, const PickleValue& tuple);

constexpr const char* kWholeFile = ".";  // the key of a file that is a state dict

// A dict with at least one tensor under a text.
struct PthState {
  std::string entry;  // its keys joined by dots, "model.ema"; empty: the file is the dict
  PickleId dict = 0;
  bool is_network = false;  // of a network that reel3d knows
};

// State dicts at most four keys deep, each once. Those called as most programs call them come
// first, the others in the order of the file.
std::vector<PthState> FindStates(const Pickle& objects);

// The state that `key` names: `entry` itself, or an entry whose name `key` goes on. Without a key,
// or if no entry is meant by it: the first that is a network, else the first. Null if there is
// none.
const PthState* ChooseState(const std::vector<PthState>& states, const std::string& key);

}  // namespace reel3d

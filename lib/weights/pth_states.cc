// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/pth_states.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "lib/weights/plain_name.h"
#include "lib/weights/tensor_shape.h"
#include "lib/weights/weight_wrappers.h"

namespace reel3d {
namespace {

using Kind = PickleValue::Kind;

constexpr const char* kRebuildTensor = "torch._utils._rebuild_tensor_v2";
constexpr const char* kRebuildTensorOld = "torch._utils._rebuild_tensor";
constexpr const char* kRebuildParameter = "torch._utils._rebuild_parameter";

constexpr int kMaxDepth = 4;
constexpr size_t kMaxStates = 100;
constexpr size_t kMaxListed = 16;  // a longer list holds no state dicts

constexpr std::array<std::string_view, 7> kUsualEntries = {
    "state_dict", "model_state_dict", "model", "model_state", "net", "network", "weights"};

bool IsTensorCall(const PickleValue& value) {
  return value.kind == Kind::kCall && !value.items.empty() &&
         (value.text == kRebuildTensor || value.text == kRebuildTensorOld);
}

// Returns names and shapes, and leaves out entries that are not sound tensors.
std::vector<TensorHeader> HeadersOf(const Pickle& objects, const PickleValue& dict) {
  std::vector<TensorHeader> headers;
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const PickleValue& key = objects.At(dict.items[i]);
    const PickleValue* call = TensorCall(objects, objects.At(dict.items[i + 1]));
    if (call == nullptr || call->items.size() < 4 || key.kind != Kind::kText ||
        !IsPlainName(key.text)) {
      continue;
    }
    if (auto shape = PthCounts(objects, objects.At(call->items[2]))) {
      headers.push_back({key.text, "", *std::move(shape)});
    }
  }
  return headers;
}

class StateSearch {
 public:
  explicit StateSearch(const Pickle& objects)
      : objects_(objects), is_visited_(objects.values.size(), false) {}

  std::vector<PthState> Run() {
    Visit(objects_.root, "", 0);
    return std::move(states_);
  }

 private:
  void Visit(PickleId id, const std::string& entry, int depth) {
    const PickleValue& value = objects_.At(id);
    if (is_visited_[id] || depth > kMaxDepth || !IsPlainName(entry)) {
      return;
    }
    is_visited_[id] = true;
    if (value.kind == Kind::kDict) {
      VisitDict(id, entry, depth);
    } else if (value.kind == Kind::kSequence && value.items.size() <= kMaxListed) {
      for (size_t i = 0; i < value.items.size(); ++i) {
        Visit(value.items[i], Below(entry, std::to_string(i)), depth + 1);
      }
    }
  }

  void VisitDict(PickleId id, const std::string& entry, int depth) {
    const PickleValue& dict = objects_.At(id);
    size_t num_tensors = 0;
    for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      num_tensors += objects_.At(dict.items[i]).kind == Kind::kText &&
                             TensorCall(objects_, objects_.At(dict.items[i + 1])) != nullptr
                         ? 1
                         : 0;
    }
    if (num_tensors > 0 && states_.size() < kMaxStates) {
      num_tensors_ += num_tensors;
      const bool is_network =
          num_tensors_ <= kMaxPthTensors && !FindNetworks(HeadersOf(objects_, dict)).empty();
      states_.push_back({entry, id, is_network});
    }
    for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      const PickleValue& key = objects_.At(dict.items[i]);
      const Kind kind = objects_.At(dict.items[i + 1]).kind;
      if (key.kind == Kind::kText && key.text.size() <= kMaxNameBytes &&
          (kind == Kind::kDict || kind == Kind::kSequence)) {
        Visit(dict.items[i + 1], Below(entry, key.text), depth + 1);
      }
    }
  }

  static std::string Below(const std::string& entry, const std::string& key) {
    return entry.empty() ? key : entry + "." + key;
  }

  const Pickle& objects_;
  std::vector<bool> is_visited_;
  std::vector<PthState> states_;
  size_t num_tensors_ = 0;
};

size_t Unusualness(const PthState& state) {
  return static_cast<size_t>(std::find(kUsualEntries.begin(), kUsualEntries.end(), state.entry) -
                             kUsualEntries.begin());
}

}  // namespace

const PickleValue* TensorCall(const Pickle& objects, const PickleValue& value) {
  if (IsTensorCall(value)) {
    return &value;
  }
  if (value.kind != Kind::kCall || value.text != kRebuildParameter || value.items.empty()) {
    return nullptr;
  }
  const PickleValue& inner = objects.At(value.items[0]);
  return IsTensorCall(inner) ? &inner : nullptr;
}

std::optional<std::vector<int64_t>> PthCounts(const Pickle& objects, const PickleValue& tuple) {
  if (tuple.kind != Kind::kSequence || tuple.items.size() > kMaxDimensions) {
    return std::nullopt;
  }
  std::vector<int64_t> counts;
  for (const PickleId id : tuple.items) {
    const PickleValue& value = objects.At(id);
    if (value.kind != Kind::kInteger || value.integer < 0 || !value.text.empty()) {
      return std::nullopt;
    }
    counts.push_back(value.integer);
  }
  return counts;
}

std::vector<PthState> FindStates(const Pickle& objects) {
  std::vector<PthState> states = StateSearch(objects).Run();
  std::stable_sort(states.begin(), states.end(), [](const PthState& a, const PthState& b) {
    return Unusualness(a) < Unusualness(b);
  });
  return states;
}

const PthState* ChooseState(const std::vector<PthState>& states, const std::string& key) {
  const PthState* chosen = nullptr;
  // `key` means the longest entry that equals it, or that it begins with.
  for (const PthState& state : states) {
    const size_t size = state.entry.size();
    const bool is_meant = size == 0 ? key == kWholeFile
                                    : key.compare(0, size, state.entry) == 0 &&
                                          (key.size() == size || key[size] == '.');
    if (is_meant && (chosen == nullptr || size > chosen->entry.size())) {
      chosen = &state;
    }
  }
  for (const PthState& state : states) {
    if (chosen == nullptr && state.is_network) {
      chosen = &state;
    }
  }
  return chosen == nullptr && !states.empty() ? &states[0] : chosen;
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/pth.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "lib/base/error.h"
#include "lib/weights/plain_name.h"
#include "lib/weights/pth_states.h"
#include "lib/weights/tensor_shape.h"

namespace reel3d {
namespace {

using Kind = PickleValue::Kind;

constexpr int kMaxModuleDepth = 32;
constexpr size_t kMostParts = 32;  // items of an argument that describes a tensor
constexpr uint64_t kMaxShare = 4;  // bytes of all tensors for each byte of the file

// Returns the number of values of the view. Returns nothing if the view reaches out of a storage of
// `num_stored` values, or has more values than the storage.
std::optional<uint64_t> ValuesWithin(const PthTensor& tensor, uint64_t num_stored) {
  uint64_t count = 1;
  auto last = static_cast<uint64_t>(tensor.first);
  for (size_t axis = 0; axis < tensor.shape.size(); ++axis) {
    const auto extent = static_cast<uint64_t>(tensor.shape[axis]);
    uint64_t reach = 0;
    if (__builtin_mul_overflow(count, extent, &count)) {
      return std::nullopt;
    }
    if (extent > 1 &&
        (__builtin_mul_overflow(extent - 1, static_cast<uint64_t>(tensor.strides[axis]), &reach) ||
         __builtin_add_overflow(last, reach, &last))) {
      return std::nullopt;
    }
  }
  if (count == 0) {
    return 0;
  }
  return last < num_stored && count <= num_stored ? std::optional(count) : std::nullopt;
}

// Collects the tensors of a state dict, or of TorchScript's modules, from untrusted objects.
class Collector {
 public:
  Collector(const PthContainer& container, const InputFile& file)
      : container_(container), objects_(container.objects), file_(file) {}

  // `is_file`: the dict is the complete file, so it may also hold objects that are not weights.
  std::vector<PthTensor> FromDict(const PickleValue& dict, bool is_file, PassedOver* passed_over) {
    for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      const PickleValue& key = objects_.At(dict.items[i]);
      const PickleValue& value = objects_.At(dict.items[i + 1]);
      const PickleValue* call = TensorCall(objects_, value);
      if (key.kind == Kind::kText && call != nullptr) {
        Add(key.text, *call);
      } else {
        const std::string name = key.kind == Kind::kText && IsPlainName(key.text)
                                     ? key.text
                                     : fmt::format("number {}", i / 2);
        RequireBeside(name, key, value, is_file);
        passed_over->Add(name);
      }
    }
    return std::move(tensors_);
  }

  std::vector<PthTensor> FromModules(const PickleValue& module) {
    Walk(module, "", 0);
    return std::move(tensors_);
  }

 private:
  Error Malformed(const std::string& why) const {
    return InputError(fmt::format("{}: not weights as reel3d reads them: {}", file_.name(), why));
  }

  // Checks an entry that is not a tensor. Throws if the entry may stand for a tensor: a Python
  // object or a call.
  void RequireBeside(const std::string& name, const PickleValue& key, const PickleValue& value,
                     bool is_file) const {
    if (key.kind == Kind::kOpaque) {
      throw OpaqueObject(file_.name(), fmt::format("the name of its entry {}", name), key);
    }
    if (value.kind == Kind::kOpaque && (!is_file || name.find('.') != std::string::npos)) {
      throw OpaqueObject(file_.name(), "its entry " + name, value);
    }
    if (value.kind != Kind::kCall) {
      return;
    }
    RequireKnown(name, value);
    throw Malformed(fmt::format("its entry {} is no tensor", name));
  }
  // Throws if an argument of `call` is a Python object, or contains one: a shape is a tuple.
  void RequireKnown(const std::string& name, const PickleValue& call, int depth = 0) const {
    constexpr int kMostDepth = 3;
    for (const PickleId id : call.items) {
      const PickleValue& argument = objects_.At(id);
      if (argument.kind == Kind::kOpaque) {
        throw OpaqueObject(file_.name(), "what its tensor " + name + " is made of", argument);
      }
      const bool is_compound = argument.kind == Kind::kSequence || argument.kind == Kind::kCall;
      if (is_compound && argument.items.size() <= kMostParts && depth < kMostDepth) {
        RequireKnown(name, argument, depth + 1);
      }
    }
  }

  // A module may contain itself, so depth and count limit the walk.
  void Walk(const PickleValue& module, const std::string& path, int depth) {
    num_visited_ += 1 + module.items.size() / 2;
    if (depth > kMaxModuleDepth || num_visited_ > kMaxPthTensors) {
      throw Malformed("its modules nest without end");
    }
    for (size_t i = 0; i + 1 < module.items.size(); i += 2) {
      const PickleValue& key = objects_.At(module.items[i]);
      const PickleValue& value = objects_.At(module.items[i + 1]);
      if (key.kind != Kind::kText) {
        continue;
      }
      const PickleValue* call = TensorCall(objects_, value);
      if (call == nullptr && value.kind != Kind::kObject) {
        continue;
      }
      const std::string name = path + key.text;
      RequirePlain(name);
      if (call != nullptr) {
        Add(name, *call);
      } else {
        Walk(value, name + ".", depth + 1);
      }
    }
  }

  void RequirePlain(const std::string& name) const {
    if (!IsPlainName(name)) {
      throw Malformed("a name is longer than those of Python, or holds other characters");
    }
  }

  void Add(const std::string& name, const PickleValue& call) {
    const auto argument = [&](size_t index) -> const PickleValue& {
      return objects_.At(call.items[index]);
    };
    RequirePlain(name);
    if (!names_.insert(name).second) {
      throw Malformed("it names a tensor twice: " + name);
    }
    RequireKnown(name, call);
    if (call.items.size() < 4 || argument(0).kind != Kind::kPersistent ||
        argument(1).kind != Kind::kInteger || argument(1).integer < 0) {
      throw Malformed("tensor " + name + " is not described as torch does");
    }
    const auto shape = PthCounts(objects_, argument(2));
    const auto strides = PthCounts(objects_, argument(3));
    if (!shape || !IsAddressable(*shape) || !strides || shape->size() != strides->size()) {
      throw Malformed("tensor " + name + " has no shape or no strides that make sense");
    }
    PthTensor tensor{name,
                     "",
                     *shape,
                     *strides,
                     argument(1).integer,
                     StorageKey(objects_, argument(0), file_.name())};
    const PthStorage& storage = container_.storages.at(tensor.storage);
    tensor.type = storage.type;
    const auto num_values = ValuesWithin(tensor, storage.num_values);
    if (!num_values) {
      throw Malformed(fmt::format("tensor {} of shape ({}) reaches out of its storage of {} values",
                                  name, fmt::join(*shape, ", "), storage.num_values));
    }
    size_bytes_ += *num_values * storage.type_bytes;
    if (tensors_.size() == kMaxPthTensors || size_bytes_ > kMaxShare * file_.size_bytes()) {
      throw Malformed("its tensors show the same values again and again");
    }
    tensors_.push_back(std::move(tensor));
  }

  const PthContainer& container_;
  const Pickle& objects_;
  const InputFile& file_;
  std::vector<PthTensor> tensors_;
  std::set<std::string> names_;
  uint64_t size_bytes_ = 0;
  size_t num_visited_ = 0;  // modules and their attributes
};

std::map<std::string, std::string> Notes(const Pickle& objects, const PickleValue& root) {
  constexpr size_t kMaxNotes = 100;
  std::map<std::string, std::string> notes;
  for (size_t i = 0; i + 1 < root.items.size() && notes.size() < kMaxNotes; i += 2) {
    const PickleValue& key = objects.At(root.items[i]);
    const PickleValue& value = objects.At(root.items[i + 1]);
    if (key.kind != Kind::kText || !IsPlainName(key.text)) {
      continue;
    }
    if (value.kind == Kind::kInteger || value.kind == Kind::kBool) {
      notes[key.text] = std::to_string(value.integer);
    } else if (value.kind == Kind::kText && IsPlainName(value.text)) {
      notes[key.text] = value.text;
    }
  }
  return notes;
}

// Returns the other entries that the user may mean. If `taken` is a network, these are only entries
// of networks.
std::vector<std::string> OthersThan(const PthState& taken, const std::vector<PthState>& states) {
  constexpr size_t kMaxOthers = 8;
  std::vector<std::string> others;
  for (const PthState& state : states) {
    if (state.dict != taken.dict &&
        (state.is_network || (!taken.is_network && !state.entry.empty())) &&
        others.size() < kMaxOthers) {
      others.push_back(state.entry.empty() ? kWholeFile : state.entry);
    }
  }
  return others;
}

// Returns a Python object that stands in any dict under a text, where a tensor may stand, and sets
// `entry` to this text. Prefers an object whose text has a dot, as names of tensors have. Null:
// there is none.
const PickleValue* FirstObject(const Pickle& objects, std::string* entry) {
  const PickleValue* first = nullptr;
  for (const PickleValue& dict : objects.values) {
    for (size_t i = 0; dict.kind == Kind::kDict && i + 1 < dict.items.size(); i += 2) {
      const PickleValue& key = objects.At(dict.items[i]);
      const PickleValue& value = objects.At(dict.items[i + 1]);
      const bool is_tensors_name = key.text.find('.') != std::string::npos;
      if (value.kind == Kind::kOpaque && key.kind == Kind::kText && IsPlainName(key.text) &&
          (first == nullptr || (is_tensors_name && entry->find('.') == std::string::npos))) {
        first = &value;
        *entry = key.text;
      }
    }
  }
  return first;
}

// Returns the error for a file without weights, with the reason.
Error NoWeights(const InputFile& file, const Pickle& objects) {
  const PickleValue& root = objects.At(objects.root);
  if (root.kind == Kind::kOpaque) {
    return OpaqueObject(file.name(), "it", root);
  }
  std::string entry;
  if (const PickleValue* object = FirstObject(objects, &entry)) {
    return OpaqueObject(
        file.name(), fmt::format("no dict in it holds tensors, and its entry {}", entry), *object);
  }
  return InputError(file.name() +
                    ": holds neither a state dict nor a checkpoint with one: what it holds is no "
                    "tensor, nor a dict of tensors");
}

}  // namespace

void PassedOver::Add(const std::string& name) {
  constexpr size_t kMaxNames = 8;
  ++count;
  if (names.size() < kMaxNames) {
    names.push_back(name);
  }
}

PthReader::PthReader(std::filesystem::path file, const std::string& key)
    : file_(std::move(file), "a file of weights"), container_(ReadPthContainer(file_)) {
  const Pickle& objects = container_.objects;
  const PickleValue& root = objects.At(objects.root);
  header_.format = container_.format;
  Collector collector(container_, file_);
  if (root.kind == Kind::kObject) {
    header_.tensors = collector.FromModules(root);
    return;
  }
  const std::vector<PthState> states = FindStates(objects);
  const PthState* state = ChooseState(states, key);
  if (state == nullptr && (root.kind != Kind::kDict || !root.items.empty())) {
    throw NoWeights(file_, objects);
  }
  header_.notes = Notes(objects, root);
  if (state != nullptr) {
    header_.entry = state->entry;
    header_.others = OthersThan(*state, states);
    header_.tensors =
        collector.FromDict(objects.At(state->dict), state->entry.empty(), &header_.passed_over);
  }
}

uint64_t PthReader::StorageBytes(const std::string& key) const {
  return container_.storages.at(key).size_bytes();
}

void PthReader::ReadStorage(const std::string& key, void* bytes) const {
  ReadPthStorage(file_, container_.storages.at(key), bytes);
}

}  // namespace reel3d

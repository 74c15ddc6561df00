// SPDX-License-Identifier: Apache-2.0
#include "lib/model/pth.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

#include "lib/base/error.h"
#include "lib/model/plain_name.h"
#include "lib/model/tensor_shape.h"

namespace reel3d {
namespace {

using Kind = PickleValue::Kind;

constexpr size_t kMaxDimensions = 16;
constexpr size_t kMaxTensors = 100'000;
constexpr int kMaxModuleDepth = 32;
constexpr uint64_t kMaxShare = 4;  // bytes of all tensors for each byte of the file

constexpr const char* kRebuildTensor = "torch._utils._rebuild_tensor_v2";
constexpr const char* kRebuildTensorOld = "torch._utils._rebuild_tensor";
constexpr const char* kRebuildParameter = "torch._utils._rebuild_parameter";

// The call that a tensor comes from, taken out of a Parameter around it; null if it is no tensor.
const PickleValue* TensorCall(const Pickle& objects, const PickleValue& value) {
  if (value.kind != Kind::kCall || value.items.empty()) {
    return nullptr;
  }
  if (value.text == kRebuildTensor || value.text == kRebuildTensorOld) {
    return &value;
  }
  const PickleValue& inner = objects.At(value.items[0]);
  return value.text == kRebuildParameter && inner.kind == Kind::kCall &&
                 (inner.text == kRebuildTensor || inner.text == kRebuildTensorOld)
             ? &inner
             : nullptr;
}

// A tuple of whole numbers from 0 on, else nothing.
std::optional<std::vector<int64_t>> Counts(const Pickle& objects, const PickleValue& tuple) {
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

// Number of values; nothing if the view reaches out of a storage of `num_stored`, or shows some of
// its values more often than once.
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

  std::vector<PthTensor> FromDict(const PickleValue& dict) {
    for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
      const PickleValue& key = objects_.At(dict.items[i]);
      const PickleValue* call = TensorCall(objects_, objects_.At(dict.items[i + 1]));
      if (key.kind != Kind::kText || call == nullptr) {
        throw Malformed(fmt::format(
            "its entry {} is no tensor",
            key.kind == Kind::kText && IsPlainName(key.text) ? key.text : std::to_string(i / 2)));
      }
      Add(key.text, *call);
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

  // A module may be its own grandchild: depth and count end such walks.
  void Walk(const PickleValue& module, const std::string& path, int depth) {
    num_visited_ += 1 + module.items.size() / 2;
    if (depth > kMaxModuleDepth || num_visited_ > kMaxTensors) {
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
    if (call.items.size() < 4 || argument(0).kind != Kind::kPersistent ||
        argument(1).kind != Kind::kInteger || argument(1).integer < 0) {
      throw Malformed("tensor " + name + " is not described as torch does");
    }
    const auto shape = Counts(objects_, argument(2));
    const auto strides = Counts(objects_, argument(3));
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
    if (tensors_.size() == kMaxTensors || size_bytes_ > kMaxShare * file_.size_bytes()) {
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

// The entry of a whole checkpoint that holds the weights; null if `root` itself does.
const PickleValue* FindStateDict(const Pickle& objects, const PickleValue& root) {
  for (const char* key : {"state_dict", "model_state_dict", "model"}) {
    const PickleValue* found = objects.Find(root, key);
    if (found != nullptr && found->kind == Kind::kDict) {
      return found;
    }
  }
  return nullptr;
}

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

}  // namespace

PthReader::PthReader(std::filesystem::path file)
    : file_(std::move(file)), container_(ReadPthContainer(file_)) {
  const Pickle& objects = container_.objects;
  const PickleValue& root = objects.At(objects.root);
  header_.format = container_.format;
  Collector collector(container_, file_);
  if (root.kind == Kind::kObject) {
    header_.tensors = collector.FromModules(root);
  } else if (const PickleValue* state_dict = FindStateDict(objects, root)) {
    header_.notes = Notes(objects, root);
    header_.tensors = collector.FromDict(*state_dict);
  } else if (root.kind == Kind::kDict) {
    header_.tensors = collector.FromDict(root);
  } else {
    throw InputError(file_.name() + ": holds neither a state dict nor a checkpoint with one");
  }
}

uint64_t PthReader::StorageBytes(const std::string& key) const {
  return container_.storages.at(key).size_bytes();
}

void PthReader::ReadStorage(const std::string& key, void* bytes) const {
  ReadPthStorage(file_, container_.storages.at(key), bytes);
}

}  // namespace reel3d

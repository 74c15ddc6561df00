// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/pth_container.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/error.h"
#include "lib/weights/byte_cursor.h"
#include "lib/weights/plain_name.h"
#include "lib/weights/pth_types.h"

namespace reel3d {
namespace {

using Kind = PickleValue::Kind;

// Returns the type of a storage class such as torch.FloatStorage; null for other names.
const PthType* FindStorageType(std::string_view global) {
  const auto found = std::find_if(kPthTypes.begin(), kPthTypes.end(), [&](const PthType& type) {
    return global == fmt::format("torch.{}Storage", type.storage);
  });
  return found == kPthTypes.end() ? nullptr : found;
}

bool BeginsWith(std::string_view text, std::string_view beginning) {
  return text.substr(0, beginning.size()) == beginning;
}

// Returns how a global name is treated. Weights consist only of the names below. The modules of
// TorchScript have classes of their own, and other objects in a checkpoint may have any name.
PickleRole RoleOf(std::string_view name) {
  if (name == "collections.OrderedDict" || name == "collections.Counter") {
    return PickleRole::kDict;
  }
  if (name == "torch.Size") {
    return PickleRole::kSequence;
  }
  if (name == "torch._utils._rebuild_tensor_v2" || name == "torch._utils._rebuild_tensor" ||
      name == "torch._utils._rebuild_parameter" || BeginsWith(name, "torch.jit._pickle.")) {
    return PickleRole::kFunction;
  }
  if (BeginsWith(name, "__torch__.")) {
    return PickleRole::kClass;
  }
  return FindStorageType(name) != nullptr ? PickleRole::kName : PickleRole::kUnknown;
}

Error MalformedPth(const InputFile& file, const std::string& why) {
  return InputError(fmt::format("{}: not a sound file of torch.save: {}", file.name(), why));
}

// Returns the tuple ('storage', torch.FloatStorage, key, device, number of values).
const PickleValue& Description(const Pickle& objects, const PickleValue& persistent,
                               const std::string& source) {
  const PickleValue& tuple = objects.At(persistent.items.at(0));
  const auto is = [&](size_t index, Kind kind) {
    return objects.At(tuple.items[index]).kind == kind;
  };
  if (tuple.kind != Kind::kSequence || tuple.items.size() < 5 || !is(0, Kind::kText) ||
      !is(1, Kind::kGlobal) || !is(2, Kind::kText) || !is(4, Kind::kInteger)) {
    throw InputError(source + ": a tensor lies in something that is no storage");
  }
  if (!IsPlainName(objects.At(tuple.items[2]).text)) {
    throw InputError(source + ": a storage's key is not one that torch.save makes");
  }
  if (tuple.items.size() > 5 && !is(5, Kind::kNone)) {
    throw InputError(source + ": of a torch before 0.4: load and save it with a newer one");
  }
  return tuple;
}

// Returns every storage that the objects name, without its place in the file.
std::map<std::string, PthStorage> NamedStorages(const InputFile& file, const Pickle& objects) {
  std::map<std::string, PthStorage> storages;
  for (const PickleValue& value : objects.values) {
    if (value.kind != Kind::kPersistent) {
      continue;
    }
    const PickleValue& tuple = Description(objects, value, file.name());
    const PthType* type = FindStorageType(objects.At(tuple.items[1]).text);
    const int64_t num_values = objects.At(tuple.items[4]).integer;
    if (type == nullptr || num_values < 0 ||
        static_cast<uint64_t>(num_values) > file.size_bytes() / type->size_bytes) {
      throw MalformedPth(file,
                         fmt::format("a storage of {} values is larger than the file", num_values));
    }
    PthStorage storage;
    storage.type = type->name;
    storage.type_bytes = type->size_bytes;
    storage.num_values = static_cast<uint64_t>(num_values);
    const auto [known, is_new] = storages.emplace(StorageKey(objects, value, file.name()), storage);
    if (!is_new &&
        (known->second.type != storage.type || known->second.num_values != storage.num_values)) {
      throw MalformedPth(file, "it states a storage's size or type twice, and differently");
    }
  }
  return storages;
}

// Returns the records "<name>/data.pkl" and "<name>/data/<key>" by their names without "<name>/".
// torch.save takes <name> from the name of the file.
std::map<std::string, const ZipEntry*> Records(const std::vector<ZipEntry>& entries) {
  std::map<std::string, const ZipEntry*> records;
  for (const ZipEntry& entry : entries) {
    records.emplace(entry.name.substr(entry.name.find('/') + 1), &entry);
  }
  return records;
}

std::string ReadRecord(const InputFile& file, const ZipEntry& entry) {
  if (entry.size_bytes > kMaxPickleBytes) {
    throw MalformedPth(file, "its description is longer than that of any weights");
  }
  std::string bytes(entry.size_bytes, '\0');
  ReadZipEntry(file, entry, bytes.data());
  return bytes;
}

PthContainer ReadZip(const InputFile& file) {
  const std::vector<ZipEntry> entries = ReadZipDirectory(file);
  const std::map<std::string, const ZipEntry*> records = Records(entries);
  const auto objects = records.find("data.pkl");
  if (objects == records.end()) {
    throw InputError(file.name() + ": a zip archive, but none of torch.save: data.pkl is missing");
  }
  const auto byte_order = records.find("byteorder");
  if (byte_order != records.end() && ReadRecord(file, *byte_order->second) != "little") {
    throw InputError(file.name() + ": of a big-endian machine: save it on another one");
  }
  PthContainer container;
  container.format = records.count("constants.pkl") > 0 ? "TorchScript" : "torch.save, zip";
  container.objects = ReadPickle(ReadRecord(file, *objects->second), RoleOf, file.name());
  container.storages = NamedStorages(file, container.objects);
  for (auto& [key, storage] : container.storages) {
    const auto record = records.find("data/" + key);
    if (record == records.end() || record->second->packed ||
        record->second->size_bytes != storage.size_bytes()) {
      throw MalformedPth(file, fmt::format("storage {} is {}", key,
                                           record == records.end()  ? "missing"
                                           : record->second->packed ? "compressed"
                                                                    : "of another size"));
    }
    storage.offset = record->second->offset;
    storage.entry = *record->second;
  }
  return container;
}

// The file has five pickles (a magic number, the format's version, the machine, the objects, the
// storages' keys in the order of their bytes). Then come the number of values of each storage and
// their bytes.
PthContainer ReadLegacy(const InputFile& file) {
  const std::string head = file.ReadText(0, std::min<uint64_t>(file.size_bytes(), kMaxPickleBytes));
  std::string_view left = head;
  const auto next = [&] {
    Pickle pickle = ReadPickle(left, RoleOf, file.name());
    left.remove_prefix(pickle.size_bytes);
    return pickle;
  };
  constexpr std::string_view kMagic = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
  // No pickle is kept longer than needed, because each may need about 100 MB of memory.
  if (const Pickle magic = next(); magic.At(magic.root).kind == Kind::kOpaque) {
    throw OpaqueObject(file.name(), "it", magic.At(magic.root));
  } else if (magic.At(magic.root).text != kMagic) {
    throw InputError(file.name() +
                     ": a Python pickle, but none of torch.save: load it in Python if you trust "
                     "it, and torch.save a dict of its tensors");
  }
  if (const Pickle version = next(); version.At(version.root).integer != 1001) {
    throw MalformedPth(file, "an unknown version of the format");
  }
  {
    const Pickle machine = next();
    const PickleValue* little_endian = machine.Find(machine.At(machine.root), "little_endian");
    if (little_endian == nullptr || little_endian->integer != 1) {
      throw InputError(file.name() + ": of a big-endian machine: save it on another one");
    }
  }
  PthContainer container;
  container.format = "torch.save, legacy";
  container.objects = next();
  container.storages = NamedStorages(file, container.objects);
  const Pickle keys = next();
  uint64_t offset = head.size() - left.size();
  for (const PickleId id : keys.At(keys.root).items) {
    const auto found = container.storages.find(keys.At(id).text);
    if (found == container.storages.end() || found->second.offset != 0) {
      throw MalformedPth(
          file,
          "its list of storages is not that of its objects, or names one of a type that "
          "reel3d does not read");
    }
    PthStorage& storage = found->second;
    const std::string source = file.name();
    const std::string count = file.ReadText(offset, 8);
    if (ByteCursor(count, source, "file of torch.save").Number(8) != storage.num_values) {
      throw MalformedPth(file, fmt::format("storage {} is of another size", found->first));
    }
    storage.offset = offset + 8;
    offset = storage.offset + storage.size_bytes();
  }
  for (const auto& [key, storage] : container.storages) {
    if (storage.offset == 0) {
      throw MalformedPth(file, fmt::format("storage {} is missing", key));
    }
  }
  if (offset != file.size_bytes()) {
    throw MalformedPth(
        file, fmt::format("its storages end at byte {}, and it has {}", offset, file.size_bytes()));
  }
  return container;
}

// Returns an error that says which other kind of file this is, and how to get at its weights.
Error OtherKind(const InputFile& file, std::string_view head) {
  const std::string name = file.name();
  const auto ends_with = [&](std::string_view ending) {
    return name.size() >= ending.size() &&
           name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
  };
  // The file is a serialised Lua table, in binary or as text.
  if (ends_with(".t7") || BeginsWith(head, std::string_view("\4\0\0\0\1\0\0\0", 8)) ||
      BeginsWith(head, "4\n1\n")) {
    return InputError(name +
                      ": of Lua Torch, which reel3d does not read: load it in Python with the "
                      "package torchfile, and torch.save a dict of its tensors under the names "
                      "of docs/reference/formats.md");
  }
  if (ends_with(".caffemodel")) {
    return InputError(name +
                      ": of Caffe, which reel3d does not read: load it with Caffe's own Python "
                      "interface, and torch.save a dict of its blobs as tensors under the names "
                      "of docs/reference/formats.md");
  }
  if (head.size() > 262 && head.substr(257, 5) == "ustar") {
    return InputError(name +
                      ": a tar archive of torch before 0.1.10: load and save it with a torch of "
                      "today (that a name ends in .tar says nothing)");
  }
  return InputError(name + ": not a kind of file that reel3d reads");
}

}  // namespace

Error OpaqueObject(const std::string& source, const std::string& what, const PickleValue& opaque) {
  return InputError(fmt::format(
      "{}: {} is the Python object {}, which is not data: refused, and nothing of it was run. "
      "If you trust the file, save plain tensors in Python: torch.save(state_dict, OUT)",
      source, what, opaque.text));
}

std::string StorageKey(const Pickle& objects, const PickleValue& persistent,
                       const std::string& source) {
  return objects.At(Description(objects, persistent, source).items[2]).text;
}

PthContainer ReadPthContainer(const InputFile& file) {
  const std::string head = file.ReadText(0, std::min<uint64_t>(file.size_bytes(), 512));
  if (BeginsWith(head, "PK\3\4")) {
    return ReadZip(file);
  }
  if (BeginsWith(head, "\x80")) {
    return ReadLegacy(file);
  }
  throw OtherKind(file, head);
}

void ReadPthStorage(const InputFile& file, const PthStorage& storage, void* bytes) {
  if (storage.entry) {
    ReadZipEntry(file, *storage.entry, bytes);
  } else {
    file.Read(storage.offset, bytes, storage.size_bytes());
  }
}

}  // namespace reel3d

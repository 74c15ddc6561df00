// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/weights_header.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "lib/base/error.h"
#include "lib/base/input_file.h"
#include "lib/weights/pth.h"
#include "lib/weights/published_names.h"
#include "lib/weights/safetensors.h"
#include "lib/weights/weight_wrappers.h"
#include "lib/weights/weights_name.h"

namespace reel3d {

// A safetensors file begins with the length of its header, whose upper bytes are 0. The header
// follows, which is a JSON object.
bool IsSafetensors(const std::filesystem::path& name) {
  const InputFile input(SplitWeightsName(name).file, "a file of weights");
  return input.size_bytes() > 8 && input.ReadText(4, 5) == std::string("\0\0\0\0{", 5);
}

namespace {

// Holds a file's tensors under the file's names, the entry that they are from, other entries, and
// what was ignored.
struct Stored {
  WeightsHeader header;
  std::string entry;
  std::vector<std::string> others;
  PassedOver passed_over;
};

Stored ReadStored(const WeightsName& name) {
  Stored stored;
  if (IsSafetensors(name.file)) {
    const SafetensorsReader reader(name.file);
    stored.header.format = "safetensors";
    stored.header.notes = reader.header().metadata;
    for (const SafetensorsEntry& entry : reader.header().entries) {
      stored.header.tensors.push_back({entry.name, entry.type, entry.shape});
    }
    return stored;
  }
  const PthReader reader(name.file, name.entry);
  const PthHeader& header = reader.header();
  stored.header.format = header.format;
  stored.header.notes = header.notes;
  for (const PthTensor& tensor : header.tensors) {
    stored.header.tensors.push_back({tensor.name, tensor.type, tensor.shape});
  }
  stored.entry = header.entry;
  stored.others = header.others;
  stored.passed_over = header.passed_over;
  return stored;
}

// Returns the text with which a user names a network: the entry and the prefix, such as
// "state_dict.model", or "." if both are empty.
std::string KeyOf(const std::string& entry, const std::string& prefix) {
  std::string key = entry + (entry.empty() || prefix.empty() ? "" : ".") + prefix;
  if (!prefix.empty()) {
    key.pop_back();
  }
  return key.empty() ? "." : key;
}

// Returns the network that `key` names. If `key` is empty or names only the entry, returns the
// first network. Null: there is no such network.
const WrappedNetwork* Choose(const std::vector<WrappedNetwork>& networks, const std::string& key,
                             const std::string& entry) {
  const auto is_meant = [&](const WrappedNetwork& network) {
    return key == KeyOf(entry, network.prefix) || key == KeyOf("", network.prefix);
  };
  const auto meant = std::find_if(networks.begin(), networks.end(), is_meant);
  if (meant != networks.end()) {
    return &*meant;
  }
  const bool is_said = !key.empty() && key != KeyOf(entry, "");
  return networks.empty() || is_said ? nullptr : &networks[0];
}

// Notes the tensors that belong to no network, so that the user learns that they are ignored.
void PassOver(Stored* stored, const std::vector<WrappedNetwork>& networks) {
  std::vector<bool> is_used(stored->header.tensors.size(), false);
  for (const WrappedNetwork& network : networks) {
    for (const size_t index : network.tensors) {
      is_used[index] = true;
    }
  }
  for (size_t i = 0; i < is_used.size(); ++i) {
    if (!is_used[i]) {
      stored->passed_over.Add(stored->header.tensors[i].name);
    }
  }
}

std::string Describe(const Stored& stored, const std::string& prefix, const std::string& file) {
  std::vector<std::string> parts;
  if (!stored.entry.empty()) {
    parts.push_back("taken from its entry " + stored.entry);
  }
  if (!prefix.empty()) {
    parts.push_back(fmt::format("the prefix {} is taken off the names", prefix));
  }
  if (stored.passed_over.count > 0) {
    const size_t more = stored.passed_over.count - stored.passed_over.names.size();
    parts.push_back(fmt::format("passed over, for it is of no layer: {}{}",
                                fmt::join(stored.passed_over.names, ", "),
                                more > 0 ? fmt::format(" and {} more", more) : ""));
  }
  if (!stored.others.empty()) {
    parts.push_back(fmt::format("the file holds other weights too: {} (name {}:{} to take those)",
                                fmt::join(stored.others, ", "), file, stored.others[0]));
  }
  return fmt::format("{}", fmt::join(parts, "; "));
}

Error NoSuchEntry(const WeightsName& name, const Stored& stored,
                  const std::vector<WrappedNetwork>& networks) {
  std::vector<std::string> keys = {KeyOf(stored.entry, "")};
  for (const WrappedNetwork& network : networks) {
    keys.push_back(KeyOf(stored.entry, network.prefix));
  }
  keys.insert(keys.end(), stored.others.begin(), stored.others.end());
  const std::set<std::string> each(keys.begin(), keys.end());
  return InputError(fmt::format("{}: has no weights {}; it has {} (. is the file itself)",
                                name.file.string(), name.entry, fmt::join(each, ", ")));
}

void TakeOnly(WeightsHeader* header, const WrappedNetwork& network) {
  std::vector<std::string> names;
  names.reserve(network.tensors.size());
  for (const size_t index : network.tensors) {
    names.push_back(std::move(header->stored_names[index]));
  }
  header->tensors = Unwrap(header->tensors, network);
  header->stored_names = std::move(names);
}

}  // namespace

WeightsHeader ReadWeightsHeader(const std::filesystem::path& name) {
  const WeightsName split = SplitWeightsName(name);
  Stored stored = ReadStored(split);
  WeightsHeader& header = stored.header;
  for (const TensorHeader& tensor : header.tensors) {
    header.stored_names.push_back(tensor.name);
  }
  const std::vector<WrappedNetwork> networks = FindNetworks(header.tensors);
  const WrappedNetwork* chosen = Choose(networks, split.entry, stored.entry);
  if (chosen == nullptr && !split.entry.empty() && split.entry != KeyOf(stored.entry, "")) {
    throw NoSuchEntry(split, stored, networks);
  }
  if (chosen == nullptr) {
    UseOurNames(&header.tensors);
    header.wrapper = Describe(stored, "", split.file.string());
    return std::move(header);
  }
  PassOver(&stored, networks);
  for (const WrappedNetwork& network : networks) {
    if (&network != chosen) {
      stored.others.push_back(KeyOf(stored.entry, network.prefix));
    }
  }
  TakeOnly(&header, *chosen);
  header.wrapper = Describe(stored, chosen->prefix, split.file.string());
  return std::move(header);
}

}  // namespace reel3d

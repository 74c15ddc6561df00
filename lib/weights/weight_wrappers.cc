// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/weight_wrappers.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

#include "lib/weights/published_names.h"
#include "lib/weights/weights_layout.h"

namespace reel3d {
namespace {

using Indices = std::vector<size_t>;

constexpr int kMaxPrefixes = 8;       // most prefixes of a name
constexpr size_t kFewestTensors = 8;  // fewest tensors of a network

// Returns whether a layer's tensor may have this name. A profiler's `layer1.0.conv1.total_ops` is
// not of a layer.
bool IsOfLayer(std::string_view name) {
  constexpr std::array<std::string_view, 5> kEnds = {"weight", "bias", "running_mean",
                                                     "running_var", "num_batches_tracked"};
  const std::string_view end = name.substr(name.rfind('.') + 1);
  const std::string_view first = name.substr(0, name.find('.'));
  return std::find(kEnds.begin(), kEnds.end(), end) != kEnds.end() &&
         first.find("loss") == std::string_view::npos &&
         first.find("criterion") == std::string_view::npos;
}

class WrapperSearch {
 public:
  explicit WrapperSearch(const std::vector<TensorHeader>& tensors) : tensors_(tensors) {}

  std::vector<WrappedNetwork> Run() {
    Indices all(tensors_.size());
    for (size_t i = 0; i < all.size(); ++i) {
      all[i] = i;
    }
    Visit("", all, 0);
    std::sort(found_.begin(), found_.end(), [](const auto& a, const auto& b) {
      return std::pair(!a.prefix.empty(), a.tensors[0]) <
             std::pair(!b.prefix.empty(), b.tensors[0]);
    });
    return std::move(found_);
  }

 private:
  // Searches `group`, the tensors whose names begin with `prefix`. A network under a longer prefix
  // is found separately. Returns whether any network was found.
  bool Visit(const std::string& prefix, const Indices& group, int depth) {
    if (depth > kMaxPrefixes || group.size() < kFewestTensors ||
        std::none_of(group.begin(), group.end(), [&](size_t i) { return IsConvolution3d(i); })) {
      return false;
    }
    Indices own;
    bool any_below = false;
    for (const auto& [longer, indices] : GroupsBelow(prefix, group)) {
      if (Visit(longer, indices, depth + 1)) {
        any_below = true;
      } else {
        own.insert(own.end(), indices.begin(), indices.end());
      }
    }
    std::sort(own.begin(), own.end());
    WrappedNetwork network = {prefix, {}};
    std::copy_if(own.begin(), own.end(), std::back_inserter(network.tensors), [&](size_t i) {
      return IsOfLayer(std::string_view(tensors_[i].name).substr(prefix.size()));
    });
    if (network.tensors.size() < kFewestTensors || !FindLayout(Unwrap(tensors_, network))) {
      return any_below;
    }
    found_.push_back(std::move(network));
    return true;
  }

  bool IsConvolution3d(size_t index) const { return tensors_[index].shape.size() == 5; }

  // Groups tensors by what follows `prefix` up to the next dot. Names without another dot are
  // groups of their own.
  std::map<std::string, Indices> GroupsBelow(const std::string& prefix,
                                             const Indices& group) const {
    std::map<std::string, Indices> groups;
    for (const size_t index : group) {
      const std::string& name = tensors_[index].name;
      const size_t dot = name.find('.', prefix.size());
      groups[dot == std::string::npos ? name : name.substr(0, dot + 1)].push_back(index);
    }
    return groups;
  }

  const std::vector<TensorHeader>& tensors_;
  std::vector<WrappedNetwork> found_;
};

}  // namespace

std::vector<WrappedNetwork> FindNetworks(const std::vector<TensorHeader>& tensors) {
  return WrapperSearch(tensors).Run();
}

std::vector<TensorHeader> Unwrap(const std::vector<TensorHeader>& tensors,
                                 const WrappedNetwork& network) {
  std::vector<TensorHeader> unwrapped;
  unwrapped.reserve(network.tensors.size());
  for (const size_t index : network.tensors) {
    TensorHeader tensor = tensors[index];
    tensor.name.erase(0, network.prefix.size());
    unwrapped.push_back(std::move(tensor));
  }
  UseOurNames(&unwrapped);
  return unwrapped;
}

}  // namespace reel3d

// The loader behind reel3d.ClipLoader: epochs of training clips as arrays that Python owns. All
// functions are called with Python's lock, and release it while they wait.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "lib/loader/epoch_loaders.h"
#include "lib/loader/pixel_values.h"
#include "lib/shard/shard_set.h"
#include "python/src/fork_guard.h"
#include "python/src/memory_pool.h"

namespace reel3d::python {

enum class PixelType { kUint8, kFloat32 };
inline std::vector<NamedChoice<PixelType>> ChoicesOf(PixelType /*type*/) {
  return {{PixelType::kUint8, "uint8", "the pixels, 0 to 255, red first"},
          {PixelType::kFloat32, "float32", "the network's input, as train-r3d makes it on a CPU"}};
}

struct ClipLoaderOptions : EpochOptions {
  ClipInputOptions input;
  PixelType dtype = PixelType::kUint8;
  int rank = 0, num_ranks = 1;
  int threads = 0;
  double max_failed_fraction = 0.01;

  void Bind(OptionBinder& binder);
  void Check() const;
};

// A video whose frames are damaged: id, reason, and true if another clip replaces its clip.
using Fault = std::tuple<std::string, std::string, bool>;

// One batch of this rank. `clips` may outlive the batch and the loader.
struct ClipBatch {
  nanobind::object clips;  // numpy (N, C, T, H, W)
  std::vector<int64_t> labels, first_frames;
  std::vector<std::string> ids;
  std::vector<Fault> faults;
  int epoch = 0;
  int64_t step = 0, part = 0;
};

// All that the iterators of a loader share.
struct LoaderState {
  LoaderState(const std::string& folder, const ClipLoaderOptions& loader_options);
  // Notes the damaged videos and warns of each once. Throws an input error if they are too many.
  void NoteFaults(const std::vector<Fault>& faults);

  const ClipLoaderOptions options;
  const std::shared_ptr<MemoryPool> pixels, numbers;
  const ShardSet shards;
  const EpochLoaders epochs;
  const PixelValues values;
  std::map<std::string, std::string> damaged;  // reason by id
};

// Iterates over the batches of one epoch, or of the validation clips.
class EpochBatches {
 public:
  enum class Kind { kTraining, kValidation };

  EpochBatches(std::shared_ptr<LoaderState> state, int epoch, int64_t first_step,
               std::unique_ptr<BatchLoader> loader, Kind kind);
  ~EpochBatches();
  EpochBatches(const EpochBatches&) = delete;
  EpochBatches& operator=(const EpochBatches&) = delete;

  // Waits for the next batch; returns nothing after the last batch. Python's signals end the wait.
  // Throws a usage error after Close() and in a forked process.
  std::optional<ClipBatch> Next();
  // Ends the threads. Waits for the clip that each is working on, at most kPatience
  // (python_lock.h): a file system that hangs must not keep the process.
  void Close();

  static void CloseAll();  // closes the iterators of all loaders, before the interpreter ends

 private:
  // Returns the loader if it must be destroyed.
  std::shared_ptr<BatchLoader> GiveUpLoader();
  bool WaitUntilDue(const std::shared_ptr<BatchLoader>& loader);
  ClipBatch ToPython(Batch batch);
  nanobind::object Pixels(const Batch& batch) const;

  std::shared_ptr<LoaderState> state_;
  int epoch_;
  int64_t step_, part_ = 0;
  Kind kind_;
  bool ended_ = false;
  std::shared_ptr<BatchLoader> loader_;
  std::optional<RunningLoader> running_;
};

}  // namespace reel3d::python

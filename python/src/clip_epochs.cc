// SPDX-License-Identifier: Apache-2.0
#include "python/src/clip_epochs.h"

#include <fmt/format.h>

#include <cstring>
#include <future>
#include <set>
#include <system_error>
#include <thread>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "lib/base/parallel.h"
#include "python/src/python_lock.h"

namespace nb = nanobind;

namespace reel3d::python {
namespace {

std::set<EpochBatches*>& Running() {
  static auto* running = new std::set<EpochBatches*>;  // it must outlive every other static object
  return *running;
}

using Loaders = std::vector<std::pair<std::shared_ptr<LoaderState>, std::shared_ptr<BatchLoader>>>;

// Waits for the threads of the loaders that have no other owner. Threads whose reads hang are left
// to themselves after kPatience.
void Destroy(Loaders loaders) {
  std::promise<void> destroyed;
  const std::future<void> is_destroyed = destroyed.get_future();
  std::thread thread;
  try {
    thread =
        std::thread([loaders = std::move(loaders), destroyed = std::move(destroyed)]() mutable {
          for (auto& [state, loader] : loaders) {
            loader.reset();
          }
          destroyed.set_value();
        });
  } catch (const std::system_error&) {
    return;  // there may be no more threads; this thread has waited
  }
  const WithoutLock without_lock;
  if (is_destroyed.wait_for(kPatience) == std::future_status::ready) {
    thread.join();
  } else {
    thread.detach();
  }
}

void Destroy(std::shared_ptr<LoaderState> state, std::shared_ptr<BatchLoader> loader) {
  Loaders loaders;
  loaders.emplace_back(std::move(state), std::move(loader));
  Destroy(std::move(loaders));
}

// Moves the clips that were loaded to the front, and drops the others.
void DropLost(Batch* batch, size_t clip_bytes) {
  std::vector<bool> lost(batch->clips.size(), false);
  for (const ClipFault& fault : batch->faults) {
    lost[fault.clip] = lost[fault.clip] || !fault.replaced;
  }
  size_t kept = 0;
  for (size_t clip = 0; clip < lost.size(); ++clip) {
    if (!lost[clip]) {
      if (kept != clip) {
        uint8_t* pixels = batch->pixels.data();
        std::memcpy(pixels + kept * clip_bytes, pixels + clip * clip_bytes, clip_bytes);
        batch->clips[kept] = std::move(batch->clips[clip]);
      }
      ++kept;
    }
  }
  batch->clips.erase(batch->clips.begin() + static_cast<ptrdiff_t>(kept), batch->clips.end());
}

// Makes a numpy array over memory that `owner` keeps alive.
template <class T, class Owner>
nb::object ArrayOver(void* memory, const std::vector<size_t>& shape,
                     const std::vector<int64_t>& strides, Owner owner) {
  auto held = std::make_unique<Owner>(std::move(owner));
  const nb::capsule capsule(held.get(),
                            [](void* own) noexcept { delete static_cast<Owner*>(own); });
  held.release();
  return nb::cast(nb::ndarray<nb::numpy, T>(memory, shape.size(), shape.data(), capsule,
                                            strides.empty() ? nullptr : strides.data()),
                  nb::rv_policy::reference);
}

}  // namespace

void ClipLoaderOptions::Bind(OptionBinder& binder) {
  BindBatches(binder);
  BindSeed(binder);
  BindClips(binder);
  binder.Choice("dtype", &dtype, "type of the numbers in a batch");
  input.Bind(binder);
  binder.Bind("rank", &rank, {0, 1'000'000}, "number of this process among num_ranks, from 0");
  binder.Bind("num-ranks", &num_ranks, {1, 1'000'000}, "processes that share each step's batch");
  binder.Bind("threads", &threads, {0, 1024},
              "threads that read and decode clips; 0: one for each core that the process may use");
  binder.Bind("max-failed-fraction", &max_failed_fraction, {0, 1},
              "share of the training and validation videos that may have damaged frames; their "
              "clips are replaced by other clips. If this rank finds more, InputError is raised");
}

void ClipLoaderOptions::Check() const {
  if (rank >= num_ranks) {
    throw UsageError(fmt::format("rank={} must be below num_ranks={}", rank, num_ranks));
  }
  clip.Check();
  crop.Check();
  input.Check();
}

LoaderState::LoaderState(const std::string& folder, const ClipLoaderOptions& loader_options)
    : options(loader_options),
      pixels(MemoryPool::Make(4)),
      numbers(MemoryPool::Make(2)),
      shards(folder),
      epochs(shards, options, options.rank, options.num_ranks,
             [pool = pixels](size_t size_bytes) { return pool->Allocate(size_bytes); }),
      values(options.input) {}

void LoaderState::NoteFaults(const std::vector<Fault>& faults) {
  for (const auto& [id, reason, replaced] : faults) {
    if (damaged.emplace(id, reason).second) {
      const std::string text =
          fmt::format("{} is damaged, other clips take the place of its: {}", id, reason);
      if (PyErr_WarnEx(PyExc_RuntimeWarning, text.c_str(), 2) != 0) {
        throw nb::python_error();
      }
    }
  }
  const auto num_videos = static_cast<double>(epochs.num_training() + epochs.num_validation());
  if (static_cast<double>(damaged.size()) > options.max_failed_fraction * num_videos) {
    throw InputError(fmt::format(
        "{} of {} videos have damaged frames, which is more than max_failed_fraction={}; the first "
        "is {}: {}",
        damaged.size(), num_videos, options.max_failed_fraction, damaged.begin()->first,
        damaged.begin()->second));
  }
}

EpochBatches::EpochBatches(std::shared_ptr<LoaderState> state, int epoch, int64_t first_step,
                           std::unique_ptr<BatchLoader> loader, Kind kind)
    : state_(std::move(state)),
      epoch_(epoch),
      step_(first_step),
      kind_(kind),
      loader_(std::move(loader)),
      running_(std::in_place) {
  Running().insert(this);
}

EpochBatches::~EpochBatches() { Close(); }

std::shared_ptr<BatchLoader> EpochBatches::GiveUpLoader() {
  Running().erase(this);
  std::shared_ptr<BatchLoader> loader = std::move(loader_);
  loader_.reset();
  if (loader != nullptr && ForkedFromLoader()) {
    // The loader's threads are in the parent process, so nothing here may wait for them or touch
    // the loader or its data. Both are leaked.
    new std::shared_ptr<BatchLoader>(std::move(loader));
    new std::shared_ptr<LoaderState>(state_);
    return nullptr;
  }
  running_.reset();
  return loader;
}

void EpochBatches::Close() {
  if (std::shared_ptr<BatchLoader> loader = GiveUpLoader()) {
    Destroy(state_, std::move(loader));
  }
}

void EpochBatches::CloseAll() {
  Loaders loaders;
  while (!Running().empty()) {
    EpochBatches& batches = **Running().begin();
    if (std::shared_ptr<BatchLoader> loader = batches.GiveUpLoader()) {
      loaders.emplace_back(batches.state_, std::move(loader));
    }
  }
  Destroy(std::move(loaders));
}

// Returns false if another thread has closed this object.
bool EpochBatches::WaitUntilDue(const std::shared_ptr<BatchLoader>& loader) {
  constexpr double kBetweenSignals_s = 0.1;
  // Another Python thread may take the batch that is due while the lock is released.
  while (!loader->WaitFor(0)) {
    {
      const WithoutLock without_lock;
      loader->WaitFor(kBetweenSignals_s);
    }
    if (PyErr_CheckSignals() != 0) {
      throw nb::python_error();
    }
    if (loader_ != loader) {
      return false;
    }
  }
  return true;
}

std::optional<ClipBatch> EpochBatches::Next() {
  StopIfEnding();
  RequireNoFork();
  if (ended_) {
    return std::nullopt;
  }
  std::shared_ptr<BatchLoader> loader = loader_;
  Batch batch;
  if (loader == nullptr || !WaitUntilDue(loader)) {
    Destroy(state_, std::move(loader));
    StopIfEnding();
    throw UsageError("this epoch is closed: ask the ClipLoader for another one");
  }
  if (!loader->Next(&batch)) {
    loader.reset();
    ended_ = true;
    Close();
    return std::nullopt;
  }
  return ToPython(std::move(batch));
}

ClipBatch EpochBatches::ToPython(Batch batch) {
  const ClipLoaderOptions& options = state_->options;
  ClipBatch made;
  for (const ClipFault& fault : batch.faults) {
    made.faults.emplace_back(state_->shards.videos()[fault.video].id, fault.reason, fault.replaced);
  }
  DropLost(&batch, size_t{3} * options.clip.length * options.crop.size * options.crop.size);
  for (const ClipRequest& clip : batch.clips) {
    made.labels.push_back(clip.label);
    made.first_frames.push_back(clip.clip.frames.front());
    made.ids.push_back(state_->shards.videos()[clip.video].id);
  }
  made.epoch = epoch_;
  made.step = step_;
  made.part = part_;
  if (kind_ == Kind::kValidation || ++part_ == state_->epochs.partition().NumMicroBatches(step_)) {
    part_ = 0;
    ++step_;
  }
  state_->NoteFaults(made.faults);
  made.clips = Pixels(batch);
  return made;
}

nb::object EpochBatches::Pixels(const Batch& batch) const {
  const ClipLoaderOptions& options = state_->options;
  const auto length = static_cast<size_t>(options.clip.length);
  const auto size = static_cast<size_t>(options.crop.size);
  const std::vector<size_t> shape{batch.clips.size(), 3, length, size, size};
  PixelBuffer pixels = batch.pixels;
  if (options.dtype == PixelType::kUint8) {
    return ArrayOver<uint8_t>(pixels.data(), shape, {}, pixels);
  }
  const size_t num_frames = batch.clips.size() * length;
  std::shared_ptr<uint8_t> memory =
      state_->numbers->Allocate(num_frames * 3 * size * size * sizeof(float));
  auto* numbers = reinterpret_cast<float*>(memory.get());
  {
    const WithoutLock without_lock;
    ParallelFor(num_frames, ThreadCount(options.threads), [&](size_t frame) {
      state_->values.ConvertFrame(pixels.data(), static_cast<int64_t>(frame), options.clip.length,
                                  static_cast<int64_t>(size * size), numbers);
    });
  }
  const auto S = static_cast<int64_t>(size);
  const int64_t frame_stride = 3 * S * S;
  return ArrayOver<float>(numbers, shape,
                          {frame_stride * options.clip.length, 1, frame_stride, 3 * S, 3}, memory);
}

}  // namespace reel3d::python

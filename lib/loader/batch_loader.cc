// SPDX-License-Identifier: Apache-2.0
#include "lib/loader/batch_loader.h"

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <iterator>
#include <mutex>
#include <numeric>
#include <optional>
#include <thread>
#include <tuple>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "lib/loader/clip_loader.h"

namespace reel3d {
namespace {

// One place of the ring: a batch while threads fill it.
struct Slot {
  int64_t index = 0;  // of the batch
  Batch batch;
  std::vector<size_t> order;  // the batch's clips in their order on disk, as they are read
  size_t num_taken = 0;       // clips that threads have started to load, in this order
  size_t num_announced = 0;   // clips that are taken, or that the system was asked to fetch
  size_t num_finished = 0;    // clips that are loaded or have failed
  size_t failed_clip = 0;
  std::exception_ptr error;  // of failed_clip, the first failed clip of the batch

  void NoteError(size_t clip, std::exception_ptr clip_error) {
    if (error == nullptr || clip < failed_clip) {
      failed_clip = clip;
      error = std::move(clip_error);
    }
  }
};

// The frames of a video that a clip needs.
struct FrameRange {
  size_t video = 0;
  int first = 0, last = 0;
};

// The objects that one loader thread works with.
struct Worker {
  explicit Worker(Decoding decoding) : loader(decoding) {}

  ClipLoader loader;
  ClipGroup group;
  std::vector<FrameRange> wanted_soon;
  // Names the video that is being read or decoded; guarded by the loader's mutex.
  std::optional<std::string> id;
};

// Sorts clips by their place on disk: videos are numbered in the order in which shards hold them.
std::vector<size_t> OrderOnDisk(const std::vector<ClipRequest>& clips) {
  std::vector<size_t> order(clips.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    const auto place = [&](size_t i) {
      return std::tuple(clips[i].video, clips[i].clip.frames.at(0), i);
    };
    return place(a) < place(b);
  });
  return order;
}

// Returns the width and height of the clips of a batch.
FrameSize ClipSize(const std::vector<ClipRequest>& clips, int size) {
  const bool is_whole = !clips.empty() && clips.front().whole_frame != FrameSize{};
  return is_whole ? WholeFrameSize(clips.front().whole_frame, size) : FrameSize{size, size};
}

// Keeps a woken loader thread from taking the core of the thread that calls Next(). On busy cores
// the loader thread then runs when a time slice ends. This is only a hint and needs no privilege.
void YieldOnWakeup() {
  const sched_param no_priority{};
  pthread_setschedparam(pthread_self(), SCHED_BATCH, &no_priority);
}

// Returns how many clips of these complete frames have the area of `size` squares; at least 1.
int64_t BatchSize(FrameSize whole_frame, int64_t size) {
  const int64_t short_side = std::min(whole_frame.width, whole_frame.height);
  const int64_t long_side = std::max(whole_frame.width, whole_frame.height);
  return long_side == 0 ? size : std::max<int64_t>(1, size * short_side / long_side);
}

}  // namespace

LoadCost& LoadCost::operator+=(const LoadCost& other) {
  read_s += other.read_s;
  decode_s += other.decode_s;
  read_bytes += other.read_bytes;
  copied_bytes += other.copied_bytes;
  return *this;
}

BatchRequests BatchesOf(std::vector<ClipRequest> clips, int64_t size) {
  std::vector<ptrdiff_t> begins;  // of the batches, and the end of the last one
  const auto count = static_cast<ptrdiff_t>(clips.size());
  for (ptrdiff_t i = 0; i < count; ++i) {
    const auto clip = clips.begin() + i;
    if (begins.empty() || i - begins.back() == BatchSize(clip->whole_frame, size) ||
        clip->whole_frame != (clip - 1)->whole_frame) {
      begins.push_back(i);
    }
  }
  BatchRequests requests;
  requests.num_batches = static_cast<int64_t>(begins.size());
  begins.push_back(count);
  requests.clips = [clips = std::make_shared<const std::vector<ClipRequest>>(std::move(clips)),
                    begins = std::move(begins)](int64_t batch_index) {
    const auto batch = begins.begin() + batch_index;
    return std::vector<ClipRequest>(clips->begin() + batch[0], clips->begin() + batch[1]);
  };
  return requests;
}

struct BatchLoader::State {
  const BatchRequests requests;
  const FrameSource frames;
  const BatchLoaderOptions options;
  std::vector<std::unique_ptr<Worker>> workers;  // one per thread
  std::vector<std::thread> threads;

  std::mutex mutex;  // guards all members below; the thread that took a clip owns its pixels
  std::condition_variable work_possible, batch_finished;
  std::vector<Slot> ring;    // batch b is at b % ring.size()
  bool is_opening = false;   // a thread fills the slot of batch num_opened, without the mutex
  int64_t num_opened = 0;    // batches whose requests are in the ring
  int64_t num_consumed = 0;  // batches that Next() has returned
  int64_t announcing = 0;    // the batch whose clips are being announced, <= num_opened
  int64_t current = 0;       // the batch whose clips are being taken, <= num_opened
  bool stopping = false;

  State(BatchRequests requests_in, FrameSource frames_in, const BatchLoaderOptions& options_in)
      : requests(std::move(requests_in)),
        frames(std::move(frames_in)),
        options(options_in),
        ring(static_cast<size_t>(std::max(1, options.batches_ahead))) {}

  Slot& SlotOf(int64_t batch) { return ring[static_cast<size_t>(batch) % ring.size()]; }
  void Start();
  void Stop();
  // Returns true if Next() need not wait. The caller holds the mutex.
  bool IsDue() {
    const Slot& slot = SlotOf(num_consumed);
    return num_consumed == requests.num_batches ||
           (num_consumed < num_opened && slot.num_finished == slot.batch.clips.size());
  }
  void Run(Worker* worker);
  void FinishClips(Slot* slot, ClipGroup* group);
  Slot* FindWork(std::unique_lock<std::mutex>& lock);
  void OpenBatch(std::unique_lock<std::mutex>& lock);
  void FillSlot(Slot* slot) const;
  void LookAhead(std::vector<FrameRange>* wanted_soon);
  void TakeClips(Slot* slot, std::vector<size_t>* clips) const;
};

void BatchLoader::State::Start() {
  try {
    for (int i = 0; i < ThreadCount(options.threads); ++i) {
      workers.push_back(std::make_unique<Worker>(options.decoding));
    }
    for (const auto& worker : workers) {
      threads.emplace_back([this, own = worker.get()] { Run(own); });
    }
  } catch (const std::exception& error) {
    Stop();
    throw EnvironmentError(fmt::format("cannot start loader thread {} of {}: {}; use fewer threads",
                                       threads.size() + 1, ThreadCount(options.threads),
                                       error.what()));
  }
}

void BatchLoader::State::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex);
    stopping = true;
  }
  work_possible.notify_all();
  for (std::thread& thread : threads) {
    thread.join();
  }
}

void BatchLoader::State::Run(Worker* worker) {
  YieldOnWakeup();
  std::unique_lock<std::mutex> lock(mutex);
  while (Slot* slot = FindWork(lock)) {
    ClipGroup& group = worker->group;
    group = {};
    TakeClips(slot, &group.clips);
    LookAhead(&worker->wanted_soon);
    worker->id = slot->batch.clips[group.clips.front()].id;
    lock.unlock();
    for (const FrameRange& range : worker->wanted_soon) {
      frames.read_ahead(range.video, range.first, range.last);
    }
    worker->loader.Load({requests, frames, options, slot->index}, &slot->batch, &group);
    lock.lock();
    worker->id.reset();
    FinishClips(slot, &group);
  }
}

void BatchLoader::State::FinishClips(Slot* slot, ClipGroup* group) {
  slot->batch.cost += group->cost;
  std::vector<ClipFault>& faults = slot->batch.faults;
  std::move(group->faults.begin(), group->faults.end(), std::back_inserter(faults));
  for (auto& [clip, error] : group->errors) {
    slot->NoteError(clip, std::move(error));
  }
  slot->num_finished += group->clips.size();
  if (slot->num_finished == slot->batch.clips.size()) {
    std::stable_sort(faults.begin(), faults.end(),
                     [](const ClipFault& a, const ClipFault& b) { return a.clip < b.clip; });
    batch_finished.notify_all();
  }
}

// Takes the next clip, and with it the clips behind it that show the same frames: the other crops
// of a window.
void BatchLoader::State::TakeClips(Slot* slot, std::vector<size_t>* clips) const {
  clips->clear();
  const ClipRequest& first = slot->batch.clips[slot->order[slot->num_taken]];
  const auto is_other_crop = [&](const ClipRequest& other) {
    return other.crop != first.crop && other.video == first.video &&
           other.clip.frames == first.clip.frames &&
           other.clip.num_distinct == first.clip.num_distinct;
  };
  do {
    clips->push_back(slot->order[slot->num_taken++]);
  } while (slot->num_taken < slot->order.size() &&
           is_other_crop(slot->batch.clips[slot->order[slot->num_taken]]));
}

// Returns the slot whose next clip is to be taken, or null when the loader stops.
Slot* BatchLoader::State::FindWork(std::unique_lock<std::mutex>& lock) {
  while (!stopping) {
    if (!is_opening && num_opened < requests.num_batches &&
        num_opened < num_consumed + static_cast<int64_t>(ring.size())) {
      OpenBatch(lock);
    } else if (current == num_opened) {
      work_possible.wait(lock);
    } else if (Slot& slot = SlotOf(current); slot.num_taken == slot.order.size()) {
      ++current;
    } else {
      return &slot;
    }
  }
  return nullptr;
}

// Lists frames that the system should fetch while threads decode. Each call lists the frames of up
// to four clips, although its thread takes only one clip, so that the ring is soon fetched.
void BatchLoader::State::LookAhead(std::vector<FrameRange>* wanted_soon) {
  constexpr size_t kAtOnce = 4;
  wanted_soon->clear();
  announcing = std::max(announcing, current);
  while (frames.read_ahead && announcing < num_opened && wanted_soon->size() < kAtOnce) {
    Slot& slot = SlotOf(announcing);
    slot.num_announced = std::max(slot.num_announced, slot.num_taken);
    if (slot.num_announced == slot.order.size()) {
      ++announcing;
      continue;
    }
    const ClipRequest& request = slot.batch.clips[slot.order[slot.num_announced++]];
    const auto last = static_cast<size_t>(std::max(1, request.clip.num_distinct)) - 1;
    wanted_soon->push_back({request.video, request.clip.frames[0], request.clip.frames.at(last)});
  }
}

// Asks for a batch's requests without the mutex: the answer may take seconds if the index is large,
// and other threads go on with open batches meanwhile.
void BatchLoader::State::OpenBatch(std::unique_lock<std::mutex>& lock) {
  Slot& slot = SlotOf(num_opened);
  slot.index = num_opened;
  is_opening = true;
  lock.unlock();
  FillSlot(&slot);
  lock.lock();
  is_opening = false;
  ++num_opened;
  work_possible.notify_all();
  if (slot.batch.clips.empty()) {
    batch_finished.notify_all();
  }
}

void BatchLoader::State::FillSlot(Slot* slot) const {
  Batch& batch = slot->batch;
  slot->num_announced = 0;
  slot->num_taken = 0;
  slot->num_finished = 0;
  slot->error = nullptr;
  batch.clips.clear();
  batch.cost = {};
  try {
    batch.clips = requests.clips(slot->index);
    batch.clip_size = ClipSize(batch.clips, options.size);
    batch.pixels.Resize(batch.clips.size() * ClipBytes(batch, options.clip_length),
                        options.allocate);
    batch.faults.clear();
    slot->order = OrderOnDisk(batch.clips);
  } catch (...) {
    batch.clips.clear();
    slot->order.clear();
    slot->NoteError(0, std::current_exception());
  }
}

FrameSource FramesOf(const ShardSet& shards) {
  FrameSource source;
  source.read = [&shards](size_t video, const std::vector<int>& frame_indices, FrameBytes* frames) {
    shards.ReadFrames(video, frame_indices, frames);
  };
  source.read_ahead = [&shards](size_t video, int first, int last) {
    shards.ReadAhead(video, first, last);
  };
  source.name = [&shards](size_t video) {
    const IndexedVideo row = shards.videos()[video];
    return fmt::format("shard {:05}.h5, video {}", row.shard, row.id);
  };
  return source;
}

BatchLoader::BatchLoader(BatchRequests requests, FrameSource frames,
                         const BatchLoaderOptions& options)
    : state_(std::make_unique<State>(std::move(requests), std::move(frames), options)) {
  state_->Start();
}

BatchLoader::~BatchLoader() { state_->Stop(); }

bool BatchLoader::Next(Batch* batch) {
  State& state = *state_;
  std::unique_lock<std::mutex> lock(state.mutex);
  if (state.num_consumed == state.requests.num_batches) {
    return false;
  }
  Slot& slot = state.SlotOf(state.num_consumed);
  state.batch_finished.wait(lock, [&] { return state.IsDue(); });
  if (slot.error != nullptr) {
    std::rethrow_exception(slot.error);
  }
  std::swap(*batch, slot.batch);
  ++state.num_consumed;
  lock.unlock();  // otherwise the woken threads would wait for the mutex
  state.work_possible.notify_all();
  return true;
}

bool BatchLoader::WaitFor(double seconds) const {
  State& state = *state_;
  std::unique_lock<std::mutex> lock(state.mutex);
  return state.batch_finished.wait_for(lock, std::chrono::duration<double>(seconds),
                                       [&] { return state.IsDue(); });
}

std::vector<std::string> BatchLoader::InHand() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  std::vector<std::string> ids;
  for (const auto& worker : state_->workers) {
    if (worker->id) {
      ids.push_back(*worker->id);
    }
  }
  return ids;
}

}  // namespace reel3d

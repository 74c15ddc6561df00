// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/prep_worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <new>
#include <nlohmann/json.hpp>
#include <optional>

#include "lib/base/error.h"
#include "lib/base/host.h"
#include "lib/base/json.h"
#include "lib/base/timer.h"

namespace reel3d {

// The messages between the two processes contain these structs. Each field is named once here, for
// packing and unpacking.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(VideoPart, begin_s, end_s)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(FrameRate, num, den)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PreparePart, target, part, made_from)
// The parts follow in messages of their own, because hundreds of them are too long for one message.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PrepareRequest, source, height, short_side, quality, even_rate,
                                   rate, interlaced)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(DecodeSummary, num_frames, expected_frames, problem, notes,
                                   truncated)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PreparedPart, summary, fault, is_fault_of_target)

namespace {

using Json = nlohmann::json;

// A busy file system may take this long to load the worker's program.
constexpr double kStart_s = 300;
constexpr double kTellEvery_s = 0.2;
constexpr double kWait_s = 1;

// The format is CBOR, because paths may hold any bytes, which JSON text refuses.
std::string Pack(const Json& message) {
  std::string bytes;
  Json::to_cbor(message, bytes);
  return bytes;
}

std::string PackRequest(const PrepareRequest& request, int memory_mb) {
  return Pack(
      {{"request", request}, {"num_parts", request.parts.size()}, {"memory_mb", memory_mb}});
}

// Runs in the worker.
PrepareRequest ReceiveRequest(const Json& message) {
  auto request = message.at("request").get<PrepareRequest>();
  request.parts.clear();
  for (size_t left = message.at("num_parts").get<size_t>(); left > 0; --left) {
    const std::optional<std::string> bytes = ReceiveFromParent();
    if (!bytes) {
      std::exit(kExitDone);  // the parent has ended
    }
    request.parts.push_back(Json::from_cbor(*bytes).get<PreparePart>());
  }
  return request;
}

// Throws the worker's error, if the message is one.
void ThrowError(const Json& message) {
  if (message.contains("error")) {
    throw Error(message.at("kind").get<ErrorKind>(), message.at("error").get<std::string>(),
                message.at("system_error").get<int>());
  }
}

// Reads a message of the worker, and returns true if it is the last one about a video. Throws the
// worker's error.
bool Understand(const std::string& bytes, const std::function<void(int64_t)>& on_frames,
                const OnPreparedPart& on_part) {
  const Json message = Json::from_cbor(bytes);
  ThrowError(message);
  if (message.contains("so_far")) {
    on_frames(message.at("so_far").get<int64_t>());
    return false;
  }
  if (message.contains("part")) {
    on_part(message.at("part").get<size_t>(), message.at("prepared").get<PreparedPart>());
    return false;
  }
  return message.at("done").get<bool>();
}

Json PackError(const Error& error) {
  return {{"error", std::string(error.what()).substr(0, kMaxMessage_bytes / 2)},
          {"kind", error.kind()},
          {"system_error", error.system_error()}};
}

// Runs in the worker.
void PrepareAndTell(const PrepareRequest& request) {
  const Stopwatch clock;
  double next_s = 0;
  const auto tell = [&](int64_t num_frames) {
    if (clock.Seconds() >= next_s) {
      next_s = clock.Seconds() + kTellEvery_s;
      SendToParent(Pack({{"so_far", num_frames}}));
    }
  };
  int64_t num_encoded = 0;
  const auto note = [&](int64_t num_frames) { tell(num_encoded = num_frames); };
  PrepareParts(request, note, [](size_t part, PreparedPart prepared) {
    prepared.fault.resize(std::min(prepared.fault.size(), kMaxMessage_bytes / 4));
    SendToParent(Pack({{"part", part}, {"prepared", prepared}}));
  });
  SendToParent(Pack({{"so_far", num_encoded}}));
}

// Runs in the worker and returns the answer to one request. A request without parts asks for the
// height.
Json Answer(const Json& message) {
  const int memory_mb = message.at("memory_mb").get<int>();
  const PrepareRequest request = ReceiveRequest(message);
  try {
    LimitMemory(memory_mb);
    if (request.parts.empty()) {
      return {{"height", VideoDecoder(request.source).info().height}};
    }
    PrepareAndTell(request);
    return {{"done", true}};
  } catch (const std::bad_alloc&) {
    return PackError(
        InputError(fmt::format("cannot decode {}: more than {} MB of memory needed, the limit by "
                               "--worker-memory or by what this machine or job has",
                               request.source, memory_mb)));
  } catch (const Error& error) {
    return PackError(error);
  } catch (const std::exception& error) {
    return PackError({ErrorKind::kInternal, error.what()});
  }
}

// Returns the memory limit of a worker, which is at most the memory of the job: otherwise the
// kernel might end any process of the job. The limit is on address space, of which the program
// itself needs some hundred MB.
int MemoryLimitMb(int wanted_mb) {
  constexpr int64_t kLeastMb = 1024;
  const int64_t available_mb = std::max(kLeastMb, AvailableMemoryBytes() >> 20);
  return static_cast<int>(std::min<int64_t>(wanted_mb, available_mb));
}

}  // namespace

int RunPrepWorker() {
  BecomeChild();
  SendToParent(Pack({{"ready", true}}));
  while (const std::optional<std::string> message = ReceiveFromParent()) {
    SendToParent(Pack(Answer(Json::from_cbor(*message))));
  }
  return kExitDone;
}

void PrepWorker::Start() {
  process_ = std::make_unique<ChildProcess>(
      std::vector<std::string>{options_.program, kPrepWorkerArgument});
  std::string ready;
  if (!Hear(kStart_s, &ready) || ready.empty()) {
    throw EnvironmentError(fmt::format("a worker process of {} does not start: {}",
                                       options_.program, process_->End().words));
  }
}

void PrepWorker::Submit(const std::string& message) {
  // An idle worker may have been killed before this video came. Then a new worker starts.
  if (process_ == nullptr || !process_->Send(message)) {
    Start();
    process_->Send(message);
  }
}

void PrepWorker::GiveUp(const std::string& why) {
  process_.reset();
  throw InputError(why);
}

// Waits in short steps, so that the time in which a job is suspended does not count as silence.
bool PrepWorker::Hear(double patience_s, std::string* bytes) {
  double silent_s = 0;
  while (silent_s < patience_s) {
    if (options_.is_stopping && options_.is_stopping()) {
      GiveUp("a video was left, because nobody waits for it any more");
    }
    const auto answer = process_->Receive(std::min(kWait_s, patience_s - silent_s), bytes);
    if (answer != ChildProcess::Answer::kSilence) {
      return answer == ChildProcess::Answer::kMessage;
    }
    silent_s += kWait_s;
  }
  bytes->clear();
  return true;
}

std::string PrepWorker::Await(const std::string& what, const Stopwatch& clock) {
  const double timeout_s = options_.timeout_s > 0 ? options_.timeout_s : 1e18;
  const double left_s = timeout_s - clock.Seconds();
  std::string bytes;
  if (!Hear(std::min(left_s, options_.stall_s), &bytes)) {
    const ChildEnd end = process_->End();
    // Neither this process nor a decoder sends SIGKILL, so memory is probably short.
    GiveUp(fmt::format(
        "{}: the decoder crashed ({}){}", what, end.words,
        end.signal == SIGKILL ? "; if the machine is short of memory, take fewer --threads" : ""));
  }
  if (bytes.empty()) {
    GiveUp(left_s <= options_.stall_s
               ? fmt::format("{}: not done after {:g} s; --video-timeout allows more", what,
                             options_.timeout_s)
               : fmt::format("{}: no frame for {:g} s; --stall-timeout allows more", what,
                             options_.stall_s));
  }
  return bytes;
}

void PrepWorker::PrepareParts(const PrepareRequest& request,
                              const std::function<void(int64_t num_frames)>& on_frames,
                              const OnPreparedPart& on_part) {
  Submit(PackRequest(request, MemoryLimitMb(options_.memory_mb)));
  for (const PreparePart& part : request.parts) {
    process_->Send(Pack(part));
  }
  const std::string what = "cannot decode " + request.source;
  Stopwatch clock;  // of one part
  std::vector<bool> has_ended(request.parts.size());
  const auto end = [&](size_t part, const PreparedPart& prepared) {
    if (part >= has_ended.size() || has_ended[part]) {
      throw InputError(what + ": the decoder crashed");
    }
    has_ended[part] = true;
    clock = Stopwatch();
    on_part(part, prepared);
  };
  for (bool is_done = false; !is_done;) {
    const std::string bytes = Await(what, clock);
    try {
      UseJson(what + ": the decoder crashed", [&] { is_done = Understand(bytes, on_frames, end); });
    } catch (...) {
      process_.reset();  // the video may have damaged the worker
      throw;
    }
  }
  if (std::find(has_ended.begin(), has_ended.end(), false) != has_ended.end()) {
    GiveUp(what + ": the decoder crashed");
  }
}

DecodeSummary PrepWorker::Prepare(const PrepareRequest& request,
                                  const std::function<void(int64_t num_frames)>& on_frames) {
  PreparedPart only;
  PrepareParts(request, on_frames,
               [&](size_t /*part*/, const PreparedPart& prepared) { only = prepared; });
  if (!only.fault.empty()) {
    process_.reset();
    throw InputError(only.fault);
  }
  return only.summary;
}

int PrepWorker::SourceHeight(const std::string& source) {
  PrepareRequest request;
  request.source = source;
  request.parts.clear();
  Submit(PackRequest(request, MemoryLimitMb(options_.memory_mb)));
  const std::string what = "cannot decode " + source;
  const std::string bytes = Await(what, Stopwatch());
  int height = 0;
  try {
    UseJson(what + ": the decoder crashed", [&] {
      const Json message = Json::from_cbor(bytes);
      ThrowError(message);
      height = message.at("height").get<int>();
    });
  } catch (...) {
    process_.reset();  // the video may have damaged the worker
    throw;
  }
  return height;
}

}  // namespace reel3d

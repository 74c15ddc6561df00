// SPDX-License-Identifier: Apache-2.0
#include "lib/video/video_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/plural.h"
#include "lib/video/decoded_part.h"
#include "lib/video/ffmpeg_handle.h"
#include "lib/video/file_end.h"
#include "lib/video/frame_clock.h"
#include "lib/video/opened_video.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

// Before this time, decoding from the start costs less than seeking could do wrong. The same holds
// for the time between two parts.
constexpr double kSeekFrom_s = 4;
// A complaint may come this many frames before the frame that it is about.
constexpr int64_t kMostDelay = 64;

double FirstBegin(const std::vector<VideoPart>& parts) {
  const auto earlier = [](const auto& a, const auto& b) { return a.begin_s < b.begin_s; };
  return std::min_element(parts.begin(), parts.end(), earlier)->begin_s;
}

}  // namespace

VideoFrame::VideoFrame() : frame_(ffmpeg::CheckMemory(av_frame_alloc())) {}
VideoFrame::~VideoFrame() = default;
void VideoFrame::Free::operator()(AVFrame* frame) const { av_frame_free(&frame); }

struct VideoDecoder::State {
  State(const fs::path& path, std::vector<DecodedPart> wanted)
      : file(path), parts(std::move(wanted)), video(path) {
    RestartClock();
  }
  void RestartClock() { clock.emplace(video.info.FrameStep(), video.HasLeapingClock()); }
  bool Decode(AVFrame* frame);
  void Feed();
  void KeepPacketsEnd();
  double FrameTime(const AVFrame& frame);
  bool SeekTo(double time_s);
  void SkipGap();
  bool SoughtTooFar(bool decoded, double time_s) const;
  bool Take(VideoFrame* frame, double time_s);
  bool Present(VideoFrame* frame, double time_s);
  bool AllOver() const;
  void Finish();
  int64_t MissingFrames(double end_s, const VideoPart& part) const;
  void JudgeEnd(const FileEnd& end, DecodedPart* part);
  void NoteCounts(DecodedPart* part) const;
  FileEnd FindEnd();
  std::string WhyEmpty(const VideoPart& part) const;
  void Note(int code, const char* doing);
  void Complain(const std::string& what);
  void ForgetTrouble(const AVFrame& frame);

  const fs::path file;
  std::vector<DecodedPart> parts;
  OpenedVideo video;
  ffmpeg::Handle<AVPacket> packet{ffmpeg::CheckMemory(av_packet_alloc())};
  bool may_seek = true;
  bool sought = false;       // and no frame has come since
  double sought_s = 0;       // the time that was wanted
  double skipped_to_s = -1;  // begin of the last part that SkipGap() sought
  std::optional<FrameClock> clock;
  double last_raw_s = 0, last_time_s = 0;
  double last_packet_s = 0;     // the latest time of a packet, on the stream's clock
  int64_t packets_end = 0;      // where the last packet ends in the file
  bool packet_corrupt = false;  // the last one
  bool any_frame = false;       // decoded, whether in a part or not
  bool cut_short = false;       // the demuxer ended in an error
  bool flushing = false;
  // The first complaint that may concern frames to come: those before a key frame are forgotten.
  std::string trouble;
  int64_t num_decoded = 0, trouble_at = 0;  // frames; trouble_at counts them at the last complaint
};

// Decoding goes on after damage, and only the first problem is kept. Lack of memory is an error,
// because frames would be lost silently.
void VideoDecoder::State::Note(int code, const char* doing) {
  ffmpeg::Check(code == AVERROR(ENOMEM) ? code : 0, video.what);
  Complain(ffmpeg::Describe(code, doing));
}

void VideoDecoder::State::Complain(const std::string& what) {
  trouble = trouble.empty() ? what : trouble;
  trouble_at = num_decoded;
  for (DecodedPart& part : parts) {
    if (part.is_open()) {
      part.Complain(what);
    }
  }
}

void VideoDecoder::State::ForgetTrouble(const AVFrame& frame) {
  if (frame.key_frame != 0 && num_decoded - trouble_at > kMostDelay) {
    trouble.clear();
  }
}

// Sends one packet, or the end, to the decoder.
void VideoDecoder::State::Feed() {
  const int code = av_read_frame(video.format.get(), packet.get());
  if (code < 0) {
    // A failure of the system to read is no fault of the video.
    if (video.io->error < 0 && video.io->error != AVERROR_EOF) {
      throw EnvironmentError(ffmpeg::Describe(video.io->error, video.what));
    }
    if (code != AVERROR_EOF) {
      cut_short = true;
      Note(code, "reading");
    }
    flushing = true;
    avcodec_send_packet(video.codec.get(), nullptr);
    return;
  }
  // A packet without bytes means "no change", but a decoder would take it for the stream's end.
  if (packet->stream_index == video.stream->index && packet->size > 0) {
    KeepPacketsEnd();
    const int sent = avcodec_send_packet(video.codec.get(), packet.get());
    if (sent < 0) {
      Note(sent, "decoding");
    }
  }
  av_packet_unref(packet.get());
}

void VideoDecoder::State::KeepPacketsEnd() {
  const int64_t time = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
  if (time != AV_NOPTS_VALUE && (packet->flags & AV_PKT_FLAG_DISCARD) == 0) {
    last_packet_s = std::max(last_packet_s, video.Seconds(time));
  }
  packets_end = std::max(packets_end, packet->pos + packet->size);
  packet_corrupt = (packet->flags & AV_PKT_FLAG_CORRUPT) != 0;
}

bool VideoDecoder::State::Decode(AVFrame* frame) {
  while (true) {
    const int code = avcodec_receive_frame(video.codec.get(), frame);
    if (code >= 0) {
      return true;
    }
    if (code == AVERROR_EOF || (flushing && code == AVERROR(EAGAIN))) {
      return false;
    }
    if (code != AVERROR(EAGAIN)) {
      Note(code, "decoding");
    }
    if (!flushing) {
      Feed();
    }
  }
}

double VideoDecoder::State::FrameTime(const AVFrame& frame) {
  const double next_s = any_frame ? last_raw_s + video.info.FrameStep() : 0;
  last_raw_s = frame.best_effort_timestamp != AV_NOPTS_VALUE
                   ? video.Seconds(frame.best_effort_timestamp)
                   : next_s;
  return clock->Next(last_raw_s);
}

// Seeking makes the decoder start as with a new file.
bool VideoDecoder::State::SeekTo(double time_s) {
  if (!video.Seek(time_s)) {
    return false;
  }
  avcodec_flush_buffers(video.codec.get());
  flushing = cut_short = packet_corrupt = false;
  trouble.clear();
  sought = true;
  sought_s = time_s;
  RestartClock();
  return true;
}

// Passes over the frames up to the next part if no part has them and the index knows a later key
// frame to go on from.
void VideoDecoder::State::SkipGap() {
  double next_s = std::numeric_limits<double>::infinity();
  for (const DecodedPart& part : parts) {
    if (part.is_open()) {
      return;
    }
    if (part.is_waiting()) {
      next_s = std::min(next_s, part.part().begin_s);
    }
  }
  const bool is_worth_it = may_seek && std::isfinite(next_s) && next_s > last_time_s + kSeekFrom_s;
  // A demuxer may go to an earlier key frame than its index names, so each part gets one try.
  if (is_worth_it && next_s != skipped_to_s &&
      video.KeyFrameBefore(next_s) > last_raw_s + kSeekFrom_s / 2) {
    skipped_to_s = next_s;
    may_seek = SeekTo(next_s);
  }
}

// Some files have wrong indexes. A seek went too far if the first frame after it is later than the
// beginning of the part.
bool VideoDecoder::State::SoughtTooFar(bool decoded, double time_s) const {
  return sought && (!decoded || time_s > sought_s + DecodedPart::kSlack_s);
}

// Returns whether the frame is in any part.
bool VideoDecoder::State::Present(VideoFrame* frame, double time_s) {
  std::vector<DecodedPart*> takers;
  for (DecodedPart& part : parts) {
    if (part.Takes(time_s)) {
      takers.push_back(&part);
    }
  }
  if (takers.empty()) {
    return false;
  }
  const AVFrame& decoded = *frame->get();
  const AVRational pixel =
      av_guess_sample_aspect_ratio(video.format.get(), video.stream, frame->get());
  const double stored =
      (pixel.num > 0 ? av_q2d(pixel) : 1) * decoded.width / std::max(1, decoded.height);
  frame->time_s = time_s;
  frame->aspect = frame->orientation.transpose ? 1 / stored : stored;
  for (DecodedPart* part : takers) {
    part->Add(*frame, trouble);
  }
  return true;
}

bool VideoDecoder::State::Take(VideoFrame* frame, double time_s) {
  sought = false;
  any_frame = true;
  last_time_s = time_s;
  ForgetTrouble(*frame->get());
  ++num_decoded;
  frame->orientation = video.OrientationOfFrame(*frame->get());
  return Present(frame, time_s);
}

bool VideoDecoder::State::AllOver() const {
  return std::all_of(parts.begin(), parts.end(),
                     [](const DecodedPart& part) { return part.is_over(); });
}

// Returns how many frames of the part are missing behind the last one if the video ends at `end_s`.
int64_t VideoDecoder::State::MissingFrames(double end_s, const VideoPart& part) const {
  const double step_s = video.info.FrameStep();
  const double missing_s = std::min(part.end_s, end_s) - (last_raw_s + step_s);
  // Both times are on the stream's clock, which says nothing if it has faults.
  return clock->num_faults() > 0 ? 0 : std::llround(std::clamp(missing_s / step_s, 0., 1e9));
}

// Judges at the end of the file whether more of the part should follow.
void VideoDecoder::State::JudgeEnd(const FileEnd& end, DecodedPart* part) {
  DecodeSummary& summary = *part->mutable_summary();
  const bool cut = cut_short || end.kind == FileEnd::Kind::kCut;
  const bool complete = !cut && end.kind == FileEnd::Kind::kComplete;
  const double stated_s = video.StatedEnd();
  double end_s = complete ? 0 : stated_s;
  // If the decoder reported no problem, packets without a frame are not a fault.
  if (!summary.problem.empty()) {
    end_s = std::max({end_s, video.ListedEnd(), last_packet_s + video.info.FrameStep()});
  }
  const int64_t missing =
      std::max(MissingFrames(end_s, part->part()),
               video.ListedBehind(avio_size(video.io.get()), part->part().end_s));
  summary.expected_frames += missing;
  const bool countable = stated_s > 0 && end.counts_frames && clock->num_faults() == 0;
  const int64_t harmless = std::max<int64_t>(2, summary.expected_frames / 50);
  summary.truncated = missing > (cut ? 0 : harmless) || (cut && !countable);
  // The file may be cut between two tags; but the sound may also be longer than the video.
  if (complete && video.info.container == "flv" &&
      MissingFrames(stated_s, part->part()) > harmless) {
    summary.notes.push_back(fmt::format("its header states {:.2f} s, its last frame is at {:.2f} s",
                                        stated_s, last_raw_s));
  }
  if (!end.what.empty()) {
    summary.notes.push_back(end.what);
  }
}

// Returns how the file ends, by its container and by its last packet.
FileEnd VideoDecoder::State::FindEnd() {
  FileEnd end = FindFileEnd(video.io.get(), video.info.container);
  constexpr int kPacketHeader_bytes = 16;
  const int64_t size_bytes = avio_size(video.io.get());
  // FFmpeg fills up the last packet of DV from the one before.
  const bool misfit = video.PacketsAdjoin() &&
                      (packets_end + kPacketHeader_bytes < size_bytes || packets_end > size_bytes);
  if (end.kind == FileEnd::Kind::kComplete && (packet_corrupt || misfit)) {
    end = {FileEnd::Kind::kRagged, "the file ends within a packet"};
  }
  return end;
}

void VideoDecoder::State::NoteCounts(DecodedPart* part) const {
  DecodeSummary& summary = *part->mutable_summary();
  const bool is_whole = part->part().begin_s <= 0 && std::isinf(part->part().end_s);
  const int64_t listed = video.ListsWhatIsShown() ? video.ListedFrames() : 0;
  if (is_whole && !summary.truncated && summary.num_frames < listed) {
    summary.notes.push_back(
        fmt::format("{} of the {} frames that it lists hold no picture that can be decoded",
                    listed - summary.num_frames, listed));
  }
  if (clock->num_faults() > 0) {
    summary.notes.push_back(fmt::format(
        "its clock starts again or leaps {}, first at {:.2f} s: times were made to go on",
        Count(clock->num_faults(), "time"), clock->first_fault_s()));
  }
}

// Ends the parts that the end of the file cuts off.
void VideoDecoder::State::Finish() {
  std::optional<FileEnd> end;
  for (DecodedPart& part : parts) {
    if (part.is_open()) {
      end = end ? end : FindEnd();
      JudgeEnd(*end, &part);
      NoteCounts(&part);
    }
    part.End();
  }
}

std::string VideoDecoder::State::WhyEmpty(const VideoPart& part) const {
  if (any_frame) {
    return fmt::format("{}: no frame from {} s to {} s; the last is at {:.3f} s", video.what,
                       part.begin_s, part.end_s, last_time_s);
  }
  return fmt::format("{}: no frame of the {} stream could be decoded{}{}", video.what,
                     video.info.codec, trouble.empty() ? "" : ": " + trouble,
                     DescribeTruncation(video.io.get(), video.info.container));
}

VideoDecoder::VideoDecoder(const fs::path& file, const VideoPart& part)
    : VideoDecoder(file, std::vector<VideoPart>{part}) {
  throws_if_empty_ = true;
}

VideoDecoder::VideoDecoder(const fs::path& file, const std::vector<VideoPart>& parts)
    : state_(std::make_unique<State>(file, std::vector<DecodedPart>(parts.begin(), parts.end()))) {
  if (const double begin_s = FirstBegin(parts); begin_s >= kSeekFrom_s && std::isfinite(begin_s)) {
    state_->may_seek = state_->SeekTo(begin_s);
  }
}
VideoDecoder::~VideoDecoder() = default;

void VideoDecoder::OnDecoded(std::function<void()> tell) { on_decoded_ = std::move(tell); }
const VideoInfo& VideoDecoder::info() const { return state_->video.info; }
bool VideoDecoder::IsIn(size_t part) const { return state_->parts.at(part).took_last(); }
bool VideoDecoder::IsOver(size_t part) const { return state_->parts.at(part).is_over(); }
const DecodeSummary& VideoDecoder::summary(size_t part) const {
  return state_->parts.at(part).summary();
}
std::string VideoDecoder::WhyEmpty(size_t part) const {
  return state_->WhyEmpty(state_->parts.at(part).part());
}

// Starts again from the file's start. Parts that are over stay so.
void VideoDecoder::RestartWithoutSeeking() {
  state_ = std::make_unique<State>(state_->file, std::move(state_->parts));
  state_->may_seek = false;
}

bool VideoDecoder::Next(VideoFrame* frame) {
  while (!state_->AllOver()) {
    state_->SkipGap();
    const bool decoded = state_->Decode(frame->get());
    if (on_decoded_) {
      on_decoded_();
    }
    if (const std::string logged = ffmpeg::TakeLog(); !logged.empty()) {
      state_->Complain(logged);
    }
    const double time_s = decoded ? state_->FrameTime(*frame->get()) : 0;
    if (state_->SoughtTooFar(decoded, time_s)) {
      RestartWithoutSeeking();
      continue;
    }
    if (!decoded) {
      state_->Finish();
    } else if (state_->Take(frame, time_s)) {
      return true;
    }
  }
  if (throws_if_empty_ && summary().num_frames == 0) {
    throw InputError(WhyEmpty(0));
  }
  return false;
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/video/ffmpeg_handle.h"
#include "lib/video/prepared_video.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;

// Matroska's outer structure (RFC 8794) is an EBML header, then one Segment whose size is filled in
// when the file is finished.
constexpr std::array<uint8_t, 4> kEbmlId{0x1A, 0x45, 0xDF, 0xA3};
constexpr std::array<uint8_t, 4> kSegmentId{0x18, 0x53, 0x80, 0x67};

// Reads the size field at `bytes`. The number of leading zeros of its first byte is the number of
// bytes that follow. Returns the length of the field, or 0 if there is none.
int ReadSize(const uint8_t* bytes, const uint8_t* end, uint64_t* size) {
  int length = 1;
  while (length <= 8 && bytes < end && (*bytes >> (8 - length)) == 0) {
    ++length;
  }
  if (length > 8 || end - bytes < length) {
    return 0;
  }
  *size = bytes[0] & (0xFF >> length);
  for (int i = 1; i < length; ++i) {
    *size = *size << 8 | bytes[i];
  }
  return length;
}

// Returns true if the file is finished and has the length that it states.
bool IsWholeMatroska(const fs::path& file) {
  std::array<uint8_t, 256> head{};
  std::ifstream stream(file, std::ios::binary);
  stream.read(reinterpret_cast<char*>(head.data()), head.size());
  const uint8_t* at = head.data();
  const uint8_t* const end = at + stream.gcount();
  uint64_t size = 0;
  for (const auto& id : {kEbmlId, kSegmentId}) {
    if (end - at < 5 || !std::equal(id.begin(), id.end(), at)) {
      return false;
    }
    at += id.size();
    const int length = ReadSize(at, end, &size);
    at += length;
    if (length == 0 || (id == kEbmlId && size > static_cast<uint64_t>(end - at))) {
      return false;
    }
    at += id == kEbmlId ? size : 0;
  }
  return static_cast<uint64_t>(at - head.data()) + size == fs::file_size(file);
}

}  // namespace

struct PreparedVideoReader::State {
  std::string what;
  ffmpeg::Handle<AVFormatContext> format;
  ffmpeg::Handle<AVPacket> packet{ffmpeg::CheckMemory(av_packet_alloc())};
  PreparedVideoInfo info;
  double time_s = 0;
};

PreparedVideoReader::PreparedVideoReader(const fs::path& file) : state_(std::make_unique<State>()) {
  ffmpeg::Init();
  State& state = *state_;
  state.what = "cannot read the prepared video " + file.string();
  RequireFile(file, "a prepared video");
  if (!IsWholeMatroska(file)) {
    throw InputError(state.what + ": it is no whole Matroska file; prepare that video again");
  }
  AVFormatContext* format = nullptr;
  ffmpeg::Check(avformat_open_input(&format, ffmpeg::FileUrl(file).c_str(),
                                    av_find_input_format("matroska"), nullptr),
                state.what);
  state.format.reset(format);
  const AVStream* stream = format->nb_streams == 1 ? format->streams[0] : nullptr;
  if (stream == nullptr || stream->codecpar->codec_id != AV_CODEC_ID_MJPEG) {
    throw InputError(state.what + ": it does not hold one Motion-JPEG stream");
  }
  state.info.width = stream->codecpar->width;
  state.info.height = stream->codecpar->height;
  if (stream->avg_frame_rate.num > 0) {
    state.info.fps_num = stream->avg_frame_rate.num;
    state.info.fps_den = stream->avg_frame_rate.den;
  }
  if (const AVDictionaryEntry* tag = av_dict_get(format->metadata, kMadeFromTag, nullptr, 0)) {
    state.info.made_from = tag->value;
  }
}

PreparedVideoReader::~PreparedVideoReader() = default;

const PreparedVideoInfo& PreparedVideoReader::info() const { return state_->info; }

double PreparedVideoReader::time_s() const { return state_->time_s; }

bool PreparedVideoReader::Next(std::vector<uint8_t>* jpeg) {
  State& state = *state_;
  AVPacket* packet = state.packet.get();
  const int code = av_read_frame(state.format.get(), packet);
  if (code == AVERROR_EOF) {
    const std::string complaint = ffmpeg::TakeLog();
    if (!complaint.empty()) {
      throw InputError(state.what + ": " + complaint);
    }
    return false;
  }
  ffmpeg::Check(code, state.what);
  jpeg->assign(packet->data, packet->data + packet->size);
  state.time_s = static_cast<double>(packet->pts) * av_q2d(state.format->streams[0]->time_base);
  av_packet_unref(packet);
  constexpr std::array<uint8_t, 2> kStart{0xFF, 0xD8};
  constexpr std::array<uint8_t, 2> kEnd{0xFF, 0xD9};
  if (jpeg->size() < 4 || !std::equal(kStart.begin(), kStart.end(), jpeg->begin()) ||
      !std::equal(kEnd.begin(), kEnd.end(), jpeg->end() - 2)) {
    throw InputError(state.what + ": a frame is damaged");
  }
  return true;
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "lib/video/stream_choice.h"

#include <algorithm>
#include <functional>

namespace reel3d {
namespace {

// Marks a stream so that FFmpeg chooses it only if there is no other.
void PutLast(AVStream* stream) {
  stream->disposition &= ~AV_DISPOSITION_DEFAULT;
  stream->disposition |= AV_DISPOSITION_VISUAL_IMPAIRED;
}

// Puts the candidates that are not `good` last, if at least one is good.
void Prefer(AVFormatContext* format, const std::vector<int>& candidates,
            const std::function<bool(size_t)>& good) {
  bool any_good = false;
  for (size_t i = 0; i < candidates.size(); ++i) {
    any_good = any_good || good(i);
  }
  for (size_t i = 0; any_good && i < candidates.size(); ++i) {
    if (!good(i)) {
      PutLast(format->streams[candidates[i]]);
    }
  }
}

}  // namespace

std::vector<int> VideoStreams(const AVFormatContext& format) {
  std::vector<int> streams;
  for (unsigned i = 0; i < format.nb_streams; ++i) {
    const AVStream& stream = *format.streams[i];
    if (stream.codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
        (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) == 0) {
      streams.push_back(static_cast<int>(i));
    }
  }
  return streams;
}

std::vector<int> CountPictures(AVFormatContext* format, const std::vector<int>& streams) {
  constexpr int kMostPackets = 2000;
  constexpr int kEnough = 2;
  std::vector<int> counts(streams.size(), 0);
  const ffmpeg::Handle<AVPacket> packet(ffmpeg::CheckMemory(av_packet_alloc()));
  const auto enough = [&] {
    return std::all_of(counts.begin(), counts.end(), [](int count) { return count >= kEnough; });
  };
  for (int read = 0; read < kMostPackets && !enough(); ++read) {
    if (av_read_frame(format, packet.get()) < 0) {
      break;
    }
    const auto found = std::find(streams.begin(), streams.end(), packet->stream_index);
    if (found != streams.end() && packet->size > 0) {
      ++counts[static_cast<size_t>(found - streams.begin())];
    }
    av_packet_unref(packet.get());
  }
  return counts;
}

int ChooseVideoStream(AVFormatContext* format, const std::vector<int>& candidates,
                      const std::vector<int>& pictures) {
  if (candidates.empty()) {
    return -1;
  }
  if (candidates.size() == 1) {
    return candidates.front();
  }
  for (unsigned i = 0; i < format->nb_streams; ++i) {
    if (std::find(candidates.begin(), candidates.end(), static_cast<int>(i)) == candidates.end()) {
      PutLast(format->streams[i]);
    }
  }
  Prefer(format, candidates, [&](size_t i) {
    const AVCodecID codec = format->streams[candidates[i]]->codecpar->codec_id;
    return avcodec_find_decoder(codec) != nullptr && (pictures.size() <= i || pictures[i] > 1);
  });
  return av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
}

}  // namespace reel3d

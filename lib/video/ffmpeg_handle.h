// Private to lib/video: owns FFmpeg's objects, checks its return codes, and keeps its log for error
// messages instead of printing it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <filesystem>
#include <memory>
#include <string>

namespace reel3d::ffmpeg {

struct Close {
  void operator()(AVFormatContext* context) const;
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(SwsContext* context) const { sws_freeContext(context); }
  void operator()(AVIOContext* io) const { avio_closep(&io); }
};
template <class T>
using Handle = std::unique_ptr<T, Close>;

class Dictionary {
 public:
  Dictionary() = default;
  ~Dictionary() { av_dict_free(&entries_); }
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;
  AVDictionary** address() { return &entries_; }

 private:
  AVDictionary* entries_ = nullptr;
};

// Routes FFmpeg's log to TakeLog(), and clears this thread's line. Call it before using FFmpeg.
void Init();
// Returns the last error line that FFmpeg logged on this thread since the last call; empty if none.
// Decoders run with one thread, so the line is about this thread's own file.
std::string TakeLog();

// Makes "what: why" from the code and the log of this thread.
std::string Describe(int code, const std::string& what);
// Returns `code` if it is not negative. Throws an input error on a negative code, or an environment
// error if only the system can be the cause. Lack of memory counts as the input's fault, because
// damaged files ask for absurd amounts.
int Check(int code, const std::string& what);
// Returns `code` if it is not negative. Writing never fails because of an input: an error of the
// system is an environment error, lack of memory std::bad_alloc, any other code a failure.
int CheckWrite(int code, const std::string& what);
// Returns `pointer`. Throws std::bad_alloc if it is null.
template <class T>
T* CheckMemory(T* pointer) {
  if (pointer == nullptr) {
    CheckWrite(AVERROR(ENOMEM), "FFmpeg");
  }
  return pointer;
}

// Returns the name by which FFmpeg opens exactly this file, whatever characters its path has.
std::string FileUrl(const std::filesystem::path& file);
Handle<AVIOContext> OpenForWriting(const std::filesystem::path& file, const std::string& what);

inline AVPixelFormat PixelFormat(const AVFrame& frame) {
  return static_cast<AVPixelFormat>(frame.format);
}

}  // namespace reel3d::ffmpeg

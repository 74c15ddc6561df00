// SPDX-License-Identifier: Apache-2.0
#include "lib/video/ffmpeg_handle.h"

#include <fmt/format.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <new>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/versions.h"

namespace reel3d::ffmpeg {
namespace {

const LinkedLibrary kFfmpeg("ffmpeg", av_version_info());

thread_local std::string last_line;

void KeepLine(void* /*context*/, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_ERROR) {
    return;
  }
  std::array<char, 512> line{};
  const int length = std::vsnprintf(line.data(), line.size(), format, arguments);
  std::string text = length > 0 ? line.data() : "";
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
    text.pop_back();
  }
  if (!text.empty()) {
    last_line = std::move(text);
  }
}

}  // namespace

void Close::operator()(AVFormatContext* context) const {
  if (context->iformat != nullptr) {
    avformat_close_input(&context);
  } else {
    avformat_free_context(context);
  }
}

void Init() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_callback(KeepLine); });
  last_line.clear();
}

std::string TakeLog() { return std::exchange(last_line, {}); }

std::string Describe(int code, const std::string& what) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(code, text.data(), text.size());
  const std::string logged = TakeLog();
  return logged.empty() ? fmt::format("{}: {}", what, text.data())
                        : fmt::format("{}: {} ({})", what, logged, text.data());
}

int Check(int code, const std::string& what) {
  if (code >= 0) {
    return code;
  }
  switch (AVUNERROR(code)) {
    case EMFILE:
    case ENFILE:
    case ESTALE:
    case ENOSPC:
      throw EnvironmentError(Describe(code, what));
    default:  // also EIO, which demuxers return for damaged files
      throw InputError(Describe(code, what));
  }
}

int CheckWrite(int code, const std::string& what) {
  if (code >= 0) {
    return code;
  }
  // FFmpeg's own codes are four letters, far from errno's.
  const int number = AVUNERROR(code);
  if (number == ENOMEM) {
    throw std::bad_alloc();
  }
  if (number < 4096) {
    throw WriteError(what, number);
  }
  throw Error(ErrorKind::kFailed, Describe(code, what));
}

std::string FileUrl(const std::filesystem::path& file) { return "file:" + file.string(); }

Handle<AVIOContext> OpenForWriting(const std::filesystem::path& file, const std::string& what) {
  AVIOContext* io = nullptr;
  CheckWrite(avio_open2(&io, FileUrl(file).c_str(), AVIO_FLAG_WRITE, nullptr, nullptr), what);
  return Handle<AVIOContext>(io);
}

}  // namespace reel3d::ffmpeg

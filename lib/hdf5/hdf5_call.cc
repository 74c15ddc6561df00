// SPDX-License-Identifier: Apache-2.0
#include "lib/hdf5/hdf5_call.h"

#include <fmt/format.h>
#include <hdf5.h>

#include <type_traits>
#include <utility>

#include "lib/base/versions.h"

#ifndef H5_HAVE_THREADSAFE
#error "reel3d calls HDF5 from several threads: build against a thread-safe libhdf5"
#endif

namespace reel3d {
namespace {

static_assert(std::is_same_v<hid_t, int64_t>, "HDF5 1.10 or later");

const LinkedLibrary kHdf5("hdf5",
                          fmt::format("{}.{}.{}", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE));

// Without this, the library would try at exit to write again what a full disk refused, and crash.
[[maybe_unused]] const herr_t kNoWorkAtExit = H5dont_atexit();

// Returns the innermost entry of HDF5's error stack, which is the most precise one. If it quotes
// the system, the quotation is enough.
std::string Hdf5Words() {
  std::string words;
  const auto keep_first = [](unsigned, const H5E_error2_t* entry, void* text) -> herr_t {
    *static_cast<std::string*>(text) = entry->desc == nullptr ? "" : entry->desc;
    return 1;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, &words);
  constexpr const char* kQuote = "error message = '";
  if (const size_t quote = words.find(kQuote); quote != std::string::npos) {
    words = words.substr(quote + std::string(kQuote).size());
    words = words.substr(0, words.find('\''));
  }
  return words;
}

}  // namespace

Hdf5Id::~Hdf5Id() { CloseNow(); }

Hdf5Id::Hdf5Id(Hdf5Id&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}

Hdf5Id& Hdf5Id::operator=(Hdf5Id&& other) noexcept {
  std::swap(id_, other.id_);
  std::swap(close_, other.close_);
  return *this;
}

int Hdf5Id::CloseNow() { return id_ < 0 ? 0 : close_(std::exchange(id_, -1)); }

void SilenceHdf5() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

void FailHdf5(ErrorKind kind, const std::string& file, const std::string& doing) {
  throw Error(kind, fmt::format("{}: cannot {} ({})", file, doing, Hdf5Words()));
}

template <>
int64_t Hdf5TypeOf<uint8_t>() {
  return H5T_STD_U8LE;
}
template <>
int64_t Hdf5TypeOf<uint16_t>() {
  return H5T_STD_U16LE;
}
template <>
int64_t Hdf5TypeOf<uint32_t>() {
  return H5T_STD_U32LE;
}
template <>
int64_t Hdf5TypeOf<uint64_t>() {
  return H5T_STD_U64LE;
}
template <>
int64_t Hdf5TypeOf<int32_t>() {
  return H5T_STD_I32LE;
}
template <>
int64_t Hdf5TypeOf<int64_t>() {
  return H5T_STD_I64LE;
}
template <>
int64_t Hdf5TypeOf<float>() {
  return H5T_IEEE_F32LE;
}

}  // namespace reel3d

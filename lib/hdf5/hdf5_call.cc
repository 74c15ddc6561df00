// SPDX-License-Identifier: Apache-2.0
#include "lib/hdf5/hdf5_call.h"

#include <fmt/format.h>
#include <hdf5.h>

#include <cerrno>
#include <charconv>
#include <string_view>
#include <system_error>
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

// Without this, the library would try the failed writes to a full disk again at exit, and crash.
[[maybe_unused]] const herr_t kNoWorkAtExit = H5dont_atexit();

// Returns the innermost entry of HDF5's error stack, which is the most precise one.
std::string Hdf5Words() {
  std::string words;
  const auto keep_first = [](unsigned, const H5E_error2_t* entry, void* text) -> herr_t {
    *static_cast<std::string*>(text) = entry->desc == nullptr ? "" : entry->desc;
    return 1;
  };
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_first, &words);
  return words;
}

// Returns the system's error number that HDF5's words quote; 0 if they quote none.
int SystemErrorIn(const std::string& words) {
  constexpr std::string_view kQuote = "errno = ";
  int number = 0;
  if (const size_t quote = words.find(kQuote); quote != std::string::npos) {
    std::from_chars(words.data() + quote + kQuote.size(), words.data() + words.size(), number);
  }
  return number;
}

// Returns whether a file that cannot be read for this reason may be sound. HDF5 also quotes errors,
// such as EINVAL, that come of damaged files.
bool IsOfMachine(int system_error) {
  return system_error == EMFILE || system_error == ENFILE || system_error == ENOMEM ||
         system_error == EIO || system_error == ESTALE;
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
  const std::string words = Hdf5Words();
  const std::string what = fmt::format("{}: cannot {}", file, doing);
  const int system_error = SystemErrorIn(words);
  if (system_error == 0) {
    throw Error(kind, fmt::format("{} ({})", what, words));
  }
  if (kind == ErrorKind::kEnvironment) {
    throw WriteError(what, system_error);  // adds a hint if the disk is full
  }
  if (IsOfMachine(system_error)) {
    throw ReadError(file + ": cannot read it", system_error);
  }
  throw Error(kind, fmt::format("{} ({})", what, std::generic_category().message(system_error)),
              system_error);
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

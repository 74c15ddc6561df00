// What the reader and the writer of HDF5 files share: an owner for ids, one check for return codes,
// the types. Not a general HDF5 wrapper; hdf5.h stays in the sources.
//
// HDF5 calls are serialised by the library's own lock.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "lib/base/error.h"

namespace reel3d {

// Owns one id of the library.
class Hdf5Id {
 public:
  using Close = int (*)(int64_t);
  Hdf5Id() = default;
  Hdf5Id(int64_t id, Close close) : id_(id), close_(close) {}
  ~Hdf5Id();
  Hdf5Id(Hdf5Id&& other) noexcept;
  Hdf5Id& operator=(Hdf5Id&& other) noexcept;

  int64_t get() const { return id_; }
  // Closes now and passes on the library's status, which the destructor would lose.
  int CloseNow();

 private:
  int64_t id_ = -1;
  Close close_ = nullptr;
};

// Call on each thread before its first call: its own stack of errors is not to be printed.
void SilenceHdf5();

// Throws an error of this kind, "file: cannot do (HDF5's innermost words)".
[[noreturn]] void FailHdf5(ErrorKind kind, const std::string& file, const std::string& doing);

// Passes on what an HDF5 function returned; all of them return a negative value on failure.
template <class Status>
Status CheckedHdf5(Status status, ErrorKind kind, const std::string& file,
                   const std::string& doing) {
  if (status < 0) {
    FailHdf5(kind, file, doing);
  }
  return status;
}

// The stored type of T: uint8_t, uint16_t, uint32_t, uint64_t, int32_t, int64_t or float,
// little-endian.
template <class T>
int64_t Hdf5TypeOf();

}  // namespace reel3d

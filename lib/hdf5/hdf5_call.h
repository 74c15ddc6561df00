// Has the parts that the reader and the writer of HDF5 files share: an owner for ids, one check for
// return codes, the types. This is not a general HDF5 wrapper; only sources include hdf5.h.
//
// The library's own lock serialises HDF5 calls.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "lib/base/error.h"

namespace reel3d {

// Owns one id of the HDF5 library.
class Hdf5Id {
 public:
  using Close = int (*)(int64_t);
  Hdf5Id() = default;
  Hdf5Id(int64_t id, Close close) : id_(id), close_(close) {}
  ~Hdf5Id();
  Hdf5Id(Hdf5Id&& other) noexcept;
  Hdf5Id& operator=(Hdf5Id&& other) noexcept;

  int64_t get() const { return id_; }
  // Closes the id now and returns the library's status, which the destructor would lose.
  int CloseNow();

 private:
  int64_t id_ = -1;
  Close close_ = nullptr;
};

// Keeps HDF5 from printing its errors. Each thread has its own stack of errors, so call this on
// each thread before its first HDF5 call.
void SilenceHdf5();

// Throws an error of this kind: "file: cannot `doing` (HDF5's innermost words)". If HDF5's words
// quote a system error, the system's own text replaces them. An environment error is then the one
// that WriteError() makes. If the machine is at fault, such as by too many open files, an input
// error becomes the environment error that ReadError() makes.
[[noreturn]] void FailHdf5(ErrorKind kind, const std::string& file, const std::string& doing);

// Returns `status`, the result of an HDF5 function, or throws if it is negative: all HDF5 functions
// return a negative value on failure.
template <class Status>
Status CheckedHdf5(Status status, ErrorKind kind, const std::string& file,
                   const std::string& doing) {
  if (status < 0) {
    FailHdf5(kind, file, doing);
  }
  return status;
}

// Returns the stored, little-endian type of T: uint8_t, uint16_t, uint32_t, uint64_t, int32_t,
// int64_t or float.
template <class T>
int64_t Hdf5TypeOf();

}  // namespace reel3d

// The HDF5 C interface with owners for its ids and one check for its return codes. Private to the
// score file's sources: nobody else includes this, so hdf5.h stays out of headers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hdf5.h>

#include <string>
#include <utility>

#include "lib/base/error.h"

namespace reel3d {

// Whose fault a failing call is, and what was being done: ("cannot read scores-00000.h5").
class Hdf5Context {
 public:
  // From here on HDF5 prints nothing of its own on stderr.
  Hdf5Context(ErrorKind kind, std::string doing);

  // Throws an error of this context's kind: doing, `what`, and the innermost words of HDF5.
  [[noreturn]] void Fail(const std::string& what) const;

  // Passes on a return value of any HDF5 function: all of them are negative on failure.
  template <class Status>
  Status Checked(Status status, const std::string& what) const {
    if (status < 0) {
      Fail(what);
    }
    return status;
  }

 private:
  ErrorKind kind_;
  std::string doing_;
};

// Owns one id.
class Hdf5Handle {
 public:
  Hdf5Handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
  ~Hdf5Handle() {
    if (id_ >= 0) {
      close_(id_);
    }
  }
  Hdf5Handle(Hdf5Handle&& other) noexcept
      : id_(std::exchange(other.id_, H5I_INVALID_HID)), close_(other.close_) {}
  Hdf5Handle(const Hdf5Handle&) = delete;
  Hdf5Handle& operator=(const Hdf5Handle&) = delete;
  Hdf5Handle& operator=(Hdf5Handle&&) = delete;

  hid_t id() const { return id_; }
  // Closes now, so that a failure to write (a full disk) is seen.
  void Close(const Hdf5Context& context) {
    context.Checked(close_(std::exchange(id_, H5I_INVALID_HID)), "closing it");
  }

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

// A fixed-length, NUL-padded UTF-8 string type.
Hdf5Handle Hdf5StringType(const Hdf5Context& context, size_t size_bytes);

}  // namespace reel3d

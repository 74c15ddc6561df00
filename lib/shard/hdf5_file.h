// Small HDF5 files of one-dimensional data, written and read with suspicion: every return code is
// checked, nothing depends on the time of day, and a reader takes no memory for sizes that the
// file does not have. Not a general HDF5 wrapper; hdf5.h stays in the source.
//
// HDF5 calls are serialised by the library's own lock; one object belongs to one thread.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

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

// Throws environment errors that name the file: what fails while writing is the disk.
class Hdf5Writer {
 public:
  explicit Hdf5Writer(const std::filesystem::path& file);

  void Attribute(const std::string& name, const std::string& text);
  void Attribute(const std::string& name, uint32_t value);
  void Attribute(const std::string& name, uint8_t value);

  void Group(const std::string& name);

  // Data sets are contiguous, and aligned to 4096 bytes where they have as many. T is one of
  // uint8_t, uint16_t, uint32_t, uint64_t, int32_t.
  template <class T>
  void Values(const std::string& name, const std::vector<T>& values);
  // Fixed-length UTF-8, padded with NUL to the longest.
  void Strings(const std::string& name, const std::vector<std::string>& strings);

  // A data set of `size_bytes` bytes whose content comes in pieces, in order.
  void BeginBytes(const std::string& name, uint64_t size_bytes);
  void AppendBytes(const void* bytes, uint64_t size_bytes);

  void Flush();
  // The file is whole after this.
  void Close();

 private:
  Hdf5Id Creation(int64_t property_class) const;
  void Create(const std::string& name, int64_t type, uint64_t count);
  void Attribute(const std::string& name, int64_t type, const void* value);
  void Write(const std::string& name, int64_t type, uint64_t count, const void* values);

  const std::string file_name_;
  Hdf5Id file_;
  Hdf5Id dataset_;  // of the last Create
  uint64_t bytes_written_ = 0;
};

// Where the bytes of a data set lie in the file.
struct Hdf5Extent {
  uint64_t offset_bytes = 0;
  uint64_t size_bytes = 0;
};

// Throws input errors that name the file. Data sets must be contiguous within this file and lie
// inside it; links to elsewhere, filters and other types than asked for are refused.
class Hdf5Reader {
 public:
  explicit Hdf5Reader(const std::filesystem::path& file);

  bool HasAttribute(const std::string& name) const;
  std::string Text(const std::string& attribute) const;
  uint64_t Integer(const std::string& attribute) const;  // any unsigned type

  template <class T>
  std::vector<T> Values(const std::string& name) const;
  std::vector<std::string> Strings(const std::string& name) const;
  Hdf5Extent Bytes(const std::string& name) const;

  [[noreturn]] void Fail(const std::string& why) const;

 private:
  struct Dataset {
    Hdf5Id id, type;
    uint64_t count = 0;
    Hdf5Extent extent;
  };
  Hdf5Id OpenAttribute(const std::string& name) const;
  std::string Unpadded(const std::string& padded, const std::string& name) const;
  Dataset Open(const std::string& name) const;
  Dataset Open(const std::string& name, int64_t type) const;

  const std::string file_name_;
  uint64_t file_size_bytes_ = 0;
  Hdf5Id file_;
};

}  // namespace reel3d

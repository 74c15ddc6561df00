// SPDX-License-Identifier: Apache-2.0
#include "lib/shard/hdf5_file.h"

#include <fmt/format.h>
#include <hdf5.h>

#include <algorithm>
#include <array>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/cli/version.h"
#include "lib/data/tsv.h"

#ifndef H5_HAVE_THREADSAFE
#error "reel3d calls HDF5 from several threads: build against a thread-safe libhdf5"
#endif

namespace reel3d {
namespace fs = std::filesystem;
namespace {

static_assert(std::is_same_v<hid_t, int64_t>, "HDF5 1.10 or later");

constexpr uint64_t kAlignmentBytes = 4096;
constexpr size_t kMaxTextBytes = 4096;

const LinkedLibrary kHdf5("hdf5",
                          fmt::format("{}.{}.{}", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE));

// At exit the library would try once more to write what a full disk refused, and crash.
[[maybe_unused]] const herr_t kNoWorkAtExit = H5dont_atexit();

// The innermost entry of HDF5's stack knows most; where it quotes the system, that is enough.
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

// Passes on what an HDF5 function returned; all of them return a negative value on failure.
template <class Status>
Status Checked(Status status, ErrorKind kind, const std::string& file, const std::string& what) {
  if (status < 0) {
    throw Error(kind, fmt::format("{}: cannot {} ({})", file, what, Hdf5Words()));
  }
  return status;
}

template <class Status>
Status Wrote(Status status, const std::string& file, const std::string& what) {
  return Checked(status, ErrorKind::kEnvironment, file, "write " + what);
}

template <class Status>
Status Was(Status status, const std::string& file, const std::string& what) {
  return Checked(status, ErrorKind::kInput, file, "read " + what);
}

// Each thread has an error stack of its own that prints unless told otherwise.
void SilenceHdf5() { H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr); }

template <class T>
hid_t TypeOf();
template <>
hid_t TypeOf<uint8_t>() {
  return H5T_STD_U8LE;
}
template <>
hid_t TypeOf<uint16_t>() {
  return H5T_STD_U16LE;
}
template <>
hid_t TypeOf<uint32_t>() {
  return H5T_STD_U32LE;
}
template <>
hid_t TypeOf<uint64_t>() {
  return H5T_STD_U64LE;
}
template <>
hid_t TypeOf<int32_t>() {
  return H5T_STD_I32LE;
}

Hdf5Id StringType(size_t size_bytes) {
  Hdf5Id type(H5Tcopy(H5T_C_S1), H5Tclose);
  const bool good = type.get() >= 0 && H5Tset_size(type.get(), size_bytes) >= 0 &&
                    H5Tset_cset(type.get(), H5T_CSET_UTF8) >= 0 &&
                    H5Tset_strpad(type.get(), H5T_STR_NULLPAD) >= 0;
  REEL3D_CHECK(good);
  return type;
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

Hdf5Id Hdf5Writer::Creation(int64_t property_class) const {
  Hdf5Id properties(Wrote(H5Pcreate(property_class), file_name_, "it"), H5Pclose);
  // With the time of day in it, the same content would not give the same bytes.
  Wrote(H5Pset_obj_track_times(properties.get(), false), file_name_, "it");
  return properties;
}

Hdf5Writer::Hdf5Writer(const fs::path& file) : file_name_(file.string()) {
  SilenceHdf5();
  const Hdf5Id access(Wrote(H5Pcreate(H5P_FILE_ACCESS), file_name_, "it"), H5Pclose);
  Wrote(H5Pset_alignment(access.get(), kAlignmentBytes, kAlignmentBytes), file_name_, "it");
  // From 1.8 on (2008) HDF5's own structures carry checksums; damage to older ones can crash it.
  Wrote(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_V18), file_name_, "it");
  const Hdf5Id creation = Creation(H5P_FILE_CREATE);
  constexpr unsigned kMaxPlainAttributes = 64;
  Wrote(H5Pset_attr_phase_change(creation.get(), kMaxPlainAttributes, 0), file_name_, "it");
  file_ = Hdf5Id(Wrote(H5Fcreate(file_name_.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()),
                       file_name_, "it"),
                 H5Fclose);
}

void Hdf5Writer::Attribute(const std::string& name, int64_t type, const void* value) {
  const Hdf5Id space(Wrote(H5Screate(H5S_SCALAR), file_name_, name), H5Sclose);
  const Hdf5Id attribute(
      Wrote(H5Acreate2(file_.get(), name.c_str(), type, space.get(), H5P_DEFAULT, H5P_DEFAULT),
            file_name_, name),
      H5Aclose);
  Wrote(H5Awrite(attribute.get(), type, value), file_name_, name);
}

void Hdf5Writer::Attribute(const std::string& name, const std::string& text) {
  const Hdf5Id type = StringType(std::max<size_t>(1, text.size()));
  Attribute(name, type.get(), text.c_str());
}

void Hdf5Writer::Attribute(const std::string& name, uint32_t value) {
  Attribute(name, TypeOf<uint32_t>(), &value);
}

void Hdf5Writer::Attribute(const std::string& name, uint8_t value) {
  Attribute(name, TypeOf<uint8_t>(), &value);
}

void Hdf5Writer::Group(const std::string& name) {
  const Hdf5Id creation = Creation(H5P_GROUP_CREATE);
  Hdf5Id group(
      Wrote(H5Gcreate2(file_.get(), name.c_str(), H5P_DEFAULT, creation.get(), H5P_DEFAULT),
            file_name_, name),
      H5Gclose);
}

void Hdf5Writer::Create(const std::string& name, int64_t type, uint64_t count) {
  const hsize_t extent = count;
  const Hdf5Id space(Wrote(H5Screate_simple(1, &extent, nullptr), file_name_, name), H5Sclose);
  const Hdf5Id layout = Creation(H5P_DATASET_CREATE);
  Wrote(H5Pset_layout(layout.get(), H5D_CONTIGUOUS), file_name_, name);
  Wrote(H5Pset_alloc_time(layout.get(), H5D_ALLOC_TIME_EARLY), file_name_, name);
  Wrote(H5Pset_fill_time(layout.get(), H5D_FILL_TIME_NEVER), file_name_, name);
  dataset_ = Hdf5Id(Wrote(H5Dcreate2(file_.get(), name.c_str(), type, space.get(), H5P_DEFAULT,
                                     layout.get(), H5P_DEFAULT),
                          file_name_, name),
                    H5Dclose);
}

void Hdf5Writer::Write(const std::string& name, int64_t type, uint64_t count, const void* values) {
  Create(name, type, count);
  if (count > 0) {
    Wrote(H5Dwrite(dataset_.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), file_name_, name);
  }
  Wrote(dataset_.CloseNow(), file_name_, name);
}

template <class T>
void Hdf5Writer::Values(const std::string& name, const std::vector<T>& values) {
  Write(name, TypeOf<T>(), values.size(), values.data());
}

template void Hdf5Writer::Values(const std::string&, const std::vector<uint8_t>&);
template void Hdf5Writer::Values(const std::string&, const std::vector<uint16_t>&);
template void Hdf5Writer::Values(const std::string&, const std::vector<uint32_t>&);
template void Hdf5Writer::Values(const std::string&, const std::vector<uint64_t>&);
template void Hdf5Writer::Values(const std::string&, const std::vector<int32_t>&);

void Hdf5Writer::Strings(const std::string& name, const std::vector<std::string>& strings) {
  size_t width = 1;
  for (const std::string& text : strings) {
    width = std::max(width, text.size());
  }
  std::string padded(width * strings.size(), '\0');
  for (size_t i = 0; i < strings.size(); ++i) {
    strings[i].copy(&padded[i * width], width);
  }
  Write(name, StringType(width).get(), strings.size(), padded.data());
}

void Hdf5Writer::BeginBytes(const std::string& name, uint64_t size_bytes) {
  Create(name, TypeOf<uint8_t>(), size_bytes);
  bytes_written_ = 0;
}

void Hdf5Writer::AppendBytes(const void* bytes, uint64_t size_bytes) {
  const hsize_t begin = bytes_written_;
  const hsize_t count = size_bytes;
  const Hdf5Id there(Wrote(H5Dget_space(dataset_.get()), file_name_, "bytes"), H5Sclose);
  const Hdf5Id here(Wrote(H5Screate_simple(1, &count, nullptr), file_name_, "bytes"), H5Sclose);
  Wrote(H5Sselect_hyperslab(there.get(), H5S_SELECT_SET, &begin, nullptr, &count, nullptr),
        file_name_, "bytes");
  Wrote(H5Dwrite(dataset_.get(), TypeOf<uint8_t>(), here.get(), there.get(), H5P_DEFAULT, bytes),
        file_name_, "bytes");
  bytes_written_ += size_bytes;
}

void Hdf5Writer::Flush() {
  Wrote(dataset_.CloseNow(), file_name_, "it");
  Wrote(H5Fflush(file_.get(), H5F_SCOPE_GLOBAL), file_name_, "it");
}

void Hdf5Writer::Close() { Wrote(file_.CloseNow(), file_name_, "it"); }

Hdf5Reader::Hdf5Reader(const fs::path& file) : file_name_(file.string()) {
  SilenceHdf5();
  RequireFile(file, "an HDF5 file");
  file_size_bytes_ = fs::file_size(file);
  const Hdf5Id access(Was(H5Pcreate(H5P_FILE_ACCESS), file_name_, "it"), H5Pclose);
  // Published files never change, and some network file systems cannot lock.
  Was(H5Pset_file_locking(access.get(), 0, 1), file_name_, "it");
  file_ = Hdf5Id(Was(H5Fopen(file_name_.c_str(), H5F_ACC_RDONLY, access.get()), file_name_,
                     "it as HDF5: not such a file, or damaged"),
                 H5Fclose);
}

void Hdf5Reader::Fail(const std::string& why) const {
  throw InputError(fmt::format("{}: {}", file_name_, why));
}

bool Hdf5Reader::HasAttribute(const std::string& name) const {
  return Was(H5Aexists(file_.get(), name.c_str()), file_name_, name) > 0;
}

Hdf5Id Hdf5Reader::OpenAttribute(const std::string& name) const {
  if (!HasAttribute(name)) {
    Fail("has no attribute " + name);
  }
  Hdf5Id attribute(Was(H5Aopen(file_.get(), name.c_str(), H5P_DEFAULT), file_name_, name),
                   H5Aclose);
  const Hdf5Id space(Was(H5Aget_space(attribute.get()), file_name_, name), H5Sclose);
  if (H5Sget_simple_extent_npoints(space.get()) != 1) {
    Fail("attribute " + name + " is not one value");
  }
  return attribute;
}

std::string Hdf5Reader::Text(const std::string& name) const {
  const Hdf5Id attribute = OpenAttribute(name);
  const Hdf5Id type(Was(H5Aget_type(attribute.get()), file_name_, name), H5Tclose);
  const size_t size_bytes = H5Tget_size(type.get());
  if (H5Tget_class(type.get()) != H5T_STRING || H5Tis_variable_str(type.get()) != 0 ||
      size_bytes == 0 || size_bytes > kMaxTextBytes) {
    Fail("attribute " + name + " is not a fixed-length text");
  }
  std::string text(size_bytes, '\0');
  Was(H5Aread(attribute.get(), type.get(), text.data()), file_name_, name);
  return Unpadded(text, name);
}

uint64_t Hdf5Reader::Integer(const std::string& name) const {
  const Hdf5Id attribute = OpenAttribute(name);
  const Hdf5Id type(Was(H5Aget_type(attribute.get()), file_name_, name), H5Tclose);
  if (H5Tget_class(type.get()) != H5T_INTEGER || H5Tget_size(type.get()) > sizeof(uint64_t)) {
    Fail("attribute " + name + " is not an integer");
  }
  uint64_t value = 0;
  Was(H5Aread(attribute.get(), H5T_NATIVE_UINT64, &value), file_name_, name);
  return value;
}

std::string Hdf5Reader::Unpadded(const std::string& padded, const std::string& name) const {
  const std::string text = padded.substr(0, padded.find('\0'));
  if (const std::string fault = FieldFault(text); !fault.empty()) {
    Fail(fmt::format("a text of {} {}", name, fault));
  }
  return text;
}

Hdf5Reader::Dataset Hdf5Reader::Open(const std::string& name) const {
  H5L_info_t link;
  Was(H5Lget_info(file_.get(), name.c_str(), &link, H5P_DEFAULT), file_name_, name);
  if (link.type != H5L_TYPE_HARD) {
    Fail(name + " is a link to elsewhere");
  }
  Dataset dataset;
  dataset.id =
      Hdf5Id(Was(H5Dopen2(file_.get(), name.c_str(), H5P_DEFAULT), file_name_, name), H5Dclose);
  dataset.type = Hdf5Id(Was(H5Dget_type(dataset.id.get()), file_name_, name), H5Tclose);
  const Hdf5Id layout(Was(H5Dget_create_plist(dataset.id.get()), file_name_, name), H5Pclose);
  if (H5Pget_layout(layout.get()) != H5D_CONTIGUOUS || H5Pget_external_count(layout.get()) != 0) {
    Fail(name + " is not stored in one piece in this file: convert it with h5repack -l CONTI");
  }
  const Hdf5Id space(Was(H5Dget_space(dataset.id.get()), file_name_, name), H5Sclose);
  if (H5Sget_simple_extent_ndims(space.get()) != 1) {
    Fail(name + " does not have one dimension");
  }
  hsize_t count = 0;
  Was(H5Sget_simple_extent_dims(space.get(), &count, nullptr), file_name_, name);
  dataset.count = count;
  uint64_t& size_bytes = dataset.extent.size_bytes;
  if (__builtin_mul_overflow(count, H5Tget_size(dataset.type.get()), &size_bytes)) {
    Fail(fmt::format("{} claims {} entries", name, count));
  }
  if (size_bytes == 0) {
    return dataset;
  }
  dataset.extent.offset_bytes = H5Dget_offset(dataset.id.get());
  if (dataset.extent.offset_bytes > file_size_bytes_ ||
      size_bytes > file_size_bytes_ - dataset.extent.offset_bytes) {
    Fail(fmt::format("{} of {} bytes reaches beyond the end of the file", name, size_bytes));
  }
  return dataset;
}

Hdf5Reader::Dataset Hdf5Reader::Open(const std::string& name, int64_t type) const {
  Dataset dataset = Open(name);
  if (H5Tequal(dataset.type.get(), type) <= 0) {
    Fail(name + " has another type than it should");
  }
  return dataset;
}

template <class T>
std::vector<T> Hdf5Reader::Values(const std::string& name) const {
  const Dataset dataset = Open(name, TypeOf<T>());
  std::vector<T> values(dataset.count);
  if (!values.empty()) {
    Was(H5Dread(dataset.id.get(), TypeOf<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
        file_name_, name);
  }
  return values;
}

template std::vector<uint16_t> Hdf5Reader::Values(const std::string&) const;
template std::vector<uint32_t> Hdf5Reader::Values(const std::string&) const;
template std::vector<uint64_t> Hdf5Reader::Values(const std::string&) const;
template std::vector<int32_t> Hdf5Reader::Values(const std::string&) const;

std::vector<std::string> Hdf5Reader::Strings(const std::string& name) const {
  const Dataset dataset = Open(name);
  const size_t width = H5Tget_size(dataset.type.get());
  if (H5Tget_class(dataset.type.get()) != H5T_STRING ||
      H5Tis_variable_str(dataset.type.get()) != 0 || width == 0 || width > kMaxTextBytes) {
    Fail(name + " is not of fixed-length texts");
  }
  std::string padded(dataset.extent.size_bytes, '\0');
  if (!padded.empty()) {
    Was(H5Dread(dataset.id.get(), dataset.type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, padded.data()),
        file_name_, name);
  }
  std::vector<std::string> strings;
  for (size_t begin = 0; begin < padded.size(); begin += width) {
    strings.push_back(Unpadded(padded.substr(begin, width), name));
  }
  return strings;
}

Hdf5Extent Hdf5Reader::Bytes(const std::string& name) const {
  return Open(name, TypeOf<uint8_t>()).extent;
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "lib/hdf5/hdf5_reader.h"

#include <fmt/ranges.h>
#include <hdf5.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/data/tsv.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

constexpr size_t kMaxTextBytes = 4096;

// The first bytes of every HDF5 file, and the least version of its superblock that has checksums.
constexpr std::string_view kSignature = "\x89HDF\r\n\x1A\n";
constexpr int kFirstWithChecksums = 2;
constexpr const char* kConvert = "convert it with h5repack --low=1 --high=1 -l CONTI";
constexpr const char* kNotHdf5 = "it as HDF5: not such a file, or damaged";

template <class Status>
Status Was(Status status, const std::string& file, const std::string& what) {
  return CheckedHdf5(status, ErrorKind::kInput, file, "read " + what);
}

}  // namespace

Hdf5Reader::Hdf5Reader(const fs::path& file)
    : file_name_(file.string()), bytes_(std::make_shared<InputFile>(file, "an HDF5 file")) {
  SilenceHdf5();
  RequireChecksums();
  const Hdf5Id access(Was(H5Pcreate(H5P_FILE_ACCESS), file_name_, "it"), H5Pclose);
  Was(H5Pset_fapl_sec2(access.get()), file_name_, "it");  // whose handle is a descriptor
  // Published files never change, and some network file systems cannot lock.
  Was(H5Pset_file_locking(access.get(), false, true), file_name_, "it");
  file_ =
      Hdf5Id(Was(H5Fopen(file_name_.c_str(), H5F_ACC_RDONLY, access.get()), file_name_, kNotHdf5),
             H5Fclose);
  RequireSameFile();
}

// HDF5 opens files only by name, and a stage may publish another one between the two openings.
void Hdf5Reader::RequireSameFile() const {
  void* descriptor = nullptr;
  Was(H5Fget_vfd_handle(file_.get(), H5P_DEFAULT, &descriptor), file_name_, "it");
  if (!bytes_->IsOpenAs(*static_cast<const int*>(descriptor))) {
    throw EnvironmentError(file_name_ +
                           ": another file replaced it while it was opened; run the command again");
  }
}

// Older files are refused, because the library does not notice damage to their structures and can
// crash on such damage.
void Hdf5Reader::RequireChecksums() const {
  std::array<char, kSignature.size() + 1> head{};
  bytes_->Read(0, head.data(), std::min<uint64_t>(head.size(), bytes_->size_bytes()));
  if (std::string_view(head.data(), kSignature.size()) != kSignature) {
    Fail(fmt::format("cannot read {}", kNotHdf5));
  }
  if (head.back() < kFirstWithChecksums) {
    Fail(fmt::format("is in HDF5's format from before 2008, which has no checksums: {}", kConvert));
  }
}

void Hdf5Reader::Fail(const std::string& why) const {
  throw InputError(fmt::format("{}: {}", file_name_, why));
}

bool Hdf5Reader::Has(const std::string& name) const {
  return Was(H5Lexists(file_.get(), name.c_str(), H5P_DEFAULT), file_name_, name) > 0;
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

int64_t Hdf5Reader::Integer(const std::string& name) const {
  const Hdf5Id attribute = OpenAttribute(name);
  const Hdf5Id type(Was(H5Aget_type(attribute.get()), file_name_, name), H5Tclose);
  if (H5Tget_class(type.get()) != H5T_INTEGER || H5Tget_size(type.get()) > sizeof(int64_t)) {
    Fail("attribute " + name + " is not an integer");
  }
  int64_t value = 0;
  Was(H5Aread(attribute.get(), H5T_NATIVE_INT64, &value), file_name_, name);
  return value;
}

std::string Hdf5Reader::Unpadded(const std::string& padded, const std::string& name) const {
  std::string text = padded.substr(0, padded.find('\0'));
  if (const std::string fault = FieldFault(text); !fault.empty()) {
    Fail(fmt::format("a text of {} {}", name, fault));
  }
  return text;
}

Hdf5Reader::Dataset Hdf5Reader::Open(const std::string& name) const {
  H5L_info_t link;
  if (H5Lget_info(file_.get(), name.c_str(), &link, H5P_DEFAULT) < 0) {
    Fail(name + " is missing");
  }
  if (link.type != H5L_TYPE_HARD) {
    Fail(name + " is a link to elsewhere");
  }
  Dataset dataset;
  dataset.id =
      Hdf5Id(Was(H5Dopen2(file_.get(), name.c_str(), H5P_DEFAULT), file_name_, name), H5Dclose);
  dataset.type = Hdf5Id(Was(H5Dget_type(dataset.id.get()), file_name_, name), H5Tclose);
  const Hdf5Id layout(Was(H5Dget_create_plist(dataset.id.get()), file_name_, name), H5Pclose);
  if (H5Pget_layout(layout.get()) != H5D_CONTIGUOUS || H5Pget_external_count(layout.get()) != 0) {
    Fail(fmt::format("{} is not stored in one piece in this file: {}", name, kConvert));
  }
  const Hdf5Id space(Was(H5Dget_space(dataset.id.get()), file_name_, name), H5Sclose);
  const int num_axes = Was(H5Sget_simple_extent_ndims(space.get()), file_name_, name);
  std::vector<hsize_t> shape(num_axes);
  Was(H5Sget_simple_extent_dims(space.get(), shape.data(), nullptr), file_name_, name);
  dataset.shape.assign(shape.begin(), shape.end());
  uint64_t& size_bytes = dataset.extent.size_bytes;
  size_bytes = H5Tget_size(dataset.type.get());
  for (const uint64_t extent : dataset.shape) {
    if (__builtin_mul_overflow(size_bytes, extent, &size_bytes)) {
      Fail(fmt::format("{} claims a shape of {}", name, fmt::join(dataset.shape, " x ")));
    }
  }
  if (size_bytes == 0) {
    return dataset;
  }
  dataset.extent.offset_bytes = H5Dget_offset(dataset.id.get());
  if (dataset.extent.offset_bytes > bytes_->size_bytes() ||
      size_bytes > bytes_->size_bytes() - dataset.extent.offset_bytes) {
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

void Hdf5Reader::RequireAxes(const Dataset& dataset, size_t num_axes,
                             const std::string& name) const {
  if (dataset.shape.size() != num_axes) {
    Fail(fmt::format("{} has {} axes instead of {}", name, dataset.shape.size(), num_axes));
  }
}

void Hdf5Reader::RequireShape(const Dataset& dataset, const Hdf5Shape& shape,
                              const std::string& name) const {
  RequireAxes(dataset, shape.size(), name);
  if (dataset.shape != shape) {
    Fail(fmt::format("{} has {} instead of {} entries", name, fmt::join(dataset.shape, " x "),
                     fmt::join(shape, " x ")));
  }
}

template <class T>
std::vector<T> Hdf5Reader::Read(const Dataset& dataset, const std::string& name) const {
  std::vector<T> values(dataset.extent.size_bytes / sizeof(T));
  if (!values.empty()) {
    Was(H5Dread(dataset.id.get(), Hdf5TypeOf<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
        file_name_, name);
  }
  return values;
}

template <class T>
std::vector<T> Hdf5Reader::Values(const std::string& name) const {
  const Dataset dataset = Open(name, Hdf5TypeOf<T>());
  RequireAxes(dataset, 1, name);
  return Read<T>(dataset, name);
}

template <class T>
std::vector<T> Hdf5Reader::Values(const std::string& name, const Hdf5Shape& shape) const {
  const Dataset dataset = Open(name, Hdf5TypeOf<T>());
  RequireShape(dataset, shape, name);
  return Read<T>(dataset, name);
}

template std::vector<uint32_t> Hdf5Reader::Values(const std::string&) const;
template std::vector<uint8_t> Hdf5Reader::Values(const std::string&, const Hdf5Shape&) const;
template std::vector<uint16_t> Hdf5Reader::Values(const std::string&, const Hdf5Shape&) const;
template std::vector<uint32_t> Hdf5Reader::Values(const std::string&, const Hdf5Shape&) const;
template std::vector<uint64_t> Hdf5Reader::Values(const std::string&, const Hdf5Shape&) const;
template std::vector<int32_t> Hdf5Reader::Values(const std::string&, const Hdf5Shape&) const;
template std::vector<float> Hdf5Reader::Values(const std::string&, const Hdf5Shape&) const;

std::vector<std::string> Hdf5Reader::Strings(const std::string& name) const {
  const Dataset dataset = Open(name);
  const size_t width = H5Tget_size(dataset.type.get());
  if (H5Tget_class(dataset.type.get()) != H5T_STRING ||
      H5Tis_variable_str(dataset.type.get()) != 0 || width == 0 || width > kMaxTextBytes) {
    Fail(name + " is not of fixed-length texts");
  }
  RequireAxes(dataset, 1, name);
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

template <class T>
Hdf5Extent Hdf5Reader::Extent(const std::string& name) const {
  return Open(name, Hdf5TypeOf<T>()).extent;
}

template <class T>
Hdf5Extent Hdf5Reader::Extent(const std::string& name, const Hdf5Shape& shape) const {
  const Dataset dataset = Open(name, Hdf5TypeOf<T>());
  RequireShape(dataset, shape, name);
  return dataset.extent;
}

template Hdf5Extent Hdf5Reader::Extent<float>(const std::string&, const Hdf5Shape&) const;
template Hdf5Extent Hdf5Reader::Extent<uint8_t>(const std::string&) const;
template Hdf5Extent Hdf5Reader::Extent<uint32_t>(const std::string&) const;
template Hdf5Extent Hdf5Reader::Extent<uint64_t>(const std::string&) const;

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/hdf5_array_reader.h"

#include <fmt/format.h>

#include "lib/base/file.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

constexpr uint64_t kMaxValues = 1'000'000'000;
constexpr size_t kMaxTextBytes = 4096;

uint64_t SizeOf(const fs::path& path) {
  RequireFile(path, "a score file");
  return fs::file_size(path);
}

}  // namespace

Hdf5ArrayReader::Hdf5ArrayReader(const fs::path& path)
    : context_(ErrorKind::kInput, "cannot read " + path.string()),
      file_size_bytes_(SizeOf(path)),
      file_(context_.Checked(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT),
                             "it is not an HDF5 file, or a damaged one"),
            H5Fclose) {}

int64_t Hdf5ArrayReader::Integer(const char* name) const {
  const Hdf5Handle attribute = OpenAttribute(name);
  const Hdf5Handle type(context_.Checked(H5Aget_type(attribute.id()), name), H5Tclose);
  if (H5Tget_class(type.id()) != H5T_INTEGER) {
    Fail(fmt::format("attribute {} is not an integer", name));
  }
  int64_t value = 0;
  context_.Checked(H5Aread(attribute.id(), H5T_NATIVE_INT64, &value), name);
  return value;
}

std::string Hdf5ArrayReader::Text(const char* name) const {
  const Hdf5Handle attribute = OpenAttribute(name);
  const Hdf5Handle type(context_.Checked(H5Aget_type(attribute.id()), name), H5Tclose);
  const size_t width = StringWidth(type, name);
  std::string text(width, '\0');
  context_.Checked(H5Aread(attribute.id(), Hdf5StringType(context_, width).id(), text.data()),
                   name);
  return text.substr(0, text.find('\0'));
}

std::vector<std::string> Hdf5ArrayReader::Strings(const char* name) const {
  const Dataset dataset = Open(name, 1);
  const size_t width = StringWidth(dataset.type, name);
  std::string bytes(width * dataset.shape[0], '\0');
  Read(dataset, name, Hdf5StringType(context_, width).id(), bytes.data());
  std::vector<std::string> strings;
  for (size_t begin = 0; begin < bytes.size(); begin += width) {
    const std::string padded = bytes.substr(begin, width);
    strings.push_back(padded.substr(0, padded.find('\0')));
  }
  return strings;
}

std::vector<hsize_t> Hdf5ArrayReader::Shape(const char* name, size_t num_axes) const {
  return Open(name, num_axes).shape;
}

Hdf5Handle Hdf5ArrayReader::OpenAttribute(const char* name) const {
  Hdf5Handle attribute(
      context_.Checked(H5Aopen(file_.id(), name, H5P_DEFAULT),
                       fmt::format("attribute {} is missing, so it is no whole score file", name)),
      H5Aclose);
  const Hdf5Handle space(context_.Checked(H5Aget_space(attribute.id()), name), H5Sclose);
  if (H5Sget_simple_extent_npoints(space.id()) != 1) {
    Fail(fmt::format("attribute {} is not one value", name));
  }
  return attribute;
}

Hdf5ArrayReader::Dataset Hdf5ArrayReader::Open(const char* name, size_t num_axes) const {
  H5L_info_t link;
  context_.Checked(H5Lget_info(file_.id(), name, &link, H5P_DEFAULT),
                   fmt::format("{} is missing", name));
  if (link.type != H5L_TYPE_HARD) {
    Fail(fmt::format("{} is a link to elsewhere", name));
  }
  Hdf5Handle handle(context_.Checked(H5Dopen2(file_.id(), name, H5P_DEFAULT), name), H5Dclose);
  RequirePlainStorage(handle, name);
  Hdf5Handle type(context_.Checked(H5Dget_type(handle.id()), name), H5Tclose);
  const Hdf5Handle space(context_.Checked(H5Dget_space(handle.id()), name), H5Sclose);
  std::vector<hsize_t> shape(num_axes);
  if (H5Sget_simple_extent_ndims(space.id()) != static_cast<int>(num_axes)) {
    Fail(fmt::format("{} does not have {} axes", name, num_axes));
  }
  context_.Checked(H5Sget_simple_extent_dims(space.id(), shape.data(), nullptr), name);
  Dataset dataset{std::move(handle), std::move(type), std::move(shape)};
  RequireBytes(dataset, name);
  return dataset;
}

Hdf5ArrayReader::Dataset Hdf5ArrayReader::OpenExactly(const char* name, hid_t stored_type,
                                                      const std::vector<hsize_t>& shape) const {
  Dataset dataset = Open(name, shape.size());
  if (H5Tequal(dataset.type.id(), stored_type) <= 0) {
    Fail(fmt::format("{} has the wrong type", name));
  }
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if (dataset.shape[axis] != shape[axis]) {
      Fail(fmt::format("{} has {} instead of {} entries on axis {}", name, dataset.shape[axis],
                       shape[axis], axis));
    }
  }
  return dataset;
}

void Hdf5ArrayReader::RequirePlainStorage(const Hdf5Handle& dataset, const char* name) const {
  const Hdf5Handle properties(context_.Checked(H5Dget_create_plist(dataset.id()), name), H5Pclose);
  if (H5Pget_layout(properties.id()) != H5D_CONTIGUOUS ||
      H5Pget_external_count(properties.id()) != 0) {
    Fail(fmt::format("{} is not stored in one piece within the file", name));
  }
}

void Hdf5ArrayReader::RequireBytes(const Dataset& dataset, const char* name) const {
  uint64_t size_bytes = H5Tget_size(dataset.type.id());
  uint64_t num_values = 1;
  for (const hsize_t extent : dataset.shape) {
    if (__builtin_mul_overflow(num_values, extent, &num_values) || num_values > kMaxValues ||
        __builtin_mul_overflow(size_bytes, extent, &size_bytes)) {
      Fail(fmt::format("{} has more than {} values", name, kMaxValues));
    }
  }
  if (size_bytes > file_size_bytes_ || H5Dget_storage_size(dataset.handle.id()) != size_bytes) {
    Fail(fmt::format("{} is cut short", name));
  }
}

void Hdf5ArrayReader::Read(const Dataset& dataset, const char* name, hid_t memory_type,
                           void* values) const {
  context_.Checked(H5Dread(dataset.handle.id(), memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values),
                   name);
}

size_t Hdf5ArrayReader::StringWidth(const Hdf5Handle& type, const char* name) const {
  if (H5Tget_class(type.id()) != H5T_STRING || H5Tis_variable_str(type.id()) != 0) {
    Fail(fmt::format("{} is not fixed-length text", name));
  }
  const size_t width = H5Tget_size(type.id());
  if (width == 0 || width > kMaxTextBytes) {
    Fail(fmt::format("{} has texts of {} bytes", name, width));
  }
  return width;
}

}  // namespace reel3d

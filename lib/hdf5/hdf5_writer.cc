// SPDX-License-Identifier: Apache-2.0
#include "lib/hdf5/hdf5_writer.h"

#include <hdf5.h>

#include <algorithm>

#include "lib/base/error.h"

namespace reel3d {
namespace {

constexpr uint64_t kAlignmentBytes = 4096;

template <class Status>
Status Wrote(Status status, const std::string& file, const std::string& what) {
  return CheckedHdf5(status, ErrorKind::kEnvironment, file, "write " + what);
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

Hdf5Id Hdf5Writer::Creation(int64_t property_class) const {
  Hdf5Id properties(Wrote(H5Pcreate(property_class), file_name_, "it"), H5Pclose);
  // If the times of objects were stored, the same content would not give the same bytes.
  Wrote(H5Pset_obj_track_times(properties.get(), false), file_name_, "it");
  return properties;
}

Hdf5Writer::Hdf5Writer(const std::filesystem::path& file, const std::string& called)
    : file_name_(called) {
  SilenceHdf5();
  const Hdf5Id access(Wrote(H5Pcreate(H5P_FILE_ACCESS), file_name_, "it"), H5Pclose);
  Wrote(H5Pset_alignment(access.get(), kAlignmentBytes, kAlignmentBytes), file_name_, "it");
  // From version 1.8 (2008) on, HDF5's own structures carry checksums. Damage to older structures
  // can crash the library.
  Wrote(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_V18), file_name_, "it");
  const Hdf5Id creation = Creation(H5P_FILE_CREATE);
  constexpr unsigned kMaxPlainAttributes = 64;
  Wrote(H5Pset_attr_phase_change(creation.get(), kMaxPlainAttributes, 0), file_name_, "it");
  file_ = Hdf5Id(
      Wrote(H5Fcreate(file.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()), file_name_, "it"),
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
  Attribute(name, Hdf5TypeOf<uint32_t>(), &value);
}

void Hdf5Writer::Attribute(const std::string& name, uint8_t value) {
  Attribute(name, Hdf5TypeOf<uint8_t>(), &value);
}

void Hdf5Writer::Attribute(const std::string& name, int64_t value) {
  Attribute(name, Hdf5TypeOf<int64_t>(), &value);
}

void Hdf5Writer::Group(const std::string& name) {
  const Hdf5Id creation = Creation(H5P_GROUP_CREATE);
  Hdf5Id group(
      Wrote(H5Gcreate2(file_.get(), name.c_str(), H5P_DEFAULT, creation.get(), H5P_DEFAULT),
            file_name_, name),
      H5Gclose);
}

void Hdf5Writer::Create(const std::string& name, int64_t type, const std::vector<uint64_t>& shape) {
  const std::vector<hsize_t> extents(shape.begin(), shape.end());
  const Hdf5Id space(
      Wrote(H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr), file_name_,
            name),
      H5Sclose);
  const Hdf5Id layout = Creation(H5P_DATASET_CREATE);
  Wrote(H5Pset_layout(layout.get(), H5D_CONTIGUOUS), file_name_, name);
  Wrote(H5Pset_alloc_time(layout.get(), H5D_ALLOC_TIME_EARLY), file_name_, name);
  Wrote(H5Pset_fill_time(layout.get(), H5D_FILL_TIME_NEVER), file_name_, name);
  dataset_ = Hdf5Id(Wrote(H5Dcreate2(file_.get(), name.c_str(), type, space.get(), H5P_DEFAULT,
                                     layout.get(), H5P_DEFAULT),
                          file_name_, name),
                    H5Dclose);
}

void Hdf5Writer::Write(const std::string& name, int64_t type, const std::vector<uint64_t>& shape,
                       const void* values) {
  Create(name, type, shape);
  if (std::find(shape.begin(), shape.end(), 0U) == shape.end()) {
    Wrote(H5Dwrite(dataset_.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), file_name_, name);
  }
  Wrote(dataset_.CloseNow(), file_name_, name);
}

template <class T>
void Hdf5Writer::Values(const std::string& name, const std::vector<T>& values) {
  Write(name, Hdf5TypeOf<T>(), {values.size()}, values.data());
}

template void Hdf5Writer::Values(const std::string&, const std::vector<uint8_t>&);
template void Hdf5Writer::Values(const std::string&, const std::vector<uint16_t>&);
template void Hdf5Writer::Values(const std::string&, const std::vector<uint32_t>&);
template void Hdf5Writer::Values(const std::string&, const std::vector<uint64_t>&);
template void Hdf5Writer::Values(const std::string&, const std::vector<int32_t>&);

void Hdf5Writer::Rows(const std::string& name, const std::vector<float>& values,
                      size_t num_columns) {
  REEL3D_CHECK(num_columns > 0 && values.size() % num_columns == 0);
  Write(name, Hdf5TypeOf<float>(), {values.size() / num_columns, num_columns}, values.data());
}

void Hdf5Writer::Strings(const std::string& name, const std::vector<std::string>& strings) {
  size_t width = 1;
  for (const std::string& text : strings) {
    width = std::max(width, text.size());
  }
  std::string padded(width * strings.size(), '\0');
  for (size_t i = 0; i < strings.size(); ++i) {
    strings[i].copy(&padded[i * width], width);
  }
  Write(name, StringType(width).get(), {strings.size()}, padded.data());
}

void Hdf5Writer::BeginBytes(const std::string& name, uint64_t size_bytes) {
  Create(name, Hdf5TypeOf<uint8_t>(), {size_bytes});
  bytes_written_ = 0;
}

void Hdf5Writer::AppendBytes(const void* bytes, uint64_t size_bytes) {
  const hsize_t begin = bytes_written_;
  const hsize_t count = size_bytes;
  const Hdf5Id there(Wrote(H5Dget_space(dataset_.get()), file_name_, "bytes"), H5Sclose);
  const Hdf5Id here(Wrote(H5Screate_simple(1, &count, nullptr), file_name_, "bytes"), H5Sclose);
  Wrote(H5Sselect_hyperslab(there.get(), H5S_SELECT_SET, &begin, nullptr, &count, nullptr),
        file_name_, "bytes");
  Wrote(
      H5Dwrite(dataset_.get(), Hdf5TypeOf<uint8_t>(), here.get(), there.get(), H5P_DEFAULT, bytes),
      file_name_, "bytes");
  bytes_written_ += size_bytes;
}

void Hdf5Writer::Flush() {
  Wrote(dataset_.CloseNow(), file_name_, "it");
  Wrote(H5Fflush(file_.get(), H5F_SCOPE_GLOBAL), file_name_, "it");
}

void Hdf5Writer::Close() { Wrote(file_.CloseNow(), file_name_, "it"); }

}  // namespace reel3d

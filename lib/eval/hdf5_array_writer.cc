// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/hdf5_array_writer.h"

#include <algorithm>

namespace reel3d {

Hdf5ArrayWriter::Hdf5ArrayWriter(const std::filesystem::path& path, const std::string& name)
    : context_(ErrorKind::kEnvironment, "cannot write " + name),
      dataset_properties_(WithoutTimes(H5P_DATASET_CREATE)),
      group_properties_(WithoutTimes(H5P_GROUP_CREATE)),
      file_(Create(path)) {}

void Hdf5ArrayWriter::Group(const char* name) {
  const hid_t id = H5Gcreate2(file_.id(), name, H5P_DEFAULT, group_properties_.id(), H5P_DEFAULT);
  Hdf5Handle(context_.Checked(id, name), H5Gclose).Close(context_);
}

void Hdf5ArrayWriter::Data(const char* name, hid_t type, const std::vector<hsize_t>& shape,
                           const void* values) {
  const hid_t space_id = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
  const Hdf5Handle space(context_.Checked(space_id, name), H5Sclose);
  const hid_t id = H5Dcreate2(file_.id(), name, type, space.id(), H5P_DEFAULT,
                              dataset_properties_.id(), H5P_DEFAULT);
  Hdf5Handle dataset(context_.Checked(id, name), H5Dclose);
  context_.Checked(H5Dwrite(dataset.id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), name);
  dataset.Close(context_);
}

void Hdf5ArrayWriter::Strings(const char* name, const std::vector<std::string>& strings) {
  size_t width = 1;
  for (const std::string& text : strings) {
    width = std::max(width, text.size());
  }
  std::string bytes(width * strings.size(), '\0');
  for (size_t row = 0; row < strings.size(); ++row) {
    bytes.replace(row * width, strings[row].size(), strings[row]);
  }
  const Hdf5Handle type = Hdf5StringType(context_, width);
  Data(name, type.id(), {strings.size()}, bytes.data());
}

void Hdf5ArrayWriter::Attribute(const char* name, int64_t value) {
  Attribute(name, H5T_NATIVE_INT64, &value);
}

void Hdf5ArrayWriter::Attribute(const char* name, const std::string& text) {
  const Hdf5Handle type = Hdf5StringType(context_, std::max<size_t>(1, text.size()));
  Attribute(name, type.id(), text.c_str());
}

void Hdf5ArrayWriter::Finish() {
  context_.Checked(H5Fflush(file_.id(), H5F_SCOPE_LOCAL), "flushing it");
  Attribute("complete", 1);
  file_.Close(context_);
}

Hdf5Handle Hdf5ArrayWriter::WithoutTimes(hid_t property_class) const {
  Hdf5Handle properties(context_.Checked(H5Pcreate(property_class), "preparing"), H5Pclose);
  context_.Checked(H5Pset_obj_track_times(properties.id(), false), "preparing");
  return properties;
}

Hdf5Handle Hdf5ArrayWriter::Create(const std::filesystem::path& path) const {
  const Hdf5Handle properties = WithoutTimes(H5P_FILE_CREATE);
  const hid_t id = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, properties.id(), H5P_DEFAULT);
  return {context_.Checked(id, "creating it"), H5Fclose};
}

void Hdf5ArrayWriter::Attribute(const char* name, hid_t type, const void* value) {
  const Hdf5Handle space(context_.Checked(H5Screate(H5S_SCALAR), name), H5Sclose);
  const hid_t id = H5Acreate2(file_.id(), name, type, space.id(), H5P_DEFAULT, H5P_DEFAULT);
  Hdf5Handle attribute(context_.Checked(id, name), H5Aclose);
  context_.Checked(H5Awrite(attribute.id(), type, value), name);
  attribute.Close(context_);
}

}  // namespace reel3d

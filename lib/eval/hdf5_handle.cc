// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/hdf5_handle.h"

#include <fmt/format.h>

#include "lib/cli/version.h"

namespace reel3d {
namespace {

const LinkedLibrary kHdf5("hdf5",
                          fmt::format("{}.{}.{}", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE));

// Called from the innermost entry outwards; a non-zero result ends the walk after the first.
herr_t KeepFirst(unsigned /*depth*/, const H5E_error2_t* entry, void* text) {
  *static_cast<std::string*>(text) = entry->desc == nullptr ? "" : entry->desc;
  return 1;
}

}  // namespace

Hdf5Context::Hdf5Context(ErrorKind kind, std::string doing)
    : kind_(kind), doing_(std::move(doing)) {
  Checked(H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr), "silencing HDF5");
}

void Hdf5Context::Fail(const std::string& what) const {
  std::string words;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, KeepFirst, &words);
  throw Error(kind_, words.empty() ? fmt::format("{}: {}", doing_, what)
                                   : fmt::format("{}: {} (HDF5: {})", doing_, what, words));
}

Hdf5Handle Hdf5StringType(const Hdf5Context& context, size_t size_bytes) {
  Hdf5Handle type(context.Checked(H5Tcopy(H5T_C_S1), "making a type"), H5Tclose);
  context.Checked(H5Tset_size(type.id(), size_bytes), "making a type");
  context.Checked(H5Tset_cset(type.id(), H5T_CSET_UTF8), "making a type");
  context.Checked(H5Tset_strpad(type.id(), H5T_STR_NULLPAD), "making a type");
  return type;
}

}  // namespace reel3d

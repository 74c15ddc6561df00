// SPDX-License-Identifier: Apache-2.0
#include "lib/base/versions.h"

#include <map>

namespace reel3d {
namespace {

std::map<std::string, std::string>& Libraries() {
  static std::map<std::string, std::string> libraries;
  return libraries;
}

}  // namespace

std::string Version() { return REEL3D_VERSION; }

LinkedLibrary::LinkedLibrary(const char* name, std::string version) {
  Libraries()[name] = std::move(version);
}

std::string LinkedLibraries() {
  std::string text;
  for (const auto& [name, version] : Libraries()) {
    text += name + " " + version + "\n";
  }
  return text;
}

}  // namespace reel3d

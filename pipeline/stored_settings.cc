// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stored_settings.h"

#include "lib/base/error.h"
#include "lib/cli/tool.h"

namespace reel3d {

void ReadStoredSettings(TrainOptions* options, const std::string& text, const std::string& source) {
  try {
    ReadConfig([&](OptionBinder& binder) { options->Bind(binder); }, text, source);
    options->Check();
  } catch (const Error& error) {
    throw InputError(error.what());
  }
}

}  // namespace reel3d

// Settings of train-r3d that a file holds: a checkpoint's, or those that weights tell.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "lib/train/train_options.h"

namespace reel3d {

// Sets fields from `key = value` lines and checks the whole. They are not the user's usage: throws
// an input error that names `source` on what is wrong with them.
void ReadStoredSettings(TrainOptions* options, const std::string& text, const std::string& source);

}  // namespace reel3d

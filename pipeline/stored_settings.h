// Settings of train-r3d that a file holds: a checkpoint's, or those that weights tell.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "lib/model/weights_header.h"
#include "lib/model/weights_layout.h"
#include "lib/train/train_options.h"

namespace reel3d {

// Sets fields from `key = value` lines and checks the whole. They are not the user's usage: throws
// an input error that names `source` on what is wrong with them.
void ReadStoredSettings(TrainOptions* options, const std::string& text, const std::string& source);

// Throws an input error that names `source` if the weights lack their last layer.
void RequireHead(const WeightsLayout& layout, const std::string& source);

// What the weights tell by themselves, over what the file's notes say, over `options`: the network
// with its classes, and its clips, which are those that the family was published for where no note
// says them. Throws an input error where the weights are of no network that reel3d knows.
TrainOptions SettingsOfWeights(TrainOptions options, const WeightsHeader& header,
                               const std::string& source);

// Throws a usage error that asks for --clip-frames and --size if a clip of these sizes, which
// `source` alone says, is larger than any that a family was published for: a small file could
// take all memory.
void RequireModestClip(int64_t frames, int64_t size, const std::string& source);

}  // namespace reel3d

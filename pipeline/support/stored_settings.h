// Settings of train-r3d that a file holds: a checkpoint's, those that weights tell, or a file of
// settings.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "lib/train/train_options.h"
#include "lib/weights/weights_header.h"
#include "lib/weights/weights_layout.h"

namespace reel3d {

// Sets fields from `key = value` lines and checks the whole. They are not the user's usage: throws
// an input error that names `source` on what is wrong with them. They may name a recipe of
// configs/recipes, which is read first; a recipe that is a file is refused.
void ReadStoredSettings(TrainOptions* options, const std::string& text, const std::string& source);

// Sets fields from a file of settings and the recipes beneath it (lib/cli/config_file.h), and
// returns all these files. Throws a usage error on what is wrong with one of them, but does not
// check the settings as a whole.
std::vector<std::filesystem::path> ReadSettingsFile(TrainOptions* options,
                                                    const std::filesystem::path& file);

// Throws an input error that names `source` if the weights lack their last layer.
void RequireHead(const WeightsLayout& layout, const std::string& source);

// The network with its classes, and its clips. Sources, strongest first: the weights' names and
// shapes, the file's notes, the defaults. Without a note, clips are those that the family was
// published for. Throws an input error where the weights are of no network that reel3d knows.
TrainOptions SettingsOfWeights(const WeightsHeader& header, const std::string& source);

// Throws a usage error that asks for `options` if a clip of these sizes, which `source` alone says,
// is larger than any that a family was published for: a small file could take all memory.
void RequireModestClip(int64_t frames, int64_t size, const std::string& source,
                       const char* options = "--clip-frames and --size");

}  // namespace reel3d

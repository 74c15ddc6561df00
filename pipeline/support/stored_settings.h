// Reads the settings of train-r3d from a checkpoint, from weights, or from a file of settings.
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

// Sets fields from `key = value` lines and checks all settings. Throws an input error that names
// `source` if they are wrong, because the user did not write them. They may name a recipe of
// configs/recipes, which is read first; a recipe that is a file is refused.
void ReadStoredSettings(TrainOptions* options, const std::string& text, const std::string& source);

// Sets fields from a file of settings and its recipes (lib/cli/config_file.h), and returns all
// these files. Throws a usage error if a value is wrong, but does not check the settings together.
std::vector<std::filesystem::path> ReadSettingsFile(TrainOptions* options,
                                                    const std::filesystem::path& file);

// Throws an input error that names `source` if the weights lack their last layer.
void RequireHead(const WeightsLayout& layout, const std::string& source);

// Returns the network with its classes, and its clips. Sources, strongest first: the weights' names
// and shapes, the file's notes, the defaults. Without a note, clips are those that the family was
// published for. Throws an input error if reel3d does not know the network of the weights.
TrainOptions SettingsOfWeights(const WeightsHeader& header, const std::string& source);

// Throws a usage error that asks for `options` if a clip of these sizes is larger than any that a
// family was published for. Call it for sizes that only `source` states, because a small file could
// otherwise take all memory.
void RequireModestClip(int64_t frames, int64_t size, const std::string& source,
                       const char* options = "--clip-frames and --size");

}  // namespace reel3d

// Reads the settings of train-r3d from a checkpoint, from weights, or from a file of settings.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "lib/data/passport.h"
#include "lib/train/train_options.h"
#include "lib/weights/weights_header.h"
#include "lib/weights/weights_layout.h"

namespace reel3d {

// Sets fields of `options` from the `key = value` lines of `text`, and checks all settings. Throws
// an input error that names `source` if a setting is wrong: it is no usage error, because the user
// did not write it. `text` may name a recipe of configs/recipes, which is read first. A recipe
// given as a path is refused.
void ReadStoredSettings(TrainOptions* options, const std::string& text, const std::string& source);

// Sets fields of `options` from a file of settings and its recipes (lib/cli/config_file.h). Returns
// all files that were read. Throws a usage error if a value is wrong, but does not call
// options->Check().
std::vector<std::filesystem::path> ReadSettingsFile(TrainOptions* options,
                                                    const std::filesystem::path& file);

// Throws an input error that names `source` if the weights lack their last layer.
void RequireHead(const WeightsLayout& layout, const std::string& source);

// Returns the settings of the network in a file of weights, with its number of classes and its
// clips. Sources, strongest first: names and shapes of the tensors, the file's metadata (notes),
// the defaults. Without notes, clips have the length and size that the network's family was
// published with. Throws an input error if reel3d does not know the network of the weights.
TrainOptions SettingsOfWeights(const WeightsHeader& header, const std::string& source);

// Returns a passport with what the notes of a file of weights say about the data of the training;
// nothing if they say nothing. Throws an input error that names `source` if the note is damaged.
std::optional<Passport> PassportOfWeights(const WeightsHeader& header, const std::string& source);

// Throws a usage error that asks for `options` if a clip has more pixels than 64 frames of 256 x
// 256, which is more than in any published network. Call it for sizes that come only from the file
// `source`, because a small file could otherwise take all memory.
void RequireModestClip(int64_t frames, int64_t size, const std::string& source,
                       const char* options = "--clip-frames and --size");

}  // namespace reel3d

// Starts training with the weights of another run, as the authors' code does: the last layer (head)
// is new, the layers before a chosen one are frozen, and the others have their own learning rate.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "lib/train/finetune_options.h"

namespace reel3d {

// Returns the layer that makes logits, which every network declares last, such as "fc".
std::string HeadOf(const torch::nn::Module& network);

// Returns the file that --finetune names, or the model file if it names a checkpoint folder.
std::filesystem::path PretrainedFile(const FinetuneOptions& options);

// Copies the weights of `file` into the network, except those of the head, which stay random. The
// file may have any number of classes. Returns a line that says what was copied. Throws an input
// error that names the first tensor that does not fit.
std::string LoadPretrained(torch::nn::Module& network, const std::filesystem::path& file);

// Freezes every parameter that is declared before those of `layer` ("layer4", or "layer4.1").
// Returns the number of frozen values. Throws a usage error that lists the layers if `layer` is not
// one of them, or is the first.
int64_t FreezeBefore(torch::nn::Module& network, const std::string& layer);

// Puts every module whose parameters are all frozen into evaluation mode, so that batch norm uses
// its running statistics and does not update them. Call it after each network.train().
void FixFrozenStatistics(torch::nn::Module& network);

// Returns the learning rate of a parameter as a multiple of --lr: `options.lr_factor` for
// pretrained parameters, 1 for the head, and 1 for all if no file is named.
double RateFactor(const FinetuneOptions& options, const std::string& head,
                  const std::string& parameter);

}  // namespace reel3d

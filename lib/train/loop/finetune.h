// Training that begins with the weights of another run, the reference's fine-tuning: a new head,
// the layers before a chosen one frozen, the others at a rate of their own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "lib/train/finetune_options.h"

namespace reel3d {

// The layer that makes logits, which every network declares last: "fc".
std::string HeadOf(const torch::nn::Module& network);

// The file that --finetune means: itself, or that of a checkpoint folder.
std::filesystem::path PretrainedFile(const FinetuneOptions& options);

// Copies the weights of `file` into the network, all but the head's, whatever the file's number of
// classes: those stay as they were drawn. Returns a line that says
// what was taken. Throws an input error that names the first tensor that does not fit.
std::string LoadPretrained(torch::nn::Module& network, const std::filesystem::path& file);

// Freezes every parameter that is declared before those of `layer` ("layer4", or "layer4.1").
// Returns how many values are frozen. Throws a usage error that lists the layers unless `layer` is
// one and not the first.
int64_t FreezeBefore(torch::nn::Module& network, const std::string& layer);

// Every module whose parameters are all frozen uses its running statistics as they are, and no
// longer moves them. To be called after each network.train().
void FixFrozenStatistics(torch::nn::Module& network);

// How fast a parameter learns as a multiple of --lr: the head's is 1, the pretrained ones'
// `options.lr_factor` where there is a file.
double RateFactor(const FinetuneOptions& options, const std::string& head,
                  const std::string& parameter);

}  // namespace reel3d

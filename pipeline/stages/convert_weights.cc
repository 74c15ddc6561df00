// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/convert_weights.h"

#include <fmt/format.h>
#include <torch/types.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/log.h"
#include "lib/data/frame_facts.h"
#include "lib/dist/torch_errors.h"
#include "lib/model/reference_arch.h"
#include "lib/model/torch_script.h"
#include "lib/model/weights_file.h"
#include "lib/train/checkpoint/checkpoint_folder.h"
#include "lib/train/train_options.h"
#include "lib/weights/family.h"
#include "lib/weights/weights_layout.h"
#include "pipeline/support/stored_settings.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

struct Source {
  WeightsHeader header;
  NamedTensors tensors;
  int64_t epoch = 0;  // number of epochs of training; 0: unknown
};

int64_t EpochIn(const WeightsHeader& header) {
  const auto note = header.notes.find("epoch");
  int64_t epoch = 0;
  if (note != header.notes.end()) {
    const std::string& text = note->second;
    std::from_chars(text.data(), text.data() + text.size(), epoch);
  }
  return std::max<int64_t>(0, epoch);
}

// Reads IN. Classes and settings of a checkpoint become notes, which only .safetensors can store.
Source ReadSource(const fs::path& in) {
  Source source;
  fs::path weights = in;
  if (fs::is_directory(in)) {
    VerifyCheckpoint(in);
    weights = in / CheckpointFiles::kModel;
  }
  source.header = ReadWeightsHeader(weights);
  source.tensors = LoadWeights(weights);
  if (!source.header.wrapper.empty()) {
    LogInfo(fmt::format("{}: {}", in.string(), source.header.wrapper));
  }
  source.epoch = EpochIn(source.header);
  if (fs::is_directory(in)) {
    const nlohmann::ordered_json state = ReadCheckpointState(in);
    source.header.format = "checkpoint";
    UseJson(in.string(), [&] {
      source.header.notes[kClassesNote] = state.value("classes", nlohmann::ordered_json()).dump();
      source.header.notes[kConfigNote] = state.value("config", "");
      if (state.contains("epoch")) {
        source.epoch = IntegerAt(state, "epoch", 0, std::numeric_limits<int>::max(),
                                 (in / CheckpointFiles::kState).string());
      }
    });
    const auto frames = FrameFactsOf(PassportOrWarning([&] { return PassportOfTraining(in); }));
    if (frames) {
      source.header.notes[kFramesNote] = FrameFactsToJson(*frames).dump();
    }
  }
  return source;
}

// Returns IN's settings of the network and its clips. Values given in `options` replace them.
TrainOptions SettingsOf(const Source& source, const ConvertWeightsOptions& options) {
  TrainOptions settings = SettingsOfWeights(source.header, options.in);
  if (options.stem_stride > 0) {
    settings.network.stem_stride = options.stem_stride;
  }
  if (options.max_pool != StemPooling::kStored) {
    settings.network.max_pool = options.max_pool == StemPooling::kTrue;
  }
  return settings;
}

// Writes a file that main.py of the authors' Python can load. Returns main.py's arguments for it.
std::string SaveReferenceCheckpoint(const fs::path& file, const Source& source,
                                    const ConvertWeightsOptions& options) {
  const NetworkOptions network = SettingsOf(source, options).network;
  const ReferenceArch arch = ReferenceArchOf(network);
  SavePth(file, source.tensors, PthCheckpoint{source.epoch, arch.name});
  const char* const classes = arch.branch == "master" ? "n_pretrain_classes" : "n_classes";
  return fmt::format("for main.py of branch {}: {} --{} {} --pretrain_path {}\n", arch.branch,
                     arch.arguments, classes, network.num_classes, options.out);
}

// Writes a TorchScript program. Returns a note if the program accepts clips of one size only.
std::string SaveScript(const fs::path& file, const Source& source,
                       const ConvertWeightsOptions& options) {
  const TrainOptions settings = SettingsOf(source, options);
  const ScriptClip clip = {options.clip_frames > 0 ? options.clip_frames : settings.clip.length,
                           options.size > 0 ? options.size : settings.crop.size};
  if (options.clip_frames == 0 || options.size == 0) {
    RequireModestClip(clip.frames, clip.size, options.in);
  }
  const bool any_size = SaveTorchScript(file, settings.network, source.tensors, clip, options.in);
  return any_size ? ""
                  : fmt::format(
                        "takes clips of {0} frames of {1} x {1} pixels alone, and any number "
                        "of them: --clip-frames and --size choose others\n",
                        clip.frames, clip.size);
}

std::string Save(const fs::path& file, const Source& source, const ConvertWeightsOptions& options) {
  const std::string format = fs::path(options.out).extension().string();
  if (format == ".pt") {
    return SaveScript(file, source, options);
  }
  if (options.as == PthForm::kReferenceCheckpoint) {
    return SaveReferenceCheckpoint(file, source, options);
  }
  if (format == ".pth") {
    SavePth(file, source.tensors);
  } else {
    SaveTensors(file, source.tensors, source.header.notes);
  }
  return "";
}

// Returns the tensor in the type that networks and their programs hold: float32, or int64 for
// counts.
at::Tensor InNetwork(const at::Tensor& tensor) {
  return tensor.to(tensor.is_floating_point() ? at::kFloat : at::kLong);
}

// Throws unless the file `written` holds `tensors`, bit for bit. `out` is the final name of the
// file, for the error.
void RequireSame(const fs::path& written, const NamedTensors& tensors, const fs::path& out) {
  const bool is_program = out.extension() == ".pt";
  const NamedTensors found = LoadWeights(written);
  std::map<std::string, at::Tensor> by_name(found.begin(), found.end());
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor expected = (is_program ? InNetwork(tensor) : tensor).contiguous();
    const auto match = by_name.find(name);
    if (match == by_name.end() || match->second.sizes() != expected.sizes() ||
        match->second.scalar_type() != expected.scalar_type() ||
        std::memcmp(match->second.const_data_ptr(), expected.const_data_ptr(), expected.nbytes()) !=
            0) {
      throw EnvironmentError(
          fmt::format("{}: reads back with another {}: the disk is failing", out.string(), name));
    }
  }
}

ToolResult Convert(const ConvertWeightsOptions& options) {
  if (!options.overwrite && fs::exists(options.out)) {
    throw UsageError(options.out + " is there already: --overwrite replaces it");
  }
  const Source source = ReadSource(options.in);
  PendingFile pending(options.out);
  const std::string remark = Save(pending.temporary_path(), source, options);
  RequireSame(pending.temporary_path(), source.tensors, options.out);
  pending.Publish();

  const auto layout = FindLayout(source.header.tensors);
  const std::string network = layout ? layout->Describe() : "";
  ToolResult result;
  result.json = {{"from", source.header.format},
                 {"to", fs::path(options.out).extension().string()},
                 {"tensors", source.tensors.size()},
                 {"network", network}};
  result.text = fmt::format("{} tensors of {}{}\n", source.tensors.size(), source.header.format,
                            layout ? ": " + network : "") +
                remark;
  return result;
}

}  // namespace

void ConvertWeightsOptions::Bind(OptionBinder& binder) {
  binder.Positional("IN", &in,
                    "weights: .pth, .pt or .tar of torch.save, TorchScript, .safetensors "
                    "(FILE:ENTRY if it holds several), or a checkpoint folder of train-r3d");
  binder.Positional("OUT", &out,
                    "file to write: .safetensors, .pth for torch.load(..., weights_only=True), or "
                    ".pt: TorchScript, the network with its weights, for torch.jit.load");
  binder.Choice("as", &as, "form of a .pth file");
  binder.Bind(
      "stem-stride", &stem_stride, {0, 16},
      "stride of the first convolution in frames, for TorchScript and reference-checkpoint, since "
      "weights do not show it; 0: as a checkpoint states, else 1");
  binder.Choice("max-pool", &max_pool,
                "whether a pooling follows the first convolution, for TorchScript and "
                "reference-checkpoint, since weights do not show it");
  binder.Bind("clip-frames", &clip_frames, {0, 1024},
              fmt::format("frames of the clip with which a TorchScript program is recorded; a "
                          "network whose padding depends on the size then accepts only clips of "
                          "this length and --size. 0: as trained or published ({})",
                          PublishedValues(&Family::clip_frames))
                  .c_str());
  binder.Bind("size", &size, {0, 1024},
              fmt::format("height and width in pixels of the clip with which a TorchScript program "
                          "is recorded; 0: as trained or published ({})",
                          PublishedValues(&Family::clip_size))
                  .c_str());
  binder.Bind("overwrite", &overwrite, "replace OUT if it exists", Effect::kOnce);
}

void ConvertWeightsOptions::Check() const {
  const std::string format = fs::path(out).extension().string();
  if (format != ".pth" && format != ".pt" && format != ".safetensors") {
    throw UsageError(
        fmt::format("{}: a name that ends in .safetensors, .pth or .pt says what to write", out));
  }
  if (as == PthForm::kReferenceCheckpoint && format != ".pth") {
    throw UsageError(
        fmt::format("--as reference-checkpoint is for .pth files, and OUT is {}", out));
  }
}

ToolResult RunConversion(const ConvertWeightsOptions& options) {
  ToolResult result;
  WithTorchErrors([&] { result = Convert(options); });
  return result;
}

}  // namespace reel3d

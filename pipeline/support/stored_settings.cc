// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/stored_settings.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>

#include "lib/base/error.h"
#include "lib/base/json.h"
#include "lib/cli/tool.h"
#include "lib/data/frame_facts.h"
#include "lib/weights/family.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

void UsePublishedClips(TrainOptions* options) {
  const Family& family = FamilyOf(options->network.model);
  options->clip.length = static_cast<int>(family.clip_frames);
  options->crop.size = static_cast<int>(family.clip_size);
}

}  // namespace

void ReadStoredSettings(TrainOptions* options, const std::string& text, const std::string& source) {
  try {
    ReadConfig([&](OptionBinder& binder) { options->Bind(binder); }, text, source,
               RecipeFiles::kRefused);
    options->Check();
  } catch (const Error& error) {
    throw InputError(error.what());
  }
}

std::vector<fs::path> ReadSettingsFile(TrainOptions* options, const fs::path& file) {
  return ReadConfigFile([&](OptionBinder& binder) { options->Bind(binder); }, file);
}

void RequireHead(const WeightsLayout& layout, const std::string& source) {
  if (layout.num_classes == 0) {
    throw InputError(fmt::format("{}: of {}, but without the layer that makes logits ({})", source,
                                 layout.family, layout.head));
  }
}

std::optional<Passport> PassportOfWeights(const WeightsHeader& header, const std::string& source) {
  const auto note = header.notes.find(kFramesNote);
  if (note == header.notes.end()) {
    return std::nullopt;
  }
  const std::string of_note = fmt::format("{}: its note {}", source, kFramesNote);
  Passport passport;
  SetFrames(FrameFactsFromJson(ParseJsonObject(note->second, of_note), of_note), &passport);
  return passport;
}

void RequireModestClip(int64_t frames, int64_t size, const std::string& source,
                       const char* options) {
  constexpr int64_t kMostPixels = int64_t{64} * 256 * 256;  // published: 64 * 224 * 224 at most
  if (size * size * frames > kMostPixels) {
    throw UsageError(
        fmt::format("{}: asks for clips of {} frames of {} x {} pixels, for which a network may "
                    "take many gigabytes: say {} yourself (the same, if you "
                    "mean them; most networks are published for 16 and 112)",
                    source, frames, size, size, options));
  }
}

TrainOptions SettingsOfWeights(const WeightsHeader& header, const std::string& source) {
  TrainOptions options;
  const std::optional<WeightsLayout> layout = FindLayout(header.tensors);
  if (!layout) {
    throw InputError(source + ": its tensors are of no network that reel3d knows");
  }
  RequireHead(*layout, source);
  const auto note = header.notes.find(kConfigNote);
  const std::string known = note == header.notes.end() ? "" : note->second;
  ReadStoredSettings(&options, known, source);
  ReadStoredSettings(&options, layout->Config(), source);
  options.network.num_classes = static_cast<int>(layout->num_classes);
  if (known.empty()) {
    UsePublishedClips(&options);
  }
  return options;
}

}  // namespace reel3d

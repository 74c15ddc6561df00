// Describes the files of the stages from videos to scores, in the form that inspect_file.h defines.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

namespace reel3d {

// Describes a manifest, an index of shards or a list of shards (.tsv).
nlohmann::ordered_json InspectTable(const std::filesystem::path& file);

// Describes the mapped form of an index of shards (index.bin). Reads it to its end, and compares it
// with the index.tsv beside it, if there is one.
nlohmann::ordered_json InspectIndexImage(const std::filesystem::path& file);

// Describes a shard, or a file of scores or features (.h5).
nlohmann::ordered_json InspectHdf5(const std::filesystem::path& file);

// Describes a prepared video, Motion-JPEG in Matroska (.mkv), and reads it to its end.
nlohmann::ordered_json InspectPreparedVideo(const std::filesystem::path& file);

}  // namespace reel3d

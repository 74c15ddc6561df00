// Describes the files of the data's way from videos to scores, each as inspect_file.h says.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

namespace reel3d {

// A manifest, an index of shards or a list of shards (.tsv).
nlohmann::ordered_json InspectTable(const std::filesystem::path& file);

// A shard or a file of scores (.h5).
nlohmann::ordered_json InspectHdf5(const std::filesystem::path& file);

// A prepared video: Motion-JPEG in Matroska (.mkv), read to its end.
nlohmann::ordered_json InspectPreparedVideo(const std::filesystem::path& file);

}  // namespace reel3d

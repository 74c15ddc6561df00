// Writes what torch and the GPU do in a step.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <functional>

namespace reel3d::bench {

// Runs `work` and writes its operators and GPU kernels, with their times, to `file`. Browsers show
// such a file: chrome://tracing, or ui.perfetto.dev. The first run after a start takes longer.
void WriteTrace(const std::filesystem::path& file, bool with_gpu,
                const std::function<void()>& work);

}  // namespace reel3d::bench

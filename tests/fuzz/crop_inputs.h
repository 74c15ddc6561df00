// Inputs for fuzzing the two decoders of stored frames: a JPEG, followed by a crop.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "lib/data/crop_plan.h"
#include "tests/frames/jpeg_pictures.h"
#include "tests/fuzz/fuzz_target.h"

namespace reel3d::fuzz {

// Returns any plan that fits the frame.
inline CropPlan TakeFittingPlan(FrameSize frame, FileAndNumbers* numbers) {
  CropPlan plan;
  plan.frame = frame;
  plan.size = 16 * (1 + numbers->Below(8));
  plan.width = 1 + numbers->Below(frame.width);
  plan.height = 1 + numbers->Below(frame.height);
  plan.x = numbers->Below(frame.width - plan.width + 1);
  plan.y = numbers->Below(frame.height - plan.height + 1);
  const int slack = 1 << numbers->Below(12);
  plan.window_x = numbers->Below(slack);
  plan.window_y = numbers->Below(slack);
  plan.resized_width = plan.size + plan.window_x + numbers->Below(slack);
  plan.resized_height = plan.size + plan.window_y + numbers->Below(slack);
  plan.flip = numbers->Below(2) != 0;
  return plan;
}

// Returns small frames of every relevant kind, each with a few crops. The numbers of a seed are
// `before`, then those that TakeFittingPlan takes.
inline std::vector<std::string> CropSeeds(const std::vector<uint32_t>& before) {
  std::vector<std::string> seeds;
  for (const auto& [frame, interval] : {std::pair<FrameSize, int>{{64, 48}, 4},
                                        {{80, 36}, 5},
                                        {{130, 50}, 3},
                                        {{40, 90}, 1},
                                        {{48, 32}, 0}}) {
    test::JpegStyle style;
    style.restart_interval = interval;
    style.quality = 60 + 8 * interval;
    const std::vector<uint8_t> jpeg = test::MakeJpeg(frame, interval, style);
    const auto width = static_cast<uint32_t>(frame.width);
    const auto height = static_cast<uint32_t>(frame.height);
    for (const std::vector<uint32_t>& crop :
         {std::vector<uint32_t>{0, width - 1, height - 1, 0, 0, 0, 0, 0, 0, 0, 0},
          {1, width / 2, height / 2, 3, 5, 4, 7, 0, 9, 2, 1}}) {
      std::vector<uint32_t> numbers = before;
      numbers.insert(numbers.end(), crop.begin(), crop.end());
      seeds.push_back(FileAndNumbers::Join({jpeg.begin(), jpeg.end()}, numbers));
    }
  }
  return seeds;
}

}  // namespace reel3d::fuzz

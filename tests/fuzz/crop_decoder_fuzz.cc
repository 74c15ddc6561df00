// Fuzzes the crop decoder with any JPEG, any plan and any oversampling.
// SPDX-License-Identifier: Apache-2.0
#include "lib/frames/crop_decoder.h"

#include <memory>

#include "lib/frames/jpeg_stream.h"
#include "tests/fuzz/crop_inputs.h"

namespace reel3d::fuzz {
namespace {

constexpr uint32_t kWildPlan = 0;

CropPlan TakeWildPlan(FileAndNumbers* input) {
  CropPlan plan;
  for (int* field :
       {&plan.frame.width, &plan.frame.height, &plan.x, &plan.y, &plan.width, &plan.height,
        &plan.resized_width, &plan.resized_height, &plan.window_x, &plan.window_y, &plan.size}) {
    *field = static_cast<int>(input->Next());
  }
  return plan;
}

CropPlan TakePlan(FileAndNumbers* input) {
  if (input->Below(8) == kWildPlan) {
    return TakeWildPlan(input);
  }
  jpeg::StreamHeader header;
  const bool sound = jpeg::ReadStreamHeader(input->file().data(), input->file().size(), &header);
  return TakeFittingPlan(sound ? FrameSize{header.width, header.height} : FrameSize{64, 48}, input);
}

// Returns the pixels in memory of their exact size, or null if the decoder refuses the JPEG.
std::unique_ptr<uint8_t[]> Decode(jpeg::CropDecoder* decoder, const std::vector<uint8_t>& jpeg,
                                  const CropPlan& plan, size_t size_bytes) {
  auto pixels = std::make_unique<uint8_t[]>(size_bytes);
  const bool decoded = decoder->Decode(jpeg.data(), jpeg.size(), plan, pixels.get(),
                                       static_cast<int64_t>(size_bytes / 3));
  return decoded ? std::move(pixels) : nullptr;
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds = CropSeeds({150, kWildPlan + 1});
  const std::vector<uint8_t> jpeg = test::MakeJpeg({64, 48}, 1);
  seeds.push_back(FileAndNumbers::Join({jpeg.begin(), jpeg.end()},
                                       {150, kWildPlan, 64, 48, 0, 0, 64, 48, 32, 32, 0, 0, 32}));
  return seeds;
}

}  // namespace reel3d::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reel3d;
  fuzz::FileAndNumbers input(data, size);
  const double oversample = input.Below(1000) / 100.;
  const CropPlan plan = fuzz::TakePlan(&input);
  const int side = std::min(std::max(plan.size, 0), jpeg::kMaxOutput);
  const size_t size_bytes = size_t{3} * side * side;

  jpeg::CropDecoder decoder({oversample});
  const auto first = fuzz::Decode(&decoder, input.file(), plan, size_bytes);
  // The decoder's state from the first call must not change the second result.
  const auto second = fuzz::Decode(&decoder, input.file(), plan, size_bytes);
  REEL3D_CHECK(
      (first == nullptr) == (second == nullptr) &&
      (first == nullptr || std::equal(first.get(), first.get() + size_bytes, second.get())));
  return 0;
}

// SPDX-License-Identifier: Apache-2.0
#include "lib/model/folded_convolution.h"

#include <cstring>
#include <limits>

#include "lib/base/error.h"
#include "lib/model/parallel.h"

namespace reel3d {
namespace {

// Kernels for tensor cores are several times faster if the channels are a multiple of this.
constexpr int64_t kChannelStep = 32;

int64_t RoundUp(int64_t value, int64_t step) { return (value + step - 1) / step * step; }

// Holds the sizes of one axis of space with stride s. Zeros make the padding in front a multiple of
// s, and the kernel begins as many taps later.
struct SpaceFold {
  SpaceFold(int64_t size, int64_t kernel, int64_t stride, int64_t padding)
      : front(RoundUp(padding, stride)),
        late(front - padding),
        taps(RoundUp(kernel + late, stride) / stride),
        outputs((size + 2 * padding - kernel) / stride + 1),
        places(outputs + taps - 1),
        back(places * stride - front - size),
        behind_kernel(taps * stride - kernel - late) {}

  int64_t front;          // zeros before the input
  int64_t late;           // zeros before the kernel
  int64_t taps;           // of the folded kernel
  int64_t outputs;        // of the convolution
  int64_t places;         // of the folded input
  int64_t back;           // zeros behind the input; negative: the last pixels are not needed
  int64_t behind_kernel;  // zeros behind the kernel
};

// Holds the sizes that become channels: `frames` x `channels` is a multiple of kChannelStep, and as
// small as possible.
struct ChannelFold {
  ChannelFold(int64_t kernel_frames, int64_t square_channels) {
    int64_t least = std::numeric_limits<int64_t>::max();
    for (const int64_t step : {4, 8, 16, 32}) {
      const int64_t padded = RoundUp(square_channels, step);
      int64_t spanned = kernel_frames;
      while (spanned * padded % kChannelStep != 0) {
        ++spanned;
      }
      if (spanned * padded <= least) {
        least = spanned * padded;
        frames = spanned;
        channels = padded;
      }
    }
  }

  int64_t frames = 0;    // that the kernel spans, the last ones with weights of zero
  int64_t channels = 0;  // of a frame, the last ones zero
};

struct Fold {
  Fold(const at::Tensor& input, const at::Tensor& weight, const Triple& stride,
       const Triple& padding)
      : square((*stride)[1]),
        frame_stride((*stride)[0]),
        frame_padding((*padding)[0]),
        frame_outputs((input.size(2) + 2 * (*padding)[0] - weight.size(2)) / (*stride)[0] + 1),
        rows(input.size(3), weight.size(3), square, (*padding)[1]),
        columns(input.size(4), weight.size(4), square, (*padding)[2]),
        stack(weight.size(2), input.size(1) * square * square) {
    REEL3D_CHECK((*stride)[1] == (*stride)[2]);
  }

  int64_t square;  // side of the squares that become channels, in pixels
  int64_t frame_stride, frame_padding, frame_outputs;
  SpaceFold rows, columns;
  ChannelFold stack;
};

// Adds zeros to the last axis until it has `channels` values.
at::Tensor AddChannels(const at::Tensor& values, int64_t channels) {
  const int64_t added = channels - values.size(-1);
  return added == 0 ? values : at::constant_pad_nd(values, {0, added});
}

// Copies `count` pieces of kWords words each, the first words of which lie `stride` words apart.
template <int64_t kWords>
void CopyPieces(const int64_t* from, int64_t stride, int64_t count, int64_t* to) {
  for (int64_t piece = 0; piece < count; ++piece, from += stride, to += kWords) {
    std::memcpy(to, from, kWords * sizeof(int64_t));
  }
}

// Returns the function that copies pieces of `words` words, or nothing if there is none.
auto CopierOf(int64_t words) -> decltype(&CopyPieces<1>) {
  switch (words) {
    case 3:  // r3d in bfloat16
      return CopyPieces<3>;
    case 4:  // torchvision's networks in bfloat16
      return CopyPieces<4>;
    case 8:  // these in float32, R(2+1)D in bfloat16
      return CopyPieces<8>;
    default:
      return nullptr;
  }
}

// Copies (N, frames, rows, columns, spanned frames, words) of int64 on the CPU, several times as
// fast as torch, whose copy costs time by the axis of three words.
at::Tensor CopyWindows(const at::Tensor& windows, decltype(&CopyPieces<1>) copy) {
  at::Tensor copied = at::empty(windows.sizes(), windows.options());
  const int64_t num_rows = windows.size(0) * windows.size(1) * windows.size(2);
  const int64_t pixel_words = windows.size(4) * windows.size(5);
  const int64_t row_words = windows.size(3) * pixel_words;
  const auto* from = windows.const_data_ptr<int64_t>();
  auto* to = copied.mutable_data_ptr<int64_t>();
  RunParallel(num_rows, [&](int64_t index) {
    const int64_t row = index % windows.size(2);
    const int64_t frame = index / windows.size(2);  // of all clips
    const int64_t* source = from + row * windows.stride(2) +
                            frame % windows.size(1) * windows.stride(1) +
                            frame / windows.size(1) * windows.stride(0);
    int64_t* target = to + index * row_words;
    for (int64_t column = 0; column < windows.size(3); ++column) {
      copy(source, windows.stride(4), windows.size(4), target);
      source += windows.stride(3);
      target += pixel_words;
    }
  });
  return copied.flatten(-2);
}

// Copies (N, frames, rows, columns, spanned frames, channels) to (..., spanned frames * channels).
at::Tensor MergeChannels(const at::Tensor& windows) {
  const bool fills_words = windows.size(-1) * windows.element_size() % sizeof(int64_t) == 0;
  if (windows.requires_grad() || !fills_words) {
    return windows.flatten(-2);
  }
  // A copy costs time by the element, so elements of 8 bytes are the quickest.
  const at::Tensor words = windows.view(at::kLong);
  const auto copier = CopierOf(words.size(-1));
  const bool copies = words.is_cpu() && copier != nullptr && words.stride(-1) == 1;
  return (copies ? CopyWindows(words, copier) : words.flatten(-2)).view(windows.scalar_type());
}

// Returns (N * output frames, channels, rows, columns), with the channels last in memory.
at::Tensor FoldInput(const at::Tensor& input, const Fold& fold) {
  const int64_t frames = fold.frame_stride * (fold.frame_outputs - 1) + fold.stack.frames;
  const int64_t last_zeros = frames - fold.frame_padding - input.size(2);
  const at::Tensor padded = at::constant_pad_nd(
      input.permute({0, 2, 3, 4, 1}), {0, 0, fold.columns.front, fold.columns.back, fold.rows.front,
                                       fold.rows.back, fold.frame_padding, last_zeros});
  const int64_t s = fold.square;
  at::Tensor squares =
      padded.unflatten(3, {fold.columns.places, s}).unflatten(2, {fold.rows.places, s});
  squares = AddChannels(squares.transpose(3, 4).flatten(4), fold.stack.channels);
  const at::Tensor windows = squares.unfold(1, fold.stack.frames, fold.frame_stride);
  return MergeChannels(windows.transpose(4, 5)).flatten(0, 1).permute({0, 3, 1, 2});
}

// Returns (O, channels, rows, columns), with the channels last in memory.
at::Tensor FoldWeight(const at::Tensor& weight, const Fold& fold) {
  const at::Tensor padded =
      at::constant_pad_nd(weight.permute({0, 3, 4, 2, 1}),
                          {0, 0, 0, fold.stack.frames - weight.size(2), fold.columns.late,
                           fold.columns.behind_kernel, fold.rows.late, fold.rows.behind_kernel});
  const int64_t s = fold.square;
  const at::Tensor squares = padded.unflatten(2, {fold.columns.taps, s})
                                 .unflatten(1, {fold.rows.taps, s})
                                 .permute({0, 1, 3, 5, 2, 4, 6})
                                 .flatten(4);
  return AddChannels(squares, fold.stack.channels).flatten(3).permute({0, 3, 1, 2});
}

}  // namespace

at::Tensor FoldedConvolution(const at::Tensor& input, const at::Tensor& weight,
                             const at::Tensor& bias, const Triple& stride, const Triple& padding) {
  const Fold fold(input, weight, stride, padding);
  const at::Tensor planes = at::conv2d(FoldInput(input, fold), FoldWeight(weight, fold), bias);
  return planes.unflatten(0, {input.size(0), fold.frame_outputs}).transpose(1, 2);
}

}  // namespace reel3d

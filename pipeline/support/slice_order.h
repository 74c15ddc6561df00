// Decides in which order a task tries the slices that it shares with others.
//
// Tasks that start at the same moment all want slice 0. One that comes too late goes on at a random
// slice: otherwise a thousand of them would all want slice 1 then, and so on.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace reel3d {

class SliceOrder {
 public:
  explicit SliceOrder(int num_slices) : num_slices_(num_slices) {}

  // Returns the slice at place 0 .. num_slices - 1 of the order. The last slice is followed by
  // slice 0.
  int At(int place) const { return (first_ + place) % num_slices_; }

  // Call it when another task has taken a slice first. Returns true the first time, and the order
  // then begins at a random slice.
  bool JumpOnce();

 private:
  const int num_slices_;
  int first_ = 0;
  bool has_jumped_ = false;
};

}  // namespace reel3d

// Keeps the times of decoded frames continuous when a stream's own clock starts again or leaps, as
// in joined recordings. Pure arithmetic on seconds.
//
// Times that are a few frames out of order stay as they are: the clock has not started again.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace reel3d {

class FrameClock {
 public:
  // A clock that goes back by more than this number of frames has started again.
  static constexpr int kMostDisorder = 5;
  // A broadcast clock that leaps further ahead belongs to joined parts; ffmpeg has this limit, too.
  static constexpr double kLongestGap_s = 10;

  // `step_s` is the average time for which a frame is shown. `leaps` is true for containers whose
  // clocks are known to be discontinuous (transport and program streams): long gaps are closed as
  // well. If it is false, a long gap is a frame that is shown for long.
  FrameClock(double step_s, bool leaps) : step_s_(step_s), leaps_(leaps) {}

  // Returns the continuous time of the next frame, whose time in the stream is `raw_s`. If the
  // clock starts again there, or leaps ahead and `leaps` is true, this is one step after the
  // previous frame.
  double Next(double raw_s);

  int num_faults() const { return num_faults_; }
  // Returns the continuous time of the first fault.
  double first_fault_s() const { return first_fault_s_; }

 private:
  const double step_s_;
  const bool leaps_;
  bool any_ = false;
  double offset_s_ = 0;
  double last_s_ = 0;
  int num_faults_ = 0;
  double first_fault_s_ = 0;
};

}  // namespace reel3d

// Draws on a terminal's alternate screen, so that the text before stays and comes back. Keys are
// read one by one and not shown.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "pipeline/stages/watch_text.h"

namespace reel3d {

class SecondScreen {
 public:
  // Returns true if standard output is a terminal that can show a second screen.
  static bool IsPossible();

  // Switches to the second screen. Throws an environment error if the terminal cannot be set up.
  // While it is shown, Ctrl-\ (SIGQUIT) and SIGHUP are only noted: see EndSignal().
  SecondScreen();
  // Switches back, and restores the terminal's settings and these signals.
  ~SecondScreen();
  SecondScreen(const SecondScreen&) = delete;
  SecondScreen& operator=(const SecondScreen&) = delete;

  // Returns the terminal's size now: it changes with its window.
  static ScreenSize Size();
  // Replaces what is shown. Lines that are too long are cut.
  void Draw(const std::vector<ScreenLine>& lines);

  // Returns the next key, or 0 after `wait_s` seconds, after a signal, or if standard input is no
  // terminal. Ctrl-Z (SIGTSTP) pauses the process here, with the first screen shown meanwhile.
  char AwaitKey(double wait_s);

  // Returns SIGQUIT or SIGHUP if one has come since the screen was set up, otherwise 0.
  static int EndSignal();
  // Returns true if the terminal was closed.
  bool IsGone() const { return is_gone_; }

 private:
  void Enter();
  void Leave();
  bool PauseIfAsked();

  bool is_gone_ = false;
  bool reads_keys_ = false;
  bool has_colours_ = false;
};

}  // namespace reel3d

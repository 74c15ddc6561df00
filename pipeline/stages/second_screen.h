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
  SecondScreen();
  // Switches back, and restores the terminal's settings.
  ~SecondScreen();
  SecondScreen(const SecondScreen&) = delete;
  SecondScreen& operator=(const SecondScreen&) = delete;

  // Returns the terminal's size now: it changes with its window.
  static ScreenSize Size();
  // Replaces what is shown. Lines that are too long are cut.
  void Draw(const std::vector<ScreenLine>& lines) const;

  // Returns the next key, or 0 after `wait_s` seconds, after a signal, or if standard input is no
  // terminal. Ctrl-Z (SIGTSTP) pauses the process here, with the first screen shown meanwhile.
  char AwaitKey(double wait_s);

 private:
  void Enter();
  void Leave();
  void PauseIfAsked();

  bool reads_keys_ = false;
  bool has_colours_ = false;
};

}  // namespace reel3d

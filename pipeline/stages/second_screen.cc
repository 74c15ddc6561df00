// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/second_screen.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include "lib/base/error.h"

namespace reel3d {
namespace {

// Control sequences of ECMA-48 and xterm, which every terminal of today knows.
constexpr const char* kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";  // no cursor, no wrapping
constexpr const char* kLeave = "\x1b[?7h\x1b[?25h\x1b[?1049l";

volatile std::sig_atomic_t asked_to_pause = 0;

extern "C" void NotePause(int /*signal*/) { asked_to_pause = 1; }

std::optional<termios>& SettingsBefore() {
  static std::optional<termios> settings;
  return settings;
}

const char* ColourOf(Ink ink) {
  switch (ink) {
    case Ink::kFaint:
      return "\x1b[2m";
    case Ink::kStrong:
      return "\x1b[1m";
    case Ink::kGood:
      return "\x1b[32m";
    case Ink::kBusy:
      return "\x1b[1;36m";
    case Ink::kWarning:
      return "\x1b[33m";
    case Ink::kBad:
      return "\x1b[1;31m";
    case Ink::kPlain:
      break;
  }
  return "";
}

// A terminal that is stopped (Ctrl-S) or slow takes the rest later; one that is gone is given up.
void Write(const std::string& text) {
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t now = write(STDOUT_FILENO, text.data() + done, text.size() - done);
    if (now < 0 && errno != EINTR) {
      return;
    }
    done += now > 0 ? static_cast<size_t>(now) : 0;
  }
}

// The rest of the line is cleared, unless the line is full: then the cursor still stands on its
// last character.
std::string Drawn(const ScreenLine& line, int columns, bool has_colours) {
  std::string text;
  for (const InkedText& piece : line) {
    const std::string cut = CutTo(piece.text, columns);
    const std::string colour = has_colours ? ColourOf(piece.ink) : "";
    columns -= WidthOf(cut);
    text += colour + cut + (colour.empty() ? "" : "\x1b[0m");
  }
  return columns > 0 ? text + "\x1b[K" : text;
}

}  // namespace

bool SecondScreen::IsPossible() {
  const char* terminal = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 && terminal != nullptr && *terminal != '\0' &&
         std::strcmp(terminal, "dumb") != 0;
}

SecondScreen::SecondScreen() : reads_keys_(isatty(STDIN_FILENO) == 1) {
  const char* no_colour = std::getenv("NO_COLOR");
  has_colours_ = no_colour == nullptr || *no_colour == '\0';
  struct sigaction pause {};
  pause.sa_handler = NotePause;
  sigaction(SIGTSTP, &pause, nullptr);
  Enter();
}

SecondScreen::~SecondScreen() {
  Leave();
  std::signal(SIGTSTP, SIG_DFL);
}

void SecondScreen::Enter() {
  termios settings{};
  if (reads_keys_) {
    if (tcgetattr(STDIN_FILENO, &settings) != 0) {
      throw EnvironmentError(std::string("cannot set up the terminal: ") + std::strerror(errno));
    }
    SettingsBefore() = settings;
    settings.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    settings.c_cc[VMIN] = 1;
    settings.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &settings);
  }
  Write(kEnter);
}

void SecondScreen::Leave() {
  Write(kLeave);
  if (SettingsBefore()) {
    tcsetattr(STDIN_FILENO, TCSANOW, &*SettingsBefore());
    SettingsBefore().reset();
  }
}

ScreenSize SecondScreen::Size() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    return {};
  }
  return {size.ws_col, size.ws_row};
}

// Everything is written at once, over what is there, so that nothing flickers.
void SecondScreen::Draw(const std::vector<ScreenLine>& lines) const {
  const ScreenSize size = Size();
  std::string text = "\x1b[H";
  const size_t count = std::min(lines.size(), static_cast<size_t>(size.rows));
  for (size_t i = 0; i < count; ++i) {
    text += (i > 0 ? "\r\n" : "") + Drawn(lines[i], size.columns, has_colours_);
  }
  Write(text + (count < static_cast<size_t>(size.rows) ? "\x1b[J" : ""));
}

void SecondScreen::PauseIfAsked() {
  if (asked_to_pause == 0) {
    return;
  }
  asked_to_pause = 0;
  Leave();
  raise(SIGSTOP);  // returns when the shell continues this process
  Enter();
}

char SecondScreen::AwaitKey(double wait_s) {
  pollfd keys = {STDIN_FILENO, POLLIN, 0};
  const int ready = poll(&keys, reads_keys_ ? 1 : 0, static_cast<int>(wait_s * 1000));
  PauseIfAsked();
  char key = 0;
  if (ready <= 0 || !reads_keys_) {
    return 0;
  }
  if (read(STDIN_FILENO, &key, 1) <= 0) {
    reads_keys_ = false;  // the terminal is gone
  }
  return key;
}

}  // namespace reel3d

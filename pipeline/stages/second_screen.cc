// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/second_screen.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include "lib/base/error.h"
#include "lib/base/stop_signal.h"

namespace reel3d {
namespace {

// Control sequences of ECMA-48 and xterm, which every terminal of today knows.
constexpr const char* kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";  // no cursor, no wrapping
constexpr const char* kLeave = "\x1b[?7h\x1b[?25h\x1b[?1049l";

volatile std::sig_atomic_t asked_to_pause = 0;

volatile std::sig_atomic_t end_signal = 0;

extern "C" void NotePause(int /*signal*/) { asked_to_pause = 1; }
extern "C" void NoteEnd(int signal) { end_signal = signal; }

// By default, each of these would end the process with the second screen shown.
constexpr std::array<int, 3> kSignals = {SIGTSTP, SIGQUIT, SIGHUP};

std::array<struct sigaction, 3>& ActionsBefore() {
  static std::array<struct sigaction, 3> actions;
  return actions;
}

// A signal that is ignored stays so, as nohup wants.
void CatchSignals() {
  end_signal = 0;
  for (size_t i = 0; i < kSignals.size(); ++i) {
    struct sigaction action {};
    action.sa_handler = kSignals[i] == SIGTSTP ? NotePause : NoteEnd;
    sigaction(kSignals[i], nullptr, &ActionsBefore()[i]);
    if (ActionsBefore()[i].sa_handler != SIG_IGN) {
      sigaction(kSignals[i], &action, nullptr);
    }
  }
}

void RestoreSignals() {
  for (size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], &ActionsBefore()[i], nullptr);
  }
}

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

bool IsAskedToEnd() { return end_signal != 0 || StopRequested(); }

// Returns false if the terminal is gone. One that is stopped (Ctrl-S) or slow takes the rest later,
// also if another program has told it not to wait; but nothing waits for it once the user ends.
bool Write(const std::string& text) {
  constexpr int kPatience_ms = 1000;
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t now = write(STDOUT_FILENO, text.data() + done, text.size() - done);
    if (now < 0 && errno == EAGAIN) {
      pollfd screen = {STDOUT_FILENO, POLLOUT, 0};
      if (poll(&screen, 1, kPatience_ms) == 0 && IsAskedToEnd()) {
        return true;
      }
    } else if (now < 0 && errno != EINTR) {
      return false;
    }
    done += now > 0 ? static_cast<size_t>(now) : 0;
  }
  return true;
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
  CatchSignals();
  try {
    Enter();
  } catch (const Error&) {
    RestoreSignals();
    throw;
  }
}

SecondScreen::~SecondScreen() {
  Leave();
  RestoreSignals();
}

int SecondScreen::EndSignal() { return end_signal; }

void SecondScreen::Enter() {
  termios settings{};
  if (reads_keys_) {
    if (tcgetattr(STDIN_FILENO, &settings) != 0) {
      throw EnvironmentError(std::string("cannot set up the terminal: ") + std::strerror(errno));
    }
    SettingsBefore() = settings;
    settings.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    settings.c_cc[VMIN] = 0;  // a key that another reader has taken meanwhile is not waited for
    settings.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &settings);
  }
  is_gone_ = !Write(kEnter);
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
void SecondScreen::Draw(const std::vector<ScreenLine>& lines) {
  const ScreenSize size = Size();
  std::string text = "\x1b[H";
  const size_t count = std::min(lines.size(), static_cast<size_t>(size.rows));
  for (size_t i = 0; i < count; ++i) {
    text += (i > 0 ? "\r\n" : "") + Drawn(lines[i], size.columns, has_colours_);
  }
  is_gone_ = !Write(text + (count < static_cast<size_t>(size.rows) ? "\x1b[J" : ""));
}

// Returns true after a pause.
bool SecondScreen::PauseIfAsked() {
  if (asked_to_pause == 0) {
    return false;
  }
  asked_to_pause = 0;
  Leave();
  raise(SIGSTOP);  // returns when the shell continues this process
  Enter();
  return true;
}

char SecondScreen::AwaitKey(double wait_s) {
  pollfd keys = {STDIN_FILENO, POLLIN, 0};
  const int ready = poll(&keys, reads_keys_ ? 1 : 0, static_cast<int>(wait_s * 1000));
  char key = 0;
  if (PauseIfAsked() || ready <= 0 || !reads_keys_) {
    return 0;  // after a pause, the shell may have read the key
  }
  const ssize_t count = read(STDIN_FILENO, &key, 1);
  const bool is_error = count < 0 && errno != EINTR && errno != EAGAIN;
  is_gone_ = is_gone_ || is_error || (keys.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
  return count > 0 ? key : '\0';
}

}  // namespace reel3d

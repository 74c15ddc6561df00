// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/watch_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/progress.h"
#include "lib/base/stop_signal.h"
#include "lib/base/timer.h"
#include "lib/base/visible_text.h"
#include "pipeline/stages/runs_seen.h"
#include "pipeline/stages/second_screen.h"
#include "pipeline/stages/watch_text.h"

namespace reel3d {
namespace {

// Looks at a folder in a thread of its own: a network file system may not answer for minutes, and
// keys and signals must work meanwhile.
class Watcher {
 public:
  // `first` is what the reader's last look has found.
  Watcher(std::shared_ptr<RunsReader> reader, RunsSeen first, double every_s)
      : shared_(std::make_shared<Shared>()) {
    shared_->seen = std::move(first);
    std::thread([shared = shared_, reader = std::move(reader), every_s] {
      Run(shared.get(), reader.get(), every_s);
    }).detach();  // nothing can end the thread while the file system hangs
  }
  ~Watcher() {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    shared_->is_ending = true;
    shared_->wake.notify_all();
  }
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // Returns what the last look has found.
  RunsSeen Seen() const {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    return shared_->seen;
  }
  // Returns why the last look has failed; "" if it has not.
  std::string Trouble() const {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    return shared_->trouble;
  }
  // Returns the seconds for which the current look has been going on; 0 between two looks.
  double LookingFor() const {
    const std::lock_guard<std::mutex> lock(shared_->mutex);
    return shared_->looking ? shared_->looking->Seconds() : 0;
  }

 private:
  struct Shared {
    std::mutex mutex;
    std::condition_variable wake;
    bool is_ending = false;
    RunsSeen seen;
    std::string trouble;  // why the last look has failed; empty: it has not
    std::optional<Stopwatch> looking;
  };

  // The pause after a look is at least twenty times its length, so that looking never burdens a
  // file system on which it is slow.
  static void Run(Shared* shared, RunsReader* reader, double every_s) {
    constexpr double kPauses = 20;
    double pause_s = every_s;
    std::unique_lock<std::mutex> lock(shared->mutex);
    while (!shared->wake.wait_for(lock, std::chrono::duration<double>(pause_s),
                                  [&] { return shared->is_ending; })) {
      const Stopwatch clock;
      shared->looking.emplace();
      lock.unlock();
      std::optional<RunsSeen> seen;
      std::string trouble;
      try {
        seen = reader->Look();
      } catch (const std::exception& error) {  // no memory, for example; the next look may succeed
        trouble = error.what();
      }
      lock.lock();
      if (seen) {
        shared->seen = *std::move(seen);
      }
      shared->trouble = std::move(trouble);
      shared->looking.reset();
      pause_s = std::max(every_s, kPauses * clock.Seconds());
    }
  }

  std::shared_ptr<Shared> shared_;
};

ScreenLine LastLine(const Watcher& watcher) {
  constexpr double kSlow_s = 5;
  if (const double looking_s = watcher.LookingFor(); looking_s > kSlow_s) {
    return {{fmt::format("The file system has not answered for {}.", FormatDuration(looking_s)),
             Ink::kWarning}};
  }
  if (const std::string trouble = watcher.Trouble(); !trouble.empty()) {
    return {{Escaped("The last look failed: " + trouble), Ink::kWarning}};
  }
  return {{"q ends watching; the run goes on.", Ink::kFaint}};
}

// Puts a line at the bottom of the screen.
std::vector<ScreenLine> WithLastLine(std::vector<ScreenLine> lines, ScreenLine last,
                                     ScreenSize size) {
  lines.resize(static_cast<size_t>(std::max(1, size.rows)) - 1);
  lines.push_back(std::move(last));
  return lines;
}

void WatchOnScreen(const Watcher& watcher) {
  constexpr double kKey_s = 0.2;  // also the time until a new size of the window is noticed
  CatchStopSignals();
  std::optional<SecondScreen> screen(std::in_place);
  while (!StopRequested() && SecondScreen::EndSignal() == 0 && !screen->IsGone()) {
    const ScreenSize size = SecondScreen::Size();
    screen->Draw(WithLastLine(LayOut(watcher.Seen(), {size.columns, std::max(1, size.rows - 1)}),
                              LastLine(watcher), size));
    const char key = screen->AwaitKey(kKey_s);
    if (key == 'q' || key == 'Q') {
      return;
    }
  }
  screen.reset();
  if (const int signal = SecondScreen::EndSignal(); signal != 0) {
    std::raise(signal);  // the terminal is restored: end as the sender expects
  }
  if (FirstStopSignal() == SIGTERM) {
    std::signal(SIGTERM, SIG_DFL);
    std::raise(SIGTERM);
  }
}

std::string PlainText(const std::vector<ScreenLine>& lines) {
  std::string text;
  for (const ScreenLine& line : lines) {
    std::string row;
    for (const InkedText& piece : line) {
      row += piece.text;
    }
    text += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

}  // namespace

void WatchOptions::Bind(OptionBinder& binder) {
  binder.Bind("watch", &watch,
              "watch the run in the folder FILE, or several runs below it: stages, epochs, speed, "
              "time left, last warnings. A terminal shows it anew every --every seconds until you "
              "type q; elsewhere it is printed once",
              Effect::kRunOnly);
  binder.Bind("every", &every, {0.2, 3600},
              "seconds between two looks of --watch; more if a look takes long", Effect::kRunOnly);
}

ToolResult WatchRun(const std::string& folder, const WatchOptions& options) {
  constexpr ScreenSize kPaper = {120, 40};
  RequireFolder(folder, "the folder of a run, or of several runs");
  const auto reader = std::make_shared<RunsReader>(folder);
  const RunsSeen seen = reader->Look();
  ToolResult result = {ToJson(seen), PlainText(LayOut(seen, kPaper)), kExitDone, {}};
  if (SecondScreen::IsPossible()) {
    result.show = [reader, seen, every_s = options.every] {
      WatchOnScreen(Watcher(reader, seen, every_s));
    };
  }
  return result;
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/watch_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <clocale>
#include <ctime>
#include <cwchar>

#include "lib/base/plural.h"
#include "lib/base/progress.h"
#include "lib/base/visible_text.h"
#include "lib/base/wall_clock.h"

namespace reel3d {
namespace {

Ink InkOf(StageState state) {
  switch (state) {
    case StageState::kDone:
      return Ink::kGood;
    case StageState::kAtWork:
      return Ink::kBusy;
    case StageState::kQuiet:
    case StageState::kStopped:
    case StageState::kOutdated:
      return Ink::kWarning;
    case StageState::kFailed:
      return Ink::kBad;
    case StageState::kQueued:
    case StageState::kNotBegun:
      break;
  }
  return Ink::kFaint;
}

std::string LocalTime(double at_s, const char* form) {
  const auto whole = static_cast<std::time_t>(at_s);
  std::tm time{};
  localtime_r(&whole, &time);
  char text[64];
  return {text, std::strftime(text, sizeof text, form, &time)};
}

// Pads or cuts to exactly `columns`.
std::string Fitted(const std::string& text, int columns) {
  const std::string cut = CutTo(text, columns);
  return cut + std::string(static_cast<size_t>(std::max(0, columns - WidthOf(cut))), ' ');
}

std::string Right(const std::string& text, int columns) {
  return std::string(static_cast<size_t>(std::max(0, columns - WidthOf(text))), ' ') + text;
}

std::string DoneText(const StageProgress& stage) {
  if (stage.state == StageState::kNotBegun || stage.state == StageState::kQueued ||
      stage.unit.empty()) {
    return "";
  }
  const bool is_part = stage.total > 0 && !IsComplete(stage);
  const std::string all =
      fmt::format("{}{}", stage.total_is_estimate ? "about " : "", Count(stage.total, stage.unit));
  std::string text =
      is_part ? fmt::format("{} of {}", stage.done, all) : Count(stage.done, stage.unit);
  if (stage.took_s) {
    text += " in " + FormatDuration(*stage.took_s);
  }
  if (stage.tasks > 1 && !IsComplete(stage)) {
    text += fmt::format(", {} of {} tasks", stage.tasks_done, stage.tasks);
  }
  if (stage.num_failed > 0) {
    text += fmt::format(", {} failed", stage.num_failed);
  }
  return text;
}

std::string RateText(const StageProgress& stage, const std::optional<TrainProgress>& training) {
  constexpr double kHour_s = 3600;
  if (stage.state != StageState::kAtWork) {
    return "";
  }
  if (stage.name == "train") {
    const bool known = training && !training->rows.empty() && training->rows.back().clips_per_s;
    return known ? fmt::format("{:.0f} clips/s", *training->rows.back().clips_per_s) : "";
  }
  if (stage.items_per_s <= 0) {
    return "";
  }
  return stage.items_per_s >= 0.1 ? fmt::format("{:.1f}/s", stage.items_per_s)
                                  : fmt::format("{:.1f}/h", stage.items_per_s * kHour_s);
}

ScreenLine StageLine(const StageProgress& stage, const RunProgress& run, int columns) {
  constexpr int kName = 10, kState = 11, kRate = 13, kLeft = 13;
  const std::string left = stage.left_s ? FormatDuration(*stage.left_s) : "";
  const bool is_narrow = columns < 70;
  ScreenLine line = {{Fitted(stage.name, kName), Ink::kPlain},
                     {Fitted(NameOf(stage.state), kState), InkOf(stage.state)}};
  const int rest = columns - kName - kState;
  const std::string done = DoneText(stage);
  if (!stage.note.empty() && stage.state != StageState::kAtWork) {
    line.push_back(
        {CutTo(Escaped(done.empty() ? stage.note : done + "; " + stage.note), rest), Ink::kPlain});
  } else if (is_narrow) {
    line.push_back({CutTo(left.empty() ? done : done + ", " + left + " left", rest), Ink::kPlain});
  } else if (stage.state == StageState::kAtWork) {
    line.push_back({Fitted(done, std::min(45, rest - kRate - kLeft)), Ink::kPlain});
    line.push_back({Right(RateText(stage, run.training), kRate), Ink::kPlain});
    line.push_back({Right(left, kLeft), Ink::kStrong});
  } else {
    line.push_back({CutTo(done, rest), Ink::kPlain});
  }
  return line;
}

ScreenLine StageHeader(int columns) {
  if (columns < 70) {
    return {{"stage     state      done", Ink::kFaint}};
  }
  const int done = std::min(45, columns - 21 - 26);
  return {
      {"stage     state      " + Fitted("done", done) + Right("rate", 13) + Right("time left", 13),
       Ink::kFaint}};
}

std::string Percent(const std::optional<double>& share) {
  return share ? fmt::format("{:.1f} %", 100 * *share) : "";
}

std::string Loss(const std::optional<double>& loss) {
  return loss ? fmt::format("{:.3f}", *loss) : "";
}

// Both the header and the rows have this form.
template <class... Cells>
std::string EpochText(const Cells&... cells) {
  return fmt::format("{:>5} {:>9} {:>8} {:>9} {:>8} {:>9} {:>9} {:>8}", cells...);
}

std::string EpochText(const EpochRow& row) {
  return EpochText(row.epoch, Loss(row.train_loss), Percent(row.train_top1),
                   Loss(row.validation_loss), Percent(row.validation_top1),
                   fmt::format("{:.3g}", row.lr),
                   row.clips_per_s ? fmt::format("{:.0f}", *row.clips_per_s) : "",
                   row.waiting_share ? fmt::format("{:.0f} %", 100 * *row.waiting_share) : "");
}

// Draws a bar of `columns` characters in ASCII, which any terminal has.
std::string Bar(double share, int columns) {
  const int full = std::clamp(static_cast<int>(share * columns), 0, columns);
  return "[" + std::string(static_cast<size_t>(full), '#') +
         std::string(static_cast<size_t>(columns - full), '.') + "]";
}

std::string NowText(const TrainProgress& training) {
  if (training.steps_per_epoch <= 0) {
    return fmt::format("step {}", training.step);
  }
  const double share =
      static_cast<double>(training.steps_in_epoch) / static_cast<double>(training.steps_per_epoch);
  return fmt::format("epoch {} of {} {} {:.0f} %, step {} of {}",
                     std::min(training.epochs_done + 1, training.epochs), training.epochs,
                     Bar(share, 20), 100 * share, training.steps_in_epoch,
                     training.steps_per_epoch);
}

std::string CheckpointText(const TrainProgress& training, double now_s) {
  if (training.checkpoint_step < 0) {
    return "no checkpoint yet";
  }
  std::string text = fmt::format("newest checkpoint: step {}", training.checkpoint_step);
  if (training.checkpoint_at_s > 0) {
    text += fmt::format(", {} ago", FormatDuration(std::max(0., now_s - training.checkpoint_at_s)));
  }
  if (training.best_step >= 0) {
    text += fmt::format("; best: step {}", training.best_step);
  }
  return text;
}

std::string GoodputText(const Goodput& goodput) {
  return fmt::format("{}: {}", Count(static_cast<int64_t>(goodput.jobs.size()), "start"),
                     Describe(goodput));
}

void AddTraining(const RunProgress& run, int columns, std::vector<ScreenLine>* lines) {
  const TrainProgress& training = *run.training;
  const auto add = [&](const std::string& text, Ink ink) {
    lines->push_back({{CutTo(Escaped(text), columns), ink}});
  };
  if (training.is_alive()) {
    add(NowText(training), Ink::kStrong);
    if (!training.now.empty()) {
      add(fmt::format("{}; rank 0: {}", Count(training.num_ranks, "rank"), training.now),
          Ink::kPlain);
    }
    if (!training.blame.empty()) {
      add(training.blame, Ink::kBad);
    }
  }
  if (!training.rows.empty() && !training.rows.back().verdict.empty()) {
    add("limit of the speed: " + training.rows.back().verdict, Ink::kPlain);
  }
  add(CheckpointText(training, run.at_s), Ink::kPlain);
  if (training.goodput) {
    add(GoodputText(*training.goodput), Ink::kPlain);
  } else if (training.has_too_many_starts) {
    add(fmt::format("train/{} is too long to be read at every look: inspect-file adds it up",
                    kStartsFile),
        Ink::kFaint);
  }
}

void AddEpochs(const TrainProgress& training, int columns, size_t most,
               std::vector<ScreenLine>* lines) {
  if (training.rows.empty() || most < 2) {
    return;
  }
  const std::string header =
      EpochText("epoch", "loss", "top-1", "val. loss", "top-1", "lr", "clips/s", "waiting");
  lines->push_back({{CutTo(header, columns), Ink::kFaint}});
  const size_t count = std::min(most - 1, training.rows.size());
  for (size_t i = training.rows.size() - count; i < training.rows.size(); ++i) {
    lines->push_back({{CutTo(EpochText(training.rows[i]), columns), Ink::kPlain}});
  }
}

void AddMessages(const std::vector<RunMessage>& messages, int columns, size_t most,
                 std::vector<ScreenLine>* lines) {
  if (messages.empty() || most < 2) {
    return;
  }
  lines->push_back({{"last warnings and errors", Ink::kFaint}});
  const size_t count = std::min(most - 1, messages.size());
  for (size_t i = messages.size() - count; i < messages.size(); ++i) {
    lines->push_back({{CutTo(Escaped(messages[i].text), columns),
                       messages[i].is_error ? Ink::kBad : Ink::kWarning}});
  }
}

ScreenLine TitleLine(const RunsSeen& seen, double at_s, int columns) {
  const std::string time = LocalTime(at_s, "%F %T");
  const int room = std::max(10, columns - static_cast<int>(time.size()) - 2);
  return {{Fitted(Escaped(seen.folder.string()), room), Ink::kStrong}, {"  " + time, Ink::kFaint}};
}

// Divides the lines that are left between epochs and messages: messages get at most a third, unless
// there are few epochs.
void AddDetails(const RunsSeen& seen, ScreenSize size, std::vector<ScreenLine>* lines) {
  const RunProgress& run = seen.runs.front();
  const auto rows = static_cast<size_t>(size.rows);
  std::vector<ScreenLine> details;
  if (run.training) {
    details.emplace_back();
    AddTraining(run, size.columns, &details);
  }
  lines->insert(lines->end(), details.begin(), details.end());
  const size_t left = rows > lines->size() + 1 ? rows - lines->size() - 1 : 0;
  const size_t wanted_messages = seen.messages.empty() ? 0 : seen.messages.size() + 2;
  const size_t wanted_epochs =
      run.training && !run.training->rows.empty() ? run.training->rows.size() + 1 : 0;
  const size_t for_messages = std::min(
      wanted_messages, std::max(left / 3, left > wanted_epochs ? left - wanted_epochs : 0));
  constexpr size_t kRoomy = 12;
  if (run.training && wanted_epochs > 0) {
    const size_t blank = left - for_messages > kRoomy ? 1 : 0;
    lines->resize(lines->size() + blank);
    AddEpochs(*run.training, size.columns, left - for_messages - blank, lines);
  }
  if (for_messages > 2) {
    lines->emplace_back();
    AddMessages(seen.messages, size.columns, for_messages - 1, lines);
  }
}

ScreenLine RunLine(const RunProgress& run, const std::filesystem::path& parent, int columns) {
  const std::string name = run.folder.lexically_relative(parent).string();
  const int for_name = std::clamp(columns / 4, 10, 30);
  ScreenLine line = {{Fitted(Escaped(name), for_name) + " ", Ink::kPlain}};
  const StageProgress* stage = run.Current();
  if (stage == nullptr) {
    line.push_back(run.is_there ? InkedText{"not begun", Ink::kFaint}
                                : InkedText{"cannot be read now", Ink::kWarning});
    return line;
  }
  line.push_back({Fitted(stage->name, 9), Ink::kPlain});
  line.push_back({Fitted(NameOf(stage->state), 10), InkOf(stage->state)});
  std::string text = DoneText(*stage);
  if (stage->left_s) {
    text += ", " + FormatDuration(*stage->left_s) + " left";
  } else if (!stage->note.empty()) {
    text += (text.empty() ? "" : "; ") + stage->note;
  }
  line.push_back({CutTo(Escaped(text), columns - for_name - 20), Ink::kPlain});
  return line;
}

std::vector<ScreenLine> LayOutMany(const RunsSeen& seen, ScreenSize size) {
  std::vector<ScreenLine> lines = {TitleLine(seen, SecondsSince1970(), size.columns), {}};
  const int for_name = std::clamp(size.columns / 4, 10, 30);
  lines.push_back(
      {{CutTo(Fitted("run", for_name) + " stage    state     done", size.columns), Ink::kFaint}});
  const size_t room = std::max<size_t>(5, static_cast<size_t>(size.rows)) - 4;
  size_t shown = std::min(room, seen.runs.size());
  for (size_t i = 0; i < shown; ++i) {
    lines.push_back(RunLine(seen.runs[i], seen.folder, size.columns));
  }
  if (const size_t more = seen.runs.size() - shown + seen.num_left_out; more > 0) {
    lines.push_back({{fmt::format("and {} more, which have changed earlier", more), Ink::kFaint}});
  }
  return lines;
}

}  // namespace

int WidthOf(const std::string& text) {
  static const locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  const locale_t before = utf8 == nullptr ? nullptr : uselocale(utf8);
  int width = 0;
  for (size_t i = 0; i < text.size();) {
    uint32_t code = 0;
    const size_t bytes = DecodeUtf8(std::string_view(text).substr(i), &code);
    const int own = bytes == 0 ? 1 : wcwidth(static_cast<wchar_t>(code));
    width += std::max(0, own);
    i += std::max<size_t>(1, bytes);
  }
  if (before != nullptr) {
    uselocale(before);
  }
  return width;
}

std::string CutTo(const std::string& text, int columns) {
  constexpr int kDots = 3;
  if (WidthOf(text) <= columns) {
    return text;
  }
  std::string cut;
  int width = 0;
  for (size_t i = 0; i < text.size();) {
    uint32_t code = 0;
    const size_t bytes = std::max<size_t>(1, DecodeUtf8(std::string_view(text).substr(i), &code));
    const std::string next = text.substr(i, bytes);
    width += WidthOf(next);
    if (width > columns - kDots) {
      break;
    }
    cut += next;
    i += bytes;
  }
  return columns >= kDots ? cut + "..." : "";
}

std::vector<ScreenLine> LayOut(const RunsSeen& seen, ScreenSize size) {
  size.columns = std::max(40, size.columns);
  std::vector<ScreenLine> lines;
  if (!seen.is_there || seen.runs.empty()) {
    lines = {TitleLine(seen, SecondsSince1970(), size.columns), {}};
    lines.push_back({{seen.is_there ? "no stage has begun here yet" : "the folder is not there",
                      Ink::kWarning}});
  } else if (seen.has_many) {
    lines = LayOutMany(seen, size);
  } else {
    const RunProgress& run = seen.runs.front();
    lines = {TitleLine(seen, run.at_s, size.columns), {}, StageHeader(size.columns)};
    if (size.rows < 16) {
      lines.erase(lines.begin() + 1);
    }
    if (!run.is_there) {
      lines.push_back({{"the folder cannot be read now", Ink::kWarning}});
    }
    for (const StageProgress& stage : run.stages) {
      lines.push_back(StageLine(stage, run, size.columns));
    }
    AddDetails(seen, size, &lines);
  }
  lines.resize(std::min(lines.size(), static_cast<size_t>(std::max(1, size.rows))));
  return lines;
}

}  // namespace reel3d

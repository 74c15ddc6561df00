// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "lib/report/draw/number_text.h"
#include "lib/report/draw/text.h"
#include "lib/report/draw/untorn.h"
#include "lib/report/read/strip_choice.h"
#include "lib/report/sections/sections.h"

namespace reel3d::report {
namespace {

constexpr size_t kMostShown = 50;
constexpr int kAltColumns = 40;  // of a name: each stands beside up to 12 pictures

// Returns "4 mistakes, the most confident first" or "50 of 812 mistakes, ...".
std::string MostOf(size_t shown, size_t all, const char* one, const char* order) {
  const std::string some = shown < all ? Grouped(static_cast<int64_t>(shown)) + " of " : "";
  return some + (all == 1
                     ? fmt::format("1 {}", one)
                     : fmt::format("{} {}s, {}", Grouped(static_cast<int64_t>(all)), one, order));
}

Table MistakesOf(const RunRecord& run) {
  const std::vector<Mistake>& mistakes = run.evaluation.mistakes;
  const size_t count = std::min(kMostShown, mistakes.size());
  Table table;
  table.title =
      run.name + ": " + MostOf(count, mistakes.size(), "mistake", "the most confident first");
  table.columns = {{"video"},
                   {"label"},
                   {"predicted"},
                   {"score of the prediction", true},
                   {"classes before the label", true}};
  for (size_t index = 0; index < count; ++index) {
    const Mistake& mistake = mistakes[index];
    table.rows.push_back(
        {{TextCell(mistake.id), TextCell(mistake.label), TextCell(mistake.predicted),
          NumberCell(mistake.score), CountCell(mistake.rank)}});
  }
  return table;
}

Table SuspectsOf(const RunRecord& run) {
  const std::vector<Suspect>& suspects = run.evaluation.suspects;
  const size_t count = std::min(kMostShown, suspects.size());
  Table table;
  table.title =
      run.name + ": " + MostOf(count, suspects.size(), "suspect label", "the most suspect first");
  table.columns = {{"video"},
                   {"label"},
                   {"predicted"},
                   {"probability of the prediction minus that of the label", true}};
  for (size_t index = 0; index < count; ++index) {
    const Suspect& suspect = suspects[index];
    table.rows.push_back({{TextCell(suspect.id), TextCell(suspect.label),
                           TextCell(suspect.predicted), NumberCell(suspect.margin)}});
  }
  return table;
}

std::string CaptionOf(const Strip& strip) {
  std::string places;
  if (strip.mistake_place > 0) {
    places += fmt::format("mistake {}", strip.mistake_place);
  }
  if (strip.suspect_place > 0) {
    places += fmt::format("{}suspect label {}", places.empty() ? "" : ", ", strip.suspect_place);
  }
  return fmt::format("{}: {}, taken for {} with {} ({})", IsolatedHtml(strip.id),
                     IsolatedHtml(strip.label), IsolatedHtml(strip.predicted),
                     Untorn(Percent(strip.clip.probability)), places);
}

PictureStrip PicturesOf(const Strip& strip, const std::string& id) {
  std::vector<Picture> seen, heat;
  for (const StripPicture& picture : strip.pictures) {
    const std::string alt =
        fmt::format("{} of {}: {}, taken for {} with {}", picture.time,
                    Shortened(strip.id, kAltColumns), Shortened(strip.label, kAltColumns),
                    Shortened(strip.predicted, kAltColumns), Percent(strip.clip.probability));
    seen.push_back({picture.jpeg, alt, picture.time});
    if (!picture.heat_jpeg.empty()) {
      heat.push_back({picture.heat_jpeg, "where the network sees it: " + alt, ""});
    }
  }
  PictureStrip drawn = {id, CaptionOf(strip), {seen}};
  if (!heat.empty()) {
    drawn.rows.push_back(heat);
  }
  return drawn;
}

bool HasHeat(const RunRecord& run) {
  return std::any_of(run.strips.begin(), run.strips.end(), [](const Strip& strip) {
    return !strip.pictures.empty() && !strip.pictures.front().heat_jpeg.empty();
  });
}

std::string AboutStrips(const RunRecord& run) {
  const char* about_heat =
      HasHeat(run)
          ? "In the second row, colours from purple to yellow show where it sees that class."
          : "explain-mistakes adds where it sees that class.";
  if (AreFramesShuffled(run.evaluation)) {
    about_heat = "There is no heat of clips in random order.";
  }
  return fmt::format(
      "{}: frames of each video's clip that is surest of the wrong class, as the network saw "
      "them{}. The percentage is that of this clip alone. {}",
      run.name, AreFramesShuffled(run.evaluation) ? ", which it did in random order" : "",
      about_heat);
}

void AddStripsOf(const std::vector<RunRecord>& runs, size_t run, Content* content) {
  std::vector<PictureStrip> drawn;
  Table numbers;
  numbers.columns = {{"video"},
                     {"label"},
                     {"predicted"},
                     {"probability in the clip", true},
                     {"first frame of the clip", true},
                     {"pictures", true}};
  for (const Strip& strip : runs[run].strips) {
    if (strip.pictures.empty()) {
      content->AddText(strip.problem, "note");
      continue;
    }
    drawn.push_back(PicturesOf(strip, IdFor(fmt::format("strip_{}", drawn.size() + 1), runs, run)));
    numbers.rows.push_back({{TextCell(strip.id), TextCell(strip.label), TextCell(strip.predicted),
                             NumberCell(strip.clip.probability),
                             CountCell(static_cast<double>(strip.clip.first_frame)),
                             CountCell(static_cast<double>(strip.pictures.size()))}});
  }
  if (!drawn.empty()) {
    content->AddText(AboutStrips(runs[run]), "note");
    content->AddStrips(IdFor("strips", runs, run), drawn, numbers);
  }
}

}  // namespace

Content MakeMistakes(const std::vector<RunRecord>& runs) {
  Content content;
  content.AddText("Look at these videos first: a label may be wrong, or two classes may be one.",
                  "note");
  for (size_t run = 0; run < runs.size(); ++run) {
    if (runs[run].evaluation.mistakes.empty()) {
      content.AddText(runs[run].name + ": no mistake is known.");
      continue;
    }
    AddStripsOf(runs, run, &content);
    if (!runs[run].strips_note.empty()) {
      content.AddText(runs[run].strips_note, "note");
    }
    content.AddTable(IdFor("mistakes", runs, run), MistakesOf(runs[run]));
    if (!runs[run].evaluation.suspects.empty()) {
      content.AddFoldedTable(IdFor("suspects", runs, run), "Suspect labels as a table",
                             SuspectsOf(runs[run]));
    }
  }
  content.AddText(
      "The score is that of the predicted class over all clips of the video. Classes before the "
      "label are those that the network finds more probable. evaluation/predictions.tsv has every "
      "video.",
      "note");
  return content;
}

}  // namespace reel3d::report

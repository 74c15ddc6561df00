// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/evaluation_probe.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/base/error.h"
#include "lib/base/tsv_writer.h"
#include "lib/eval/paired_videos.h"
#include "pipeline/stages/evaluation_tables.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;

std::string OrderSetting(FrameOrder order) {
  return fmt::format("shown-frames = {};", NameOf(order));
}

std::vector<ShownVideo> ReadOrder(const fs::path& scores_dir, FrameOrder order,
                                  const SubsetScores& as_is, const ScoresRequest& request) {
  const fs::path folder = scores_dir / FolderOf(order);
  if (!fs::is_directory(folder)) {
    throw InputError(fmt::format(
        "{} is not there, although {} was scored with --probe order: run the same score-videos "
        "command again",
        folder.string(), scores_dir.string()));
  }
  const SubsetScores scores = ReadSubsetScores(folder, request);
  if (scores.checkpoint != as_is.checkpoint || scores.data != as_is.data ||
      scores.subset != as_is.subset || scores.settings != as_is.settings + OrderSetting(order)) {
    throw InputError(fmt::format(
        "{} was scored with another checkpoint, other data or other settings than {}: run the same "
        "score-videos command again with --overwrite",
        folder.string(), scores_dir.string()));
  }
  RequireSameClasses(as_is, scores, scores_dir.string(), folder.string());
  return AnswersOf(scores);
}

// Returns the needs that are stated, such as "order, motion"; "undecided" if there are none.
std::string WordsFor(const FrameNeeds& needs) {
  std::string words;
  for (const auto& [is_stated, word] : {std::pair<bool, const char*>{needs.NeedsOrder(), "order"},
                                        {needs.NeedsDirection(), "direction"},
                                        {needs.NeedsMotion(), "motion"},
                                        {needs.OnePictureSuffices(), "one picture suffices"}}) {
    if (is_stated) {
      words += (words.empty() ? "" : ", ") + std::string(word);
    }
  }
  return words.empty() ? "undecided" : words;
}

std::string WordsFor(const FrameEffect& effect, const char* need) {
  if (effect.Falls()) {
    return fmt::format("falls: {}", need);
  }
  return effect.FallsByTest() ? "falls, but perhaps only in some groups" : "no fall beyond chance";
}

std::string EffectRow(const char* name, const FrameEffect& effect, const char* need) {
  const Interval& interval = effect.interval_95;
  return fmt::format("  {:<10}{:>6.1f} %  {:>+6.1f} points ({:+.1f} to {:+.1f})   {}\n", name,
                     100 * effect.flips.ShareB(), 100 * effect.flips.Difference(),
                     100 * interval.low, 100 * interval.high, WordsFor(effect, need));
}

std::string ClassRows(const OrderProbe& probe, const std::vector<std::string>& classes) {
  size_t width = 5;
  for (const std::string& name : classes) {
    width = std::max(width, name.size());
  }
  std::string text =
      fmt::format("  {:<{}}   as is  shuffled  reversed  one frame  needs\n", "class", width);
  for (size_t label = 0; label < classes.size(); ++label) {
    const FrameNeeds& needs = probe.classes[label];
    if (needs.num_videos > 0) {
      text += fmt::format("  {:<{}}{:>6.1f} %{:>8.1f} %{:>8.1f} %{:>9.1f} %  {}\n", classes[label],
                          width, 100 * needs.shuffled.flips.ShareA(),
                          100 * needs.shuffled.flips.ShareB(), 100 * needs.reversed.flips.ShareB(),
                          100 * needs.one_frame.flips.ShareB(), WordsFor(needs));
    }
  }
  return text;
}

std::string CountsSentence(const OrderProbe& probe) {
  int64_t num_classes = 0, order = 0, direction = 0, motion = 0, picture = 0, undecided = 0;
  for (const FrameNeeds& needs : probe.classes) {
    if (needs.num_videos > 0) {
      ++num_classes;
      order += needs.NeedsOrder() ? 1 : 0;
      direction += needs.NeedsDirection() ? 1 : 0;
      motion += needs.NeedsMotion() ? 1 : 0;
      picture += needs.OnePictureSuffices() ? 1 : 0;
      undecided += needs.IsUndecided() ? 1 : 0;
    }
  }
  return fmt::format(
      "of {} classes, {} need order, {} direction, {} motion; for {} one picture suffices; {} are "
      "undecided (Holm, for {} tests)\n",
      num_classes, order, direction, motion, picture, undecided, 4 * num_classes);
}

Json EffectToJson(const FrameEffect& effect) {
  return {{"top1", effect.flips.ShareB()},
          {"difference", effect.flips.Difference()},
          {"right_to_wrong", effect.flips.to_wrong},
          {"wrong_to_right", effect.flips.to_right},
          {"mcnemar_p", effect.p_value},
          {"adjusted_p_value", effect.adjusted_p_value},
          {"falls", effect.Falls()}};
}

Json NeedsToJson(const FrameNeeds& needs) {
  return {{"num_videos", needs.num_videos},
          {"top1", needs.shuffled.flips.ShareA()},
          {"shuffled", EffectToJson(needs.shuffled)},
          {"reversed", EffectToJson(needs.reversed)},
          {"one_frame", EffectToJson(needs.one_frame)},
          {"needs_order", needs.NeedsOrder()},
          {"needs_direction", needs.NeedsDirection()},
          {"needs_motion", needs.NeedsMotion()},
          {"one_picture_suffices", needs.OnePictureSuffices()},
          {"lost_p_value", needs.lost_p_value},
          {"adjusted_lost_p_value", needs.adjusted_lost_p_value}};
}

void AddNeeds(const std::string& name, const FrameNeeds& needs, TsvWriter* table) {
  const auto yes_or_no = [](bool is_so) { return is_so ? "yes" : "no"; };
  table->Add(name);
  table->Add(needs.num_videos);
  table->Add(Decimals(needs.shuffled.flips.ShareA(), 6));
  for (const FrameEffect* effect : {&needs.shuffled, &needs.reversed, &needs.one_frame}) {
    table->Add(Decimals(effect->flips.ShareB(), 6));
    table->Add(effect->flips.to_wrong);
    table->Add(effect->flips.to_right);
    table->Add(fmt::format("{:.6g}", effect->adjusted_p_value));
  }
  table->Add(fmt::format("{:.6g}", needs.adjusted_lost_p_value));
  table->Add(yes_or_no(needs.NeedsOrder()));
  table->Add(yes_or_no(needs.NeedsDirection()));
  table->Add(yes_or_no(needs.NeedsMotion()));
  table->Add(yes_or_no(needs.OnePictureSuffices()));
  table->EndRow();
}

}  // namespace

FrameOrder ShownOrder(const SubsetScores& subset) {
  for (const NamedChoice<FrameOrder>& choice : ChoicesOf(FrameOrder())) {
    if (subset.settings.find(OrderSetting(choice.value)) != std::string::npos) {
      return choice.value;
    }
  }
  const bool is_shuffled = subset.settings.find("shuffle-frames = true;") != std::string::npos;
  return is_shuffled ? FrameOrder::kShuffled : FrameOrder::kAsIs;
}

std::optional<OrderProbe> ProbeOf(const fs::path& scores_dir, const SubsetScores& subset,
                                  const ScoresRequest& request, const OrderProbeOptions& options) {
  const bool is_probed = subset.settings.find("probe = order;") != std::string::npos;
  const bool has_labels = std::any_of(subset.videos.begin(), subset.videos.end(),
                                      [](const VideoScores& video) { return video.label >= 0; });
  if (!is_probed || !has_labels || ShownOrder(subset) != FrameOrder::kAsIs) {
    return std::nullopt;
  }
  const auto read = [&](FrameOrder order) { return ReadOrder(scores_dir, order, subset, request); };
  // Each is read by itself, so that memory holds the scores of one further order at a time.
  return JudgeOrderProbe({AnswersOf(subset), read(FrameOrder::kShuffled),
                          read(FrameOrder::kReversed), read(FrameOrder::kOneFrame)},
                         subset.classes.size(), options);
}

std::string FormatProbe(const OrderProbe& probe, const std::vector<std::string>& classes) {
  const FrameNeeds& all = probe.all;
  std::string text =
      fmt::format("\norder probe: top-1 of {} videos, {:.1f} % with their frames as they are\n",
                  all.num_videos, 100 * all.shuffled.flips.ShareA());
  if (probe.num_left_out > 0) {
    text += fmt::format("{} more are left out, because some order has no scores of them\n",
                        probe.num_left_out);
  }
  text += EffectRow("shuffled", all.shuffled, "the network needs the order of frames");
  text += EffectRow("reversed", all.reversed, "it needs the direction of time");
  text += EffectRow("one frame", all.one_frame, "it needs motion");
  if (all.OnePictureSuffices()) {
    text += fmt::format("one picture suffices: it loses less than {:.0f} % of the right answers\n",
                        100 * probe.most_lost);
  }
  text += CountsSentence(probe);
  return classes.size() <= kMostClassesInText ? text + ClassRows(probe, classes) : text;
}

std::string FormatProbeTable(const OrderProbe& probe, const std::vector<std::string>& classes) {
  std::vector<std::string> columns = {"class", "num_videos", "top1"};
  for (const std::string order : {"shuffled", "reversed", "one_frame"}) {
    for (const char* what : {"top1_", "to_wrong_", "to_right_", "adjusted_p_"}) {
      columns.push_back(what + order);
    }
  }
  columns.insert(columns.end(), {"adjusted_p_lost", "needs_order", "needs_direction",
                                 "needs_motion", "one_picture_suffices"});
  TsvWriter table(columns);
  AddNeeds("(all)", probe.all, &table);
  for (size_t label = 0; label < classes.size(); ++label) {
    AddNeeds(classes[label], probe.classes[label], &table);
  }
  return table.text();
}

Json ProbeToJson(const OrderProbe& probe, const std::vector<std::string>& classes) {
  Json all = NeedsToJson(probe.all);
  for (const auto& [name, effect] :
       {std::pair<const char*, const FrameEffect*>{"shuffled", &probe.all.shuffled},
        {"reversed", &probe.all.reversed},
        {"one_frame", &probe.all.one_frame}}) {
    all[name]["interval_95"] = {effect->interval_95.low, effect->interval_95.high};
  }
  Json list = Json::array();
  for (size_t label = 0; label < classes.size(); ++label) {
    Json of_class = {{"class", classes[label]}};
    of_class.update(NeedsToJson(probe.classes[label]));
    list.push_back(of_class);
  }
  return {{"most_lost", probe.most_lost},
          {"num_left_out", probe.num_left_out},
          {"intervals_over", probe.has_groups ? "groups" : "videos"},
          {"all", all},
          {"per_class", list}};
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/plan_text.h"

#include <fmt/format.h>

#include <array>
#include <cmath>

#include "lib/base/plural.h"
#include "lib/plan/storage_choices.h"
#include "lib/report/draw/figure.h"
#include "lib/report/draw/line_chart.h"
#include "lib/report/draw/number_text.h"

namespace reel3d {
namespace {

using plan::Figure;
using plan::Unit;
using Json = nlohmann::ordered_json;

std::string Seconds(double seconds) {
  if (seconds == 0) {
    return "0 s";
  }
  if (seconds < 1) {
    return fmt::format("{:.3g} ms", 1000 * seconds);
  }
  constexpr double kYear_s = 365.25 * 86400;
  return seconds > 10 * kYear_s ? fmt::format("{:.3g} years", seconds / kYear_s)
                                : report::Duration(seconds);
}

std::string Number(double count) {
  return count < 1e15 && count == std::floor(count) ? report::Grouped(static_cast<int64_t>(count))
                                                    : fmt::format("{:.3g}", count);
}

std::string TextOfVideos(const plan::Request& request) {
  const plan::Videos& videos = request.videos;
  return fmt::format(
      "{} videos of {:.4g} s ({}), {:.4g} frames/s ({}), {:.4g} lines ({}), stored at height {} "
      "and quality {}\n",
      Number(videos.num_videos.value), videos.seconds.value, NameOf(videos.seconds.origin),
      videos.fps.value, NameOf(videos.fps.origin), videos.lines.value, NameOf(videos.lines.origin),
      request.settings.height.value, request.settings.quality.value);
}

std::string TextOfFigures(const std::vector<Figure>& figures) {
  std::string text;
  std::string stage;
  for (const Figure& figure : figures) {
    if (figure.stage != stage) {
      stage = figure.stage;
      text += "\n" + stage + "\n";
    }
    text += fmt::format("  {:<34} {:>18}  {}\n", figure.text,
                        FormatValue(figure.unit, figure.value.value), NameOf(figure.value.origin));
  }
  return text;
}

std::string TextOfRanks(const PlanPage& page) {
  std::string text = fmt::format("\n{:>7} {:>6} {:>9} {:>11} {:>11} {:>9} {:>13} {:>16}  {}\n",
                                 "ranks", "nodes", "step", "all-reduce", "not hidden", "waiting",
                                 "epoch", "all epochs", "limited by");
  for (const plan::TrainingPlan& row : page.by_ranks) {
    const std::string how = row.num_nodes <= 1 ? "" : row.step.by_tree ? " t" : " r";
    text += fmt::format("{:>7} {:>6} {:>9} {:>11} {:>11} {:>9} {:>13} {:>16}  {}\n",
                        Number(row.num_ranks), Number(row.num_nodes), Seconds(row.step.total_s),
                        Seconds(row.step.all_reduce_s) + how, Seconds(row.step.exposed_s),
                        Seconds(row.step.waiting_s), Seconds(row.epoch_s), Seconds(row.job.wall_s),
                        DescribeLimit(row.step.limit));
  }
  return text +
         "r, t: the nodes add up by ring or by tree. All epochs: with failures and requeues\n";
}

std::string TextOfChoices(const plan::Request& request) {
  std::string text = fmt::format("\n{:>8} {:>8} {:>10} {:>14} {:>20}\n", "height", "quality",
                                 "all shards", "a rank reads", "loader cores a rank");
  for (const plan::StorageChoice& choice : StorageChoices(request)) {
    text += fmt::format("{:>8} {:>8} {:>10} {:>14} {:>20.2f}\n", choice.height, choice.quality,
                        FormatBytes(choice.stored_bytes),
                        FormatBytes(choice.rank_bytes_per_s) + "/s", choice.loader_cores);
  }
  return text;
}

std::string TextOfRates(plan::Rates rates) {
  std::string text = "\nrates\n";
  plan::ForEachRate(&rates, [&](const char* key, const char* unit, plan::Known* rate) {
    text +=
        fmt::format("  {:<20} {:>12.5g}  {:<9} {}\n", key, rate->value, NameOf(rate->origin), unit);
  });
  return text;
}

std::string TextOfSimulation(const plan::JobTimes& planned, const plan::JobTimes& played,
                             int num_runs) {
  std::string text = fmt::format("\nsimulation: the mean of {}\n", Count(num_runs, "run"));
  text += fmt::format("{:<22} {:>18} {:>18} {:>8}\n", "training", "formula", "simulation", "ratio");
  const auto row = [&](const char* name, double formula, double simulation, bool is_time) {
    text += fmt::format("  {:<20} {:>18} {:>18} {:>8}\n", name,
                        is_time ? Seconds(formula) : fmt::format("{:.4g}", formula),
                        is_time ? Seconds(simulation) : fmt::format("{:.4g}", simulation),
                        simulation > 0 ? fmt::format("{:.3f}", formula / simulation) : "–");
  };
  row("time with requeues", planned.wall_s, played.wall_s, true);
  row("saving", planned.saves_s, played.saves_s, true);
  row("starting", planned.starts_s, played.starts_s, true);
  row("work done again", planned.lost_s, played.lost_s, true);
  row("failures", planned.num_failures, played.num_failures, false);
  row("jobs", planned.num_jobs, played.num_jobs, false);
  return text;
}

std::string TextOfWarnings(const PlanPage& page) {
  const plan::ArraySize& prep = page.plan.prep;
  const double limit_s = 3600 * page.request.cluster.limit_hours.value;
  std::string text;
  const bool in_groups = page.request.settings.packing == plan::Packing::kGroups;
  const char* tool = in_groups ? "pack-videos" : "prep-videos";
  if (prep.is_cut) {
    text +=
        fmt::format("\nMaxArraySize makes a task of {} take {} instead of {}.\n", tool,
                    Seconds(prep.task_s), Seconds(60 * page.request.settings.task_minutes.value));
  }
  constexpr double kMuch_bytes = 8e9;
  if (page.plan.list_bytes > kMuch_bytes) {
    text += fmt::format(
        "\nEach process of {} holds the list of all videos, {}: ask for that much "
        "memory, and let few of them share a node.\n",
        in_groups ? "pack-videos" : "prep-videos and pack-shards",
        FormatBytes(page.plan.list_bytes));
  }
  if (limit_s > 0 && prep.task_s > limit_s) {
    text += fmt::format(
        "\nThe time limit of {} ends tasks of {}: make shorter ones with --task-minutes.\n",
        Seconds(limit_s), tool);
  }
  return text;
}

Json RatesJson(plan::Rates rates) {
  Json json = Json::object();
  plan::ForEachRate(&rates, [&](const char* key, const char* unit, plan::Known* rate) {
    json[key] = {{"value", rate->value}, {"unit", unit}, {"from", NameOf(rate->origin)}};
  });
  return json;
}

Json TimesJson(const plan::JobTimes& times) {
  return {{"wall_s", times.wall_s},       {"saves_s", times.saves_s},
          {"starts_s", times.starts_s},   {"lost_s", times.lost_s},
          {"waiting_s", times.waiting_s}, {"failures", times.num_failures},
          {"jobs", times.num_jobs}};
}

Json ChoicesJson(const plan::Request& request) {
  Json rows = Json::array();
  for (const plan::StorageChoice& choice : StorageChoices(request)) {
    rows.push_back({{"height", choice.height},
                    {"quality", choice.quality},
                    {"bytes", choice.stored_bytes},
                    {"rank_bytes_per_s", choice.rank_bytes_per_s},
                    {"loader_cores", choice.loader_cores}});
  }
  return rows;
}

Json RanksJson(const std::vector<plan::TrainingPlan>& by_ranks) {
  Json rows = Json::array();
  for (const plan::TrainingPlan& row : by_ranks) {
    rows.push_back({{"ranks", row.num_ranks},
                    {"nodes", row.num_nodes},
                    {"step_s", row.step.total_s},
                    {"all_reduce_s", row.step.all_reduce_s},
                    {"all_reduce_by", row.step.by_tree ? "tree" : "ring"},
                    {"exposed_s", row.step.exposed_s},
                    {"waiting_s", row.step.waiting_s},
                    {"limited_by", DescribeLimit(row.step.limit)},
                    {"epoch_s", row.epoch_s},
                    {"wall_s", row.job.wall_s}});
  }
  return rows;
}

}  // namespace

std::string FormatValue(Unit unit, double value) {
  switch (unit) {
    case Unit::kSeconds:
      return Seconds(value);
    case Unit::kBytes:
      return FormatBytes(value);
    case Unit::kBytesPerSecond:
      return FormatBytes(value) + "/s";
    case Unit::kHours:
      return Number(value < 100 ? value : std::round(value)) + " h";
    case Unit::kPrice:
      return Number(std::round(value));
    case Unit::kShare:
      return report::Percent(value);
    case Unit::kCount:
      return Number(value < 100 ? value : std::round(value));
    case Unit::kRate:
      return fmt::format("{:.3g}", value);
  }
  return "";
}

std::string FormatPlan(const PlanPage& page) {
  std::string text = TextOfVideos(page.request) + TextOfFigures(FiguresOf(page.request, page.plan));
  text += TextOfWarnings(page);
  text += TextOfRanks(page) + TextOfChoices(page.request) + TextOfRates(page.request.rates);
  if (page.played) {
    text += TextOfSimulation(page.plan.training.job, *page.played, page.num_played);
  }
  return text;
}

Json PlanToJson(const PlanPage& page) {
  Json json = {{"format", kPlanFormat}, {"version", 1}};
  json["height"] = page.request.settings.height.value;
  json["quality"] = page.request.settings.quality.value;
  json["rates"] = RatesJson(page.request.rates);
  for (const Figure& figure : FiguresOf(page.request, page.plan)) {
    json["figures"][figure.stage][figure.key] = {{"value", figure.value.value},
                                                 {"unit", NameOfUnit(figure.unit)},
                                                 {"from", NameOf(figure.value.origin)}};
  }
  json["by_ranks"] = RanksJson(page.by_ranks);
  json["by_height_and_quality"] = ChoicesJson(page.request);
  if (page.played) {
    json["simulation"] = TimesJson(*page.played);
    json["simulation"]["runs"] = page.num_played;
  }
  return json;
}

std::string PlanPicture(const PlanPage& page) {
  report::LineChart chart;
  chart.x_name = "ranks";
  chart.y_name = "hours of an epoch";
  chart.x_scale = chart.y_scale = report::Scale::kLog;
  chart.lines = {{"planned", 0, false, {}}, {"perfect scaling", 1, true, {}}};
  report::Figure figure;
  figure.table.columns = {{"ranks", true}, {"hours", true}, {"perfect scaling", true}};
  for (const plan::TrainingPlan& row : page.by_ranks) {
    const double hours = row.epoch_s / 3600;
    const double perfect =
        page.by_ranks.front().epoch_s / 3600 * page.by_ranks.front().num_ranks / row.num_ranks;
    chart.lines[0].points.push_back({row.num_ranks, hours});
    chart.lines[1].points.push_back({row.num_ranks, perfect});
  }
  figure.id = "epoch_hours";
  figure.title = "Time of an epoch by ranks";
  figure.alt = "Hours of an epoch by the number of ranks, as planned and if scaling were perfect.";
  figure.drawing = DrawLineChart(chart);
  return FigureFile(figure);
}

}  // namespace reel3d

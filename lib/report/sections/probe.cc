// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "lib/report/draw/bar_chart.h"
#include "lib/report/draw/number_text.h"
#include "lib/report/sections/all_figures.h"
#include "lib/report/sections/sections.h"

namespace reel3d::report {
namespace {

struct Order {
  const char* key;  // in order_probe of metrics.json
  const char* name;
};

constexpr Order kOrders[] = {
    {"shuffled", "shuffled"}, {"reversed", "reversed"}, {"one_frame", "one frame"}};

// Returns the probe of a run; null if it has none.
const Json* ProbeOf(const RunRecord& run) {
  const auto found = run.evaluation.metrics.find("order_probe");
  return found != run.evaluation.metrics.end() && found->is_object() && found->contains("all") &&
                 NumberOf((*found)["all"], "top1")
             ? &*found
             : nullptr;
}

const Json& Child(const Json& object, const char* key) {
  static const Json none = Json::object();
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : none;
}

// Returns what evaluate-scores says that the videos need, such as "order, motion".
std::string NeedsOf(const Json& needs) {
  constexpr Order kNeeds[] = {{"needs_order", "order"},
                              {"needs_direction", "direction"},
                              {"needs_motion", "motion"},
                              {"one_picture_suffices", "one picture suffices"}};
  std::string text;
  for (const Order& need : kNeeds) {
    if (Child(needs, need.key) == true) {
      text += (text.empty() ? "" : ", ") + std::string(need.name);
    }
  }
  return text.empty() ? "undecided" : text;
}

Cell EffectCell(std::optional<double> difference) {
  return difference ? Cell{*difference, fmt::format("{:+.1f}", 100 * *difference)} : NumberCell({});
}

Table EffectTable(const std::vector<RunRecord>& runs) {
  Table table;
  table.title = "Top-1 of the same clips with other frames";
  table.columns = {{"run"},
                   {"frames"},
                   {"top-1", true},
                   {"difference, points", true},
                   {"from", true},
                   {"to", true},
                   {"right to wrong", true},
                   {"wrong to right", true},
                   {"adjusted p", true}};
  for (const RunRecord& run : runs) {
    const Json* probe = ProbeOf(run);
    if (probe == nullptr) {
      continue;
    }
    const Json& all = (*probe)["all"];
    Row as_is;
    as_is.cells = {TextCell(run.name), TextCell("as they are"), PercentCell(NumberOf(all, "top1"))};
    as_is.cells.insert(as_is.cells.end(), 6, NumberCell({}));
    table.rows.push_back(std::move(as_is));
    for (const Order& order : kOrders) {
      const Json& effect = Child(all, order.key);
      const auto interval = IntervalOf(effect, "interval_95");
      const auto end = [&](bool is_low) {
        return EffectCell(interval ? std::optional(is_low ? interval->first : interval->second)
                                   : std::nullopt);
      };
      const auto falls = effect.find("falls");
      table.rows.push_back(
          {{TextCell(run.name), TextCell(order.name), PercentCell(NumberOf(effect, "top1")),
            EffectCell(NumberOf(effect, "difference")), end(true), end(false),
            CountCell(NumberOf(effect, "right_to_wrong")),
            CountCell(NumberOf(effect, "wrong_to_right")),
            PValueCell(NumberOf(effect, "adjusted_p_value"))},
           falls != effect.end() && *falls == true});
    }
  }
  return table;
}

Table ClassTable(const RunRecord& run, const Json& probe) {
  Table table;
  table.title = "Top-1 of each class with other frames, " + run.name;
  table.columns = {{"class"},          {"videos", true},   {"as they are", true},
                   {"shuffled", true}, {"reversed", true}, {"one frame", true},
                   {"needs"}};
  const Json& list = Child(probe, "per_class");
  for (const Json& entry : list.is_array() ? list : Json::array()) {
    if (NumberOf(entry, "num_videos").value_or(0) > 0) {
      Row row;
      row.cells = {TextCell(TextOf(entry, "class")), CountCell(NumberOf(entry, "num_videos")),
                   PercentCell(NumberOf(entry, "top1"))};
      for (const Order& order : kOrders) {
        row.cells.push_back(PercentCell(NumberOf(Child(entry, order.key), "top1")));
      }
      row.cells.push_back(TextCell(NeedsOf(entry)));
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

Bar BarOf(double share) { return {share, share, share}; }

BarChart OrderChart(const std::vector<RunRecord>& runs) {
  BarChart chart;
  chart.x_name = "right videos (top-1), %";
  chart.groups = {{"as they are", {}}};
  for (const Order& order : kOrders) {
    chart.groups.push_back({order.name, {}});
  }
  for (const RunRecord& run : runs) {
    const Json* probe = ProbeOf(run);
    if (probe == nullptr) {
      continue;
    }
    const Json& all = (*probe)["all"];
    chart.series.push_back(run.name);
    chart.groups[0].bars.emplace_back(BarOf(*NumberOf(all, "top1")));
    for (size_t order = 0; order < std::size(kOrders); ++order) {
      const auto top1 = NumberOf(Child(all, kOrders[order].key), "top1");
      chart.groups[order + 1].bars.push_back(top1 ? std::optional(BarOf(*top1)) : std::nullopt);
    }
  }
  return chart;
}

}  // namespace

Content MakeProbe(const std::vector<RunRecord>& runs) {
  Content content;
  Figure figure;
  figure.drawing = DrawBarChart(OrderChart(runs));
  figure.table = EffectTable(runs);
  if (figure.table.rows.empty()) {
    return content;  // score-videos --probe order is asked for by few
  }
  figure.id = "order_probe";
  figure.title = "Accuracy with other frames";
  figure.alt =
      "Top-1 of the same clips with their frames as they are, shuffled, reversed, and "
      "with one frame repeated.";
  figure.note = "The network needs what it loses without: bold rows fall by more than chance.";
  content.AddFigures({figure});
  for (size_t run = 0; run < runs.size(); ++run) {
    if (const Json* probe = ProbeOf(runs[run])) {
      content.AddText(fmt::format("{}: over all videos, {}.", runs[run].name,
                                  NeedsOf((*probe)["all"]) == "undecided"
                                      ? "no need is proven"
                                      : "what is needed: " + NeedsOf((*probe)["all"])));
      content.AddFoldedTable(IdFor("order_probe_classes", runs, run),
                             "What each class needs" + ForRun(runs, runs[run]),
                             ClassTable(runs[run], *probe));
    }
  }
  return content;
}

}  // namespace reel3d::report

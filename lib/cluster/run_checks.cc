// SPDX-License-Identifier: Apache-2.0
#include "lib/cluster/run_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "lib/cluster/checks.h"

namespace reel3d {
namespace {

const char* NameOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return "OK";
    case Verdict::kNotAsked:
      return "-";
    case Verdict::kWarn:
      return "WARN";
    case Verdict::kFail:
      return "FAIL";
  }
  return "";
}

std::string Dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::vector<ClusterCheck> AllChecks() {
  return {RanksCheck(),  VersionsCheck(),  CoresCheck(),     LimitsCheck(),   SlurmCheck(),
          ClockCheck(),  TransportCheck(), AllReduceCheck(), SlowPairCheck(), SameStepCheck(),
          FolderCheck(), VisibleCheck(),   LoaderCheck()};
}

Finding RunCheck(const ClusterCheck& check, const ClusterProbe& probe, const ClusterNeeds& needs) {
  nlohmann::json own = check.observe(probe, needs);
  own["host"] = probe.host;
  Observations ranks;
  for (const std::string& text : probe.gather(Dump(own))) {
    ranks.push_back(nlohmann::json::parse(text));
  }
  return check.judge(ranks, needs);
}

std::vector<CheckedRow> RunChecks(const ClusterProbe& probe, const ClusterNeeds& needs,
                                  const std::function<void(const std::string&)>& begins) {
  std::vector<CheckedRow> rows;
  for (const ClusterCheck& check : AllChecks()) {
    begins(check.name);
    rows.push_back({check.name, RunCheck(check, probe, needs)});
  }
  return rows;
}

FigureRecord FiguresOf(const std::vector<CheckedRow>& rows) {
  FigureRecord record;
  for (const CheckedRow& row : rows) {
    record.figures.insert(row.finding.figures.begin(), row.finding.figures.end());
  }
  return record;
}

void CompareRows(const std::vector<FigureRecord>& history, const FigureRecord& record,
                 std::vector<CheckedRow>* rows) {
  for (CheckedRow& row : *rows) {
    for (const auto& [name, value] : row.finding.figures) {
      const std::string slow = CompareWithHistory(history, record, name);
      if (slow.empty()) {
        continue;
      }
      if (row.finding.verdict != Verdict::kOk) {
        row.finding.details.push_back(slow);
        continue;
      }
      row.finding.verdict = Verdict::kWarn;
      row.finding.text = slow;
      row.finding.remedy =
          "look for other work on these hosts, and try other hosts; if it stays, tell the site";
    }
  }
}

Verdict WorstOf(const std::vector<CheckedRow>& rows) {
  Verdict worst = Verdict::kOk;
  for (const CheckedRow& row : rows) {
    worst = std::max(worst, row.finding.verdict);
  }
  return worst;
}

std::string FormatRows(const std::vector<CheckedRow>& rows) {
  std::string text;
  for (const CheckedRow& row : rows) {
    const Finding& finding = row.finding;
    text += fmt::format("{:<4}  {:<10}  {}\n", NameOf(finding.verdict), row.name, finding.text);
    for (const std::string& detail : finding.details) {
      text += fmt::format("{:18}{}\n", "", detail);
    }
    if (!finding.remedy.empty()) {
      text += fmt::format("{:18}to do: {}\n", "", finding.remedy);
    }
  }
  return text;
}

nlohmann::ordered_json RowsToJson(const std::vector<CheckedRow>& rows) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const CheckedRow& row : rows) {
    json.push_back({{"check", row.name},
                    {"verdict", NameOf(row.finding.verdict)},
                    {"text", row.finding.text},
                    {"remedy", row.finding.remedy},
                    {"details", row.finding.details},
                    {"figures", row.finding.figures}});
  }
  return json;
}

}  // namespace reel3d

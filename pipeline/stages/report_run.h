// The stage behind report-run: reads the files of one or several runs and writes one HTML page. It
// needs no torch, and the page needs neither network nor script.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lib/base/option_binder.h"
#include "pipeline/stages/report_strips.h"

namespace reel3d {

struct ReportRunOptions {
  std::vector<std::string> runs;
  std::string page;
  std::string title;
  std::string svg_dir;
  std::vector<std::string> timelines;  // files
  std::string comparison;              // folder of compare-scores; empty: none
  StripOptions strips;

  void Bind(OptionBinder& binder);
  void Check() const;
};

struct ReportRunReport {
  nlohmann::ordered_json numbers;  // of every figure and table, by section
  std::string text;                // where the page is, for users
};

// Throws an input error if a folder is not a run. The page names absent or damaged parts.
ReportRunReport RunReportRun(const ReportRunOptions& options);

}  // namespace reel3d

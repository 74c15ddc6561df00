// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/report_run.h"

#include <fmt/format.h>

#include <filesystem>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/versions.h"
#include "lib/report/draw/figure.h"
#include "lib/report/draw/page.h"
#include "lib/report/read/run_reader.h"
#include "lib/report/read/timeline_reader.h"
#include "lib/report/sections/sections.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kStripBytes = 800'000;  // of the page; a page of five large runs has 2 MB

std::string TitleOf(const ReportRunOptions& options, const std::vector<report::RunRecord>& runs) {
  if (!options.title.empty()) {
    return options.title;
  }
  std::string title = runs.size() > 1 ? "Runs " : "Run ";
  for (size_t run = 0; run < runs.size(); ++run) {
    title += (run == 0 ? "" : ", ") + runs[run].name;
  }
  return title;
}

void WriteFigures(const std::vector<report::Figure>& figures, const fs::path& folder) {
  MakeFolders(folder);
  for (const report::Figure& figure : figures) {
    WriteFileAtomically(folder / (figure.id + ".svg"), report::FigureFile(figure));
  }
}

}  // namespace

void ReportRunOptions::Bind(OptionBinder& binder) {
  binder.Positional("RUN_DIR", &runs,
                    "folders of runs: RUN of Makefile.workflow, or a folder that train-r3d or "
                    "evaluate-scores wrote");
  binder.Positional("REPORT.html", &page, "the page to write; an older one is replaced");
  binder.Bind("title", &title, "heading of the page; empty: the names of the runs",
              Effect::kRunOnly);
  binder.Bind("svg", &svg_dir,
              "folder to which each figure is also written as an .svg file. Empty: no such files",
              Effect::kRunOnly);
  binder.Bind("timeline", &timelines,
              "also draw these tables of classify-video --timeline, FILE.tsv,... Of several runs "
              "the first one shows them. Empty: only those in RUN_DIR/timelines",
              Effect::kRunOnly);
  binder.Bind("comparison", &comparison,
              "also show the verdicts and the late fusion in this folder of compare-scores "
              "--out-dir. Empty: compare the answers of the runs only, with a margin of 0.5 points",
              Effect::kRunOnly);
  strips.Bind(binder);
}

void ReportRunOptions::Check() const {
  const fs::path extension = fs::path(page).extension();
  if (extension != ".html" && extension != ".htm") {
    throw UsageError(
        fmt::format("the last argument is '{}' but must be the page to write, which "
                    "ends in .html",
                    page));
  }
  if (fs::is_directory(page)) {
    throw UsageError(fmt::format("{} is a folder: name the page in it, such as {}", page,
                                 (fs::path(page) / "report.html").string()));
  }
  const fs::path folder = fs::path(page).parent_path();
  if (!folder.empty() && !fs::is_directory(folder)) {
    throw UsageError(
        fmt::format("there is no folder {} for the page; make it first", folder.string()));
  }
}

ReportRunReport RunReportRun(const ReportRunOptions& options) {
  std::vector<report::RunRecord> runs = report::ReadRuns(options.runs);
  for (report::RunRecord& run : runs) {
    AddStrips(options.strips, kStripBytes / static_cast<int64_t>(runs.size()), &run);
  }
  for (const std::string& file : options.timelines) {
    runs.front().timelines.push_back(report::ReadTimeline(file, &runs.front().missing));
  }
  if (!options.comparison.empty()) {
    runs.front().comparison = ReadJsonObject(fs::path(options.comparison) / "comparison.json");
  }
  std::vector<report::PagePart> parts;
  ReportRunReport result;
  nlohmann::ordered_json& sections = result.numbers["sections"];
  for (const report::Section& section : report::Sections()) {
    const report::Content content = section.make(runs);
    if (content.empty()) {
      continue;
    }
    parts.push_back({section.id, section.title, content.html()});
    sections[section.id] = content.numbers();
    if (!options.svg_dir.empty()) {
      WriteFigures(content.figures(), options.svg_dir);
    }
  }
  for (const report::RunRecord& run : runs) {
    result.numbers["runs"].push_back({{"name", run.name},
                                      {"folder", run.folder.string()},
                                      {"doubts", run.doubts},
                                      {"missing", run.missing}});
  }
  const std::string foot = "Written by report-run of reel3d. This page loads nothing.";
  WriteFileAtomically(options.page, report::PageHtml(TitleOf(options, runs), parts, foot));
  result.numbers["page"] = options.page;
  result.text = options.page + "\n";
  return result;
}

}  // namespace reel3d

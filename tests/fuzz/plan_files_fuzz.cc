// Fuzzes the files that plan-run reads: corrections, plans, and the reports of earlier runs.
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <fstream>

#include "lib/base/json.h"
#include "pipeline/stages/measured_rates.h"
#include "pipeline/stages/plan_outcome.h"
#include "pipeline/stages/plan_run.h"
#include "pipeline/stages/run_outcome.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/pipeline/finished_run.h"
#include "tests/test_support.h"

namespace reel3d::fuzz {
namespace {

enum Form { kCorrection, kPlan, kReport, kTimes, kNumForms };

constexpr const char* kReportText =
    R"({"seconds": 5, "steps": 6, "ranks": 2, "validation_videos": 3})";
constexpr const char* kTimesText =
    R"({"clips": 9, "seconds": 2, "ranks": [{"phases_s": {"forward": 1}, "read_s": 1}]})";

// Makes a plan with `rates`. Rates that were accepted must lead to a finite time.
void PlanWith(const MeasuredRates& rates) {
  plan::Request request;
  request.videos = {{1000}, {900}, {10}, {25}, {720}};
  FillRates({rates}, &request);
  const plan::RunPlan plan = MakePlan(request);
  REEL3D_CHECK(std::isfinite(plan.wall_s) && plan.wall_s > 0);
}

void Write(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void ReadTrainingWith(std::string_view report, std::string_view times) {
  static const test::TemporaryFolder folder;
  std::filesystem::create_directory(folder / "train");
  Write(folder / "train/report.json", report);
  Write(folder / "train/times.jsonl", times);
  ReadRunOutcome(folder.path());
  PlanWith(ReadMeasuredRates(folder.path()));
}

const std::filesystem::path& FinishedRun() {
  static const test::TemporaryFolder folder;
  static const bool is_written = [] {
    test::WriteFinishedRun(folder.path());
    return true;
  }();
  REEL3D_CHECK(is_written);
  return folder.path();
}

}  // namespace

std::vector<std::string> Seeds() {
  PlanRunOptions options;
  options.videos.videos = 1000;
  const MeasuredRates rates = {
      {{"prep_ms", 2}, {"train_clips_per_s", 9}}, 240, 90, {}, {{"prep_ms", plan::Origin::kGiven}}};
  return {FileAndNumbers::Join(FormatJson(CorrectionJson(rates, {})), {kCorrection}),
          FileAndNumbers::Join(FormatJson(RunPlanRun(options).figures), {kPlan}),
          FileAndNumbers::Join(kReportText, {kReport}), FileAndNumbers::Join(kTimesText, {kTimes})};
}

}  // namespace reel3d::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reel3d;
  fuzz::FileAndNumbers input(data, size);
  const std::string text(input.file().begin(), input.file().end());
  fuzz::AllowInputErrors([&] {
    const int form = input.Below(fuzz::kNumForms);
    if (form == fuzz::kReport) {
      fuzz::ReadTrainingWith(text, fuzz::kTimesText);
    } else if (form == fuzz::kTimes) {
      fuzz::ReadTrainingWith(fuzz::kReportText, text);
    } else {
      const fuzz::ScratchFile file(text);
      if (form == fuzz::kPlan) {
        ComparePlan(file.path(), fuzz::FinishedRun());
      } else {
        fuzz::PlanWith(ReadMeasuredRates(file.path()));
      }
    }
  });
  return 0;
}

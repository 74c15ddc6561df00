// Fuzzes the files of a run that report-run reads, and the page that it makes of them.
// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include "lib/base/file.h"
#include "lib/report/read/run_reader.h"
#include "lib/report/sections/sections.h"
#include "pipeline/support/heat_file.h"
#include "pipeline/support/scored_clips.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/test_support.h"

namespace reel3d::fuzz {
namespace {

struct RunFile {
  const char* name;
  const char* text;
};

// A run with every file. An input takes the place of one of them.
constexpr RunFile kFiles[] = {
    {"train/metrics.jsonl",
     R"({"step":5,"epoch":1,"lr":0.1,"train_loss":0.7,"train_top1":0.25,"train_top5":0.5}
{"step":9,"epoch":2,"lr":0.001,"train_loss":0.5,"validation_loss":0.3,"validation_top1":0.6}
)"},
    {"train/times.jsonl",
     R"({"epoch":1,"clips":90,"seconds":2,"ranks":[{"phases_s":{"waiting for data":0.5,"forward":1}}]}
)"},
    {"train/config.ini", "# help\nmodel = r3d\ndepth = 18\nwidth = 0.5\nlr = 0.1\n"},
    {"train/report.json",
     R"({"seconds": 125, "epochs": 3, "ranks": 2, "training_videos": 9, "validation_videos": 4,
         "num_damaged": 1, "stopped_early": true, "doubts": ["one class", {"text": "copies"}]})"},
    {"train/starts.jsonl",
     R"({"host":"node7","job":"7","ranks":2,"eligible_s":900,"job_start_s":950,"began_s":1000,)"
     R"("at_s":1100,"end":"failed","first_step":0,"step":9,"seconds":{"start":10,"steps":60,"data":10,)"
     R"("ranks":10,"validation":5,"saves":5},"saves":[{"step":5,"seconds":{"start":10,"steps":30,"data":5,)"
     R"("ranks":5,"validation":2,"saves":2}}]})"},
    {"train/failed.tsv", "item\tstage\treason\na\ttrain\tbroken\n"},
    {"evaluation/metrics.json",
     R"({"subset": "validation", "num_expected": 4, "num_missing": 1, "frames_shuffled": false,
         "video_top1": 0.75, "video_top1_interval_95": [0.5, 1.0], "video_top5": 1.0,
         "video_average": 0.875, "clip_top1": 0.5, "slices": [{"column": "fps", "value": "25",
         "num_videos": 3, "top1": 0.25, "top1_interval_95": [0.1, 0.5], "adjusted_p_value": 0.1,
         "stands_out": true}], "per_class": [{"class": "rise", "num_videos": 2, "top1": 0.5,
         "top5": 1.0}, {"class": "fall", "num_videos": 2, "top1": 1.0, "top5": 1.0}]})"},
    {"evaluation/figures.json",
     R"({"ladder": [{"change": "first", "top1": 0.5, "gain": 0, "beside": false}],
         "intervals_95": {"top1": [0.1, 0.9]}, "windows": [{"windows": "all", "mean_windows": 2,
         "top1": {"missing_wrong": 0.5, "missing_ignored": 0.6}}], "one_window": {"first": {"top1":
         {"missing_wrong": 0.5}}}, "averages": [{"averaging": "max", "tail": true, "top1":
         {"missing_wrong": 0.5}}], "ranking": {"hit_at_k": [{"k": 1, "hit": 0.5}]},
         "calibration": {"as_scored": {"ece": 0.1, "mean_confidence": 0.5, "accuracy": 0.6, "bins": [{"num_videos": 3, "mean_confidence": 0.625,
         "accuracy": 0.375}]}}, "abstention": {"risk_coverage": [{"coverage": 0.5,
         "precision": 1.0}]}})"},
    {"evaluation/confusion.tsv", "label\trise\tfall\nrise\t1\t1\nfall\t0\t2\n"},
    {"evaluation/predictions.tsv",
     "id\tlabel\tpredicted\tscore\trank\tnum_clips\tsurest_frame\tsurest_frames\tsurest_crop\t"
     "surest_probability\na\trise\tfall\t0.875\t1\t3\t16\t16\t0\t0.9\n"
     "b\tfall\tfall\t0.9\t0\t3\t0\t16\t0\t0.9\nc\t\tfall\t0.9\t\t1\t0\t5\t1\t0.9\n"},
    {"evaluation/suspect_labels.tsv", "id\tlabel\tanswer\tmargin\na\trise\tfall\t0.5\n"},
    {"evaluation/report.json", R"({"num_videos": 3, "doubts": []})"},
    {"scores/report.json",
     R"({"checkpoint": "step-1 0123abcd", "inputs": [{"path": "c", "identity": "step-1 0123abcd"},
         {"path": "s", "identity": "01234567"}], "clip": {"from_videos": false, "frames": 16,
         "frame_stride": 1, "size": 112, "crops": "3", "short_side": 112, "decoding": "fast"}})"},
    {"evaluation/passport.json",
     R"({"format": "reel3d-passport", "format_version": 1, "list": {"manifest_crc32": "0123abcd"},
         "shards": {"num_frames": 9}, "counts": [{"subset": "training", "class": "rise",
         "expected": 2, "found": 2, "packed": 1, "short": 0}]})"},
    {"evaluation/trained_on.json",
     R"({"format": "reel3d-passport", "format_version": 1, "list": {}, "shards": {}, "counts": []})"},
    {"timelines/film.tsv",
     "begin_s\tend_s\tclass\tprobability\tclass_2\tprobability_2\n0.0\t1.0\trise\t0.9\tfall\t0.1\n"
     "0.5\t1.5\tfall\t0.6\trise\t0.4\n"},
    {"heat.json",
     R"({"format": "reel3d-heat", "version": 1, "checkpoint": "step-1 0123abcd", "data": "01234567",
         "clip": {"frames": 16}, "method": "exact", "finer": 0, "clips": [{"id": "a",
         "class": "fall", "first_frame": 16, "crop": 0, "heat": []}]})"},
};

void Write(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream(file, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// A folder in memory that holds the run.
class RunFolder {
 public:
  RunFolder() : path_(space_.path().string() + ".run") {
    for (const RunFile& file : kFiles) {
      MakeFolders((path_ / file.name).parent_path());
      Write(path_ / file.name, file.text);
    }
  }
  ~RunFolder() { std::filesystem::remove_all(path_); }
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  ScratchFile space_;
  std::filesystem::path path_;
};

// Reads the files that shards and heat of strips are found by. Both may throw input errors.
void ReadFilesOfStrips(const std::filesystem::path& folder) {
  AllowInputErrors([&] {
    const report::RunRecord run = report::ReadRun(folder);
    const ScoredClips scored = ScoredClipsOf(report::ReportOf(run, "score-videos"));
    REEL3D_CHECK(scored.length > 0 && scored.stride > 0 && scored.size > 0);
  });
  AllowInputErrors([&] {
    for (const ClipHeat& clip : ReadHeatFile(folder / "heat.json").clips) {
      REEL3D_CHECK(clip.first_frame >= 0 && clip.crop >= 0);
    }
  });
}

// Makes every section of one run, and of the run beside itself.
void MakePages(const std::filesystem::path& folder) {
  for (const size_t num_runs : {size_t{1}, size_t{2}}) {
    const std::vector<std::string> folders(num_runs, folder.string());
    const std::vector<report::RunRecord> runs = report::ReadRuns(folders);
    for (const report::Section& section : report::Sections()) {
      const report::Content content = section.make(runs);
      REEL3D_CHECK(content.html().find("<script") == std::string::npos);
    }
  }
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (const RunFile& file : kFiles) {
    seeds.push_back(FileAndNumbers::Join(file.text, {static_cast<uint32_t>(seeds.size())}));
  }
  return seeds;
}

}  // namespace reel3d::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reel3d;
  static const fuzz::RunFolder run;
  fuzz::FileAndNumbers input(data, size);
  const auto place = static_cast<size_t>(input.Below(static_cast<int>(std::size(fuzz::kFiles))));
  const fuzz::RunFile& file = fuzz::kFiles[place];
  fuzz::Write(run.path() / file.name,
              {reinterpret_cast<const char*>(input.file().data()), input.file().size()});
  fuzz::AllowInputErrors([&] { fuzz::MakePages(run.path()); });
  fuzz::ReadFilesOfStrips(run.path());
  fuzz::Write(run.path() / file.name, file.text);
  return 0;
}

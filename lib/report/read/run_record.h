// Holds what a report shows of one run. Every part may be absent; a sentence in `missing` then
// reports that.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/data/passport.h"
#include "lib/ledger/goodput.h"
#include "lib/report/draw/heat_map.h"
#include "lib/report/draw/line_chart.h"

namespace reel3d::report {

using Json = nlohmann::ordered_json;

struct Setting {
  std::string stage, key, value;
};

struct ClassResult {
  std::string name;
  int64_t num_videos = 0;
  double top1 = 0, top5 = 0;
  double low = 0, high = 0;  // 95 % interval of top1
};

// The clip of a video that is surest of the predicted class (SurestClip of lib/eval).
struct SeenClip {
  int64_t first_frame = 0, num_frames = 0;  // num_frames counts different frames
  int crop = 0;                             // number of the crop; 0: the centre
  double probability = 0;                   // of the predicted class
};

// A video whose predicted class is not its label.
struct Mistake {
  std::string id, label, predicted;
  double score = 0;
  std::optional<double> rank;
  std::optional<SeenClip> clip;  // older evaluations do not have it
};

// A video whose label may be wrong: the run is surer of another class.
struct Suspect {
  std::string id, label, predicted;
  double margin = 0;  // probability of the prediction minus that of the label
};

// The answer to a video that has a label.
struct Answer {
  std::string label, predicted;
  std::optional<double> rank;  // of the label: the number of classes before it
};

struct EvaluationRecord {
  Json metrics = Json::object();          // metrics.json
  Json figures = Json::object();          // figures.json
  std::vector<ClassResult> classes;       // only classes that have videos
  std::vector<std::string> names;         // classes of the confusion matrix, in order
  std::vector<HeatCell> confusion;        // by row, then column; only counts above 0
  std::vector<Mistake> mistakes;          // most confident first
  std::vector<Suspect> suspects;          // most suspect first
  std::map<std::string, Answer> answers;  // by id, of the videos with a label
};

struct StageRecord {
  std::string tool;
  Json report = Json::object();  // report.json
  int64_t num_failed = 0;        // rows of failed.tsv
  bool is_complete = false;      // its folder has DONE
};

// The answers to one part of a long video. Times are seconds from the start of the video.
struct TimelineWindow {
  double begin_s = 0, end_s = 0;
  // Class (an index into Timeline::classes) and probability, the best class first.
  std::vector<std::pair<size_t, double>> answers;
};

// Says what a long video shows over time: a table of classify-video --timeline.
struct Timeline {
  std::string name;                     // of the file, without .tsv
  std::vector<std::string> classes;     // in the order in which the table names them
  std::vector<TimelineWindow> windows;  // by begin; at least one
};

// A statement about a run that its files prove or refute.
struct CheckedFact {
  std::string what;           // "every stage has finished"
  std::optional<bool> holds;  // none: the files do not say
  std::string found;          // the figures behind it
  std::string files;          // where they stand
};

struct StripPicture {
  std::string jpeg;       // the content of a JPEG file
  std::string heat_jpeg;  // the same picture with heat where the network sees the class; may be ""
  std::string time;       // "1.32 s", or "frame 33" if the video's frame rate is unknown
};

// Shows a wrongly answered video: frames of the clip that is surest of the wrong class.
struct Strip {
  std::string id, label, predicted;
  SeenClip clip;
  size_t mistake_place = 0, suspect_place = 0;  // from 1, in the lists; 0: not among their first
  std::vector<StripPicture> pictures = {};      // in order of time, of one size
  std::string problem = {};                     // why there are no pictures; empty: there are
};

struct RunRecord {
  std::string name;
  std::filesystem::path folder;
  std::vector<Json> epochs;        // metrics.jsonl
  std::vector<Json> times;         // times.jsonl
  std::optional<Goodput> goodput;  // starts.jsonl
  std::vector<StageRecord> stages;
  std::vector<Setting> settings;
  EvaluationRecord evaluation;
  std::optional<Passport> data;        // passport of the data that was scored, or else packed
  std::optional<Passport> trained_on;  // that of the data that the network learned from
  std::vector<CheckedFact> facts;
  std::vector<Timeline> timelines;   // by name
  Json comparison = Json::object();  // comparison.json of compare-scores; only of the first run
  // The caller of ReadRuns() fills these: frames are in shards, which this room does not read.
  std::vector<Strip> strips;
  std::string strips_note;           // a sentence about strips that are absent; may be empty
  std::vector<std::string> doubts;   // about the data
  std::vector<std::string> missing;  // sentences
};

// Returns the finite number of this key; none if it is absent or something else.
std::optional<double> NumberOf(const Json& object, const char* key);
// Returns the text of this key; "" if it is absent or something else.
std::string TextOf(const Json& object, const char* key);
// Returns the report of a stage; an empty object if there is none.
const Json& ReportOf(const RunRecord& run, const std::string& tool);
// Returns a setting; "" if it is not known.
std::string SettingOf(const RunRecord& run, const std::string& stage, const std::string& key);

}  // namespace reel3d::report

// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/prediction_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/parallel.h"
#include "lib/base/tsv_writer.h"
#include "lib/eval/accuracy.h"

namespace reel3d {
namespace {

using Json = nlohmann::ordered_json;

// Returns an id or class name as a JSON string. Bytes that are not UTF-8 are replaced.
std::string Quoted(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::vector<int> Top(const SubsetScores& subset, const VideoScores& video, int count) {
  return TopClasses(video.scores.data(), static_cast<int>(subset.classes.size()), count);
}

int TrueRank(const VideoScores& video) {
  return RankOfClass(video.scores.data(), static_cast<int>(video.scores.size()), video.label);
}

// The videos whose text one thread writes at a time.
constexpr size_t kBlock = 128;

int NumTop(const SubsetScores& subset) {
  return std::min(5, static_cast<int>(subset.classes.size()));
}

std::vector<std::string> PredictionColumns(const SubsetScores& subset) {
  std::vector<std::string> columns = {"id", "label", "predicted", "score"};
  for (int place = 1; place <= NumTop(subset); ++place) {
    columns.push_back(fmt::format("top5_{}", place));
  }
  columns.insert(columns.end(), {"rank", "num_clips", "surest_frame", "surest_frames",
                                 "surest_crop", "surest_probability", "confidence", "unsure"});
  return columns;
}

void AddPrediction(const SubsetScores& subset, const VideoScores& video, Averaging averaging,
                   std::optional<double> threshold, TsvWriter* table) {
  const std::vector<int> top = Top(subset, video, NumTop(subset));
  table->Add(video.id);
  table->Add(video.label < 0 ? "" : subset.classes[video.label]);
  table->Add(subset.classes[top[0]]);
  table->Add(Decimals(video.scores[top[0]], 6));
  for (const int index : top) {
    table->Add(subset.classes[index]);
  }
  const std::vector<double> probabilities = ToProbabilities(video.scores, averaging);
  const double confidence = *std::max_element(probabilities.begin(), probabilities.end());
  table->Add(video.label < 0 ? "" : std::to_string(TrueRank(video)));
  table->Add(video.num_clips);
  table->Add(video.surest.clip.first_frame);
  table->Add(video.surest.clip.num_distinct);
  table->Add(static_cast<int>(video.surest.clip.crop));
  table->Add(Decimals(video.surest.probability, 6));
  table->Add(Decimals(confidence, 6));
  table->Add(!threshold ? "" : confidence < *threshold ? "yes" : "no");
  table->EndRow();
}

// Adds the classes `top` of a video, after a comma if it is not the first one in `text`.
void AddResult(const VideoScores& video, const std::vector<int>& top,
               const std::vector<std::string>& labels, std::string* text) {
  *text += (text->empty() ? "" : ",\n") + Quoted(video.id) + ": [";
  const char* before_class = "";
  for (const int index : top) {
    *text +=
        fmt::format("{}{{\"label\": {}, \"score\": {}}}", before_class,
                    labels[static_cast<size_t>(index)], video.scores[static_cast<size_t>(index)]);
    before_class = ", ";
  }
  *text += ']';
}

}  // namespace

std::string FormatSuspects(const std::vector<SuspectLabel>& ranked,
                           const std::vector<std::string>& classes) {
  TsvWriter table({"id", "label", "answer", "margin"});
  for (const SuspectLabel& suspect : ranked) {
    table.Row(suspect.id, classes[static_cast<size_t>(suspect.label)],
              classes[static_cast<size_t>(suspect.answer)], Decimals(suspect.margin, 6));
  }
  return table.text();
}

const std::vector<std::string>& ResultsFormNames() {
  static const std::vector<std::string> names = {"reference", "activitynet"};
  return names;
}

ResultsForm ParseResultsForm(const std::string& name) {
  const std::vector<std::string>& names = ResultsFormNames();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) {
    throw UsageError(fmt::format("results-form '{}' is none of {}", name, fmt::join(names, ", ")));
  }
  return static_cast<ResultsForm>(found - names.begin());
}

std::string FormatPredictions(const SubsetScores& subset, Averaging averaging,
                              std::optional<double> threshold, int threads) {
  const TsvWriter header(PredictionColumns(subset));
  std::deque<TsvWriter> blocks(NumBlocks(subset.videos.size(), kBlock), header);
  ParallelBlocks(subset.videos.size(), kBlock, threads, [&](size_t begin, size_t end) {
    for (size_t video = begin; video < end; ++video) {
      AddPrediction(subset, subset.videos[video], averaging, threshold, &blocks[begin / kBlock]);
    }
  });
  TsvWriter table = header;
  for (; !blocks.empty(); blocks.pop_front()) {
    table.Append(blocks.front());
  }
  return table.text();
}

// Writes the text directly: a JSON document of all scores would take gigabytes of memory.
std::string FormatResults(const SubsetScores& subset, int top_k, ResultsForm form, int threads) {
  const int count = top_k == 0 ? static_cast<int>(subset.classes.size()) : top_k;
  std::vector<std::string> labels;
  for (const std::string& name : subset.classes) {
    labels.push_back(Quoted(name));
  }
  std::vector<std::string> blocks(NumBlocks(subset.videos.size(), kBlock));
  ParallelBlocks(subset.videos.size(), kBlock, threads, [&](size_t begin, size_t end) {
    for (size_t video = begin; video < end; ++video) {
      AddResult(subset.videos[video], Top(subset, subset.videos[video], count), labels,
                &blocks[begin / kBlock]);
    }
  });
  std::string text = form == ResultsForm::kActivityNet
                         ? "{\"version\": \"VERSION 1.3\", \"external_data\": {}, \"results\": {"
                         : "{\"results\": {";
  const char* before_block = "\n";
  for (std::string& block : blocks) {
    text += before_block + block;
    before_block = ",\n";
    block = std::string();
  }
  return text + "\n}}\n";
}

}  // namespace reel3d

// The JSON of the paper's own code: `labels`, and a database of videos. Segments are half-open
// ranges of frame numbers, which count from 1 for folders of pictures and otherwise from 0. A
// video's file is <label>/<id>, or `video_path` if that is given.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "lib/annotations/annotation_builder.h"
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/frame_times.h"
#include "lib/annotations/json_records.h"
#include "lib/data/names.h"

namespace reel3d::annotation_formats::reference_json {
namespace {

bool Recognises(const AnnotationFile& file) {
  const std::string head = file.Head();
  const auto holds = [&](const char* text) { return head.find(text) != std::string::npos; };
  return head.substr(0, 1) == "{" && holds("\"labels\"") && !holds("\"taxonomy\"");
}

class Reader {
 public:
  explicit Reader(double frames_per_second) : frames_per_second_(frames_per_second) {}

  AnnotationSet Read(const AnnotationRequest& request) {
    std::vector<std::string> labels;
    for (const AnnotationFile& file : request.files) {
      source_ = file.path.string();
      builder_.BeginFile(file);
      const std::string text = file.Read();
      FindFirstFrame(text);
      std::vector<std::string> of_file;
      ForEachJsonRecord(text, source_, 2, [&](JsonRecord& record) {
        if (record.group == "labels") {
          of_file.push_back(record.value.get<std::string>());
        } else if (record.group == "database") {
          TakeVideo(record);
        }
      });
      if (!labels.empty() && labels != of_file) {
        builder_.Fail(0, "has other labels than the file before it");
      }
      labels = std::move(of_file);
    }
    builder_.SetOfficialClasses(std::move(labels), "the labels of the json file");
    return builder_.Take();
  }

 private:
  // Sets first_frame_ to 0 if any segment begins with frame 0, else to 1.
  void FindFirstFrame(const std::string& text) {
    first_frame_ = 1;
    if (frames_per_second_ == 0) {
      return;
    }
    ForEachJsonRecord(text, source_, 2, [&](JsonRecord& record) {
      if (record.group == "database" && record.value.contains("annotations") &&
          record.value["annotations"].contains("segment")) {
        first_frame_ =
            std::min(first_frame_, record.value["annotations"]["segment"].at(0).get<int64_t>());
      }
    });
    first_frame_ = std::max<int64_t>(first_frame_, 0);
  }

  void TakeVideo(const JsonRecord& record) {
    const AnnotationJson& video = record.value;
    AnnotationBuilder::Row row;
    row.subset = RequireSubset(video.at("subset").get_ref<const std::string&>(),
                               fmt::format("{}: '{}'", source_, Escaped(record.key)));
    const AnnotationJson annotations = video.value("annotations", AnnotationJson::object());
    std::string path = record.key;
    if (annotations.contains("label")) {
      row.labels = {annotations["label"].get_ref<const std::string&>()};
      path = annotations["label"].get<std::string>() + "/" + path;
    }
    if (video.contains("video_path")) {
      path = video["video_path"].get<std::string>();
    }
    row.source = path;
    if (annotations.contains("segment")) {
      TakeSegment(record, annotations["segment"], &row);
    }
    builder_.Add(record.number, row);
  }

  void TakeSegment(const JsonRecord& record, const AnnotationJson& segment,
                   AnnotationBuilder::Row* row) {
    const auto begin = segment.at(0).get<int64_t>();
    const auto end = segment.at(1).get<int64_t>();
    if (frames_per_second_ > 0) {
      const FrameTimes times =
          TimesOfFrames(begin - first_frame_, end - first_frame_, frames_per_second_);
      row->begin_s = times.begin_s;
      row->end_s = times.end_s;
    } else if (begin <= 1) {
      builder_.Change("a segment from the first frame on: the whole file is taken");
    } else {
      builder_.Fail(record.number,
                    fmt::format("the segment of '{}' begins with frame {}: --annotation-fps says "
                                "how many frames a second has",
                                Escaped(record.key), begin));
    }
  }

  AnnotationBuilder builder_{FileNaming::kPath, SameVideo::kOnce};
  const double frames_per_second_;
  std::string source_;
  int64_t first_frame_ = 1;
};

AnnotationSet Read(const AnnotationRequest& request) {
  return Reader(request.frames_per_second).Read(request);
}

}  // namespace

extern const AnnotationFormat kFormat = {
    "reference-json", "3D-ResNets-PyTorch: ucf101_01.json, kinetics.json and the like", Recognises,
    Read};

}  // namespace reel3d::annotation_formats::reference_json

// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/untrimmed_json.h"

#include <fmt/format.h>

#include <charconv>
#include <set>

#include "lib/annotations/annotation_builder.h"
#include "lib/annotations/json_records.h"
#include "lib/base/error.h"
#include "lib/data/names.h"

namespace reel3d {
namespace {

class UntrimmedReader {
 public:
  AnnotationSet Read(const AnnotationRequest& request) {
    for (const AnnotationFile& file : request.files) {
      source_ = file.path.string();
      builder_.BeginFile(file);
      ForEachJsonRecord(file.Read(), source_, 2, [&](JsonRecord& record) { Take(&record); });
    }
    return builder_.Take();
  }

 private:
  void Take(JsonRecord* record) {
    if (record->group == "database") {
      TakeVideo(*record);
    }
  }

  void TakeVideo(const JsonRecord& record) {
    const AnnotationJson& video = record.value;
    AnnotationBuilder::Row row;
    row.source = record.key;
    row.subset = RequireSubset(video.at("subset").get_ref<const std::string&>(),
                               fmt::format("{}: '{}'", source_, Escaped(record.key)));
    const std::optional<double> duration_s = Duration(record);
    const auto annotations = video.find("annotations");
    if (annotations == video.end() || annotations->empty()) {
      builder_.Add(record.number, row);
      return;
    }
    for (const AnnotationJson& annotation : *annotations) {
      TakeSegment(record.number, annotation, duration_s, row);
    }
  }

  void TakeSegment(int64_t number, const AnnotationJson& annotation,
                   const std::optional<double>& duration_s, AnnotationBuilder::Row row) {
    row.labels = {annotation.at("label").get_ref<const std::string&>()};
    row.begin_s = annotation.at("segment").at(0).get<double>();
    row.end_s = annotation.at("segment").at(1).get<double>();
    if (*row.end_s <= *row.begin_s) {
      builder_.LeaveOut("a segment that does not end after its begin");
      return;
    }
    if (duration_s && *row.begin_s >= *duration_s) {
      builder_.LeaveOut("a segment that begins behind the video's end");
      return;
    }
    if (duration_s && *row.end_s > *duration_s) {
      builder_.Change("a segment that ended behind the video's end");
      row.end_s = duration_s;
    }
    builder_.Add(number, row);
  }

  // Returns nothing where the duration is absent or 0.
  std::optional<double> Duration(const JsonRecord& record) const {
    const auto duration = record.value.find("duration");
    if (duration == record.value.end() || duration->is_null()) {
      return std::nullopt;
    }
    double seconds = 0;
    if (duration->is_string()) {
      const auto& text = duration->get_ref<const std::string&>();
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
      if (error != std::errc() || end != text.data() + text.size()) {
        builder_.Fail(record.number,
                      fmt::format("duration '{}' of video '{}' is not a number",
                                  Escaped(text.substr(0, 100)), Escaped(record.key)));
      }
    } else {
      seconds = duration->get<double>();
    }
    return seconds > 0 ? std::optional<double>(seconds) : std::nullopt;
  }

  AnnotationBuilder builder_{FileNaming::kVideo, SameVideo::kParts};
  std::string source_;
};

}  // namespace

AnnotationSet ReadUntrimmedJson(const AnnotationRequest& request) {
  return UntrimmedReader().Read(request);
}

}  // namespace reel3d

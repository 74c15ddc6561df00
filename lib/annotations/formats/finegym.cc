// FineGym: lines "<id>_E_<begin>_<end>_A_<begin>_<end> <label>". The first times are those of an
// event in the video, in seconds; the second those of an element in the event. If the file
// finegym_annotation_info is given too, it has the exact times: an element lasts from its first
// begin to its last end.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <regex>
#include <unordered_map>

#include "lib/annotations/annotation_builder.h"
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/delimited_text.h"
#include "lib/annotations/json_records.h"
#include "lib/annotations/numbered_classes.h"
#include "lib/data/names.h"

namespace reel3d::annotation_formats::finegym {
namespace {

struct Times {
  double begin_s, end_s;
};

bool IsTimesFile(const AnnotationFile& file) {
  return file.lower_name().find("annotation_info") != std::string::npos;
}

bool Recognises(const AnnotationFile& file) {
  static const std::regex row(R"(\S+_E_\d+_\d+_A_\d+_\d+ +\d+\s*)");
  return IsTimesFile(file) || std::regex_match(file.FirstLine(), row);
}

class Reader {
 public:
  explicit Reader(const AnnotationRequest& request) : classes_(request) {}

  AnnotationSet Read(const AnnotationRequest& request) {
    for (const AnnotationFile& file : request.files) {
      if (IsTimesFile(file)) {
        ForEachJsonRecord(file.Read(), file.path.string(), 1,
                          [&](JsonRecord& record) { TakeTimes(record); });
      }
    }
    for (const AnnotationFile& file : request.files) {
      if (!IsTimesFile(file)) {
        ReadList(file);
      }
    }
    classes_.Finish(&builder_);
    return builder_.Take();
  }

 private:
  void TakeTimes(const JsonRecord& video) {
    for (const auto& [event, value] : video.value.items()) {
      const AnnotationJson& segments = value.at("segments");
      if (segments.is_null()) {
        continue;
      }
      const double begin_s = value.at("timestamps").at(0).at(0).get<double>();
      for (const auto& [element, segment] : segments.items()) {
        const AnnotationJson& times = segment.at("timestamps");
        times_[video.key + "_" + event + "_" + element] = {
            begin_s + times.at(0).at(0).get<double>(),
            begin_s + times.at(times.size() - 1).at(1).get<double>()};
      }
    }
  }

  void ReadList(const AnnotationFile& file) {
    const std::string text = file.Read();
    DelimitedText lines(text, file.path.string(), {' ', false, false, true});
    const Subset subset = file.SubsetOfAll();
    builder_.BeginFile(file);
    while (lines.NextRow()) {
      if (lines.fields().size() != 2) {
        lines.Fail("is not <name> <label>");
      }
      const std::string name(lines.fields()[0]);
      const Times times = TimesOf(name, lines);
      AnnotationBuilder::Row row;
      row.source = name;
      row.labels = {
          classes_.Name(lines.Integer(lines.fields()[1], "label", 0, kMostClasses), lines.where())};
      row.subset = subset;
      row.begin_s = times.begin_s;
      row.end_s = times.end_s;
      builder_.Add(lines.line(), row);
    }
  }

  Times TimesOf(const std::string& name, const DelimitedText& lines) const {
    if (const auto exact = times_.find(name); exact != times_.end()) {
      return exact->second;
    }
    static const std::regex form(R"(.{11}_E_(\d{1,9})_\d{1,9}_A_(\d{1,9})_(\d{1,9}))");
    std::smatch match;
    if (!std::regex_match(name, match, form)) {
      lines.Fail(fmt::format("'{}' is not <id>_E_<begin>_<end>_A_<begin>_<end>",
                             Escaped(name.substr(0, 200))));
    }
    const double event_s = std::stod(match[1]);
    return {event_s + std::stod(match[2]), event_s + std::stod(match[3])};
  }

  AnnotationBuilder builder_{FileNaming::kNamedPart, SameVideo::kOnce};
  NumberedClasses classes_;
  std::unordered_map<std::string, Times> times_;
};

AnnotationSet Read(const AnnotationRequest& request) { return Reader(request).Read(request); }

}  // namespace

extern const AnnotationFormat kFormat = {
    "finegym", "FineGym: gym99_train_element_v1.1.txt and the like, exact with its annotation_info",
    Recognises, Read};

}  // namespace reel3d::annotation_formats::finegym

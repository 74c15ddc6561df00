// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/json_records.h"

#include <fmt/format.h>

#include "lib/base/error.h"
#include "lib/base/json.h"
#include "lib/base/text_lines.h"
#include "lib/data/names.h"

namespace reel3d {
namespace {

using Event = AnnotationJson::parse_event_t;

// Follows the events of the JSON library's parser. Discards a record from the parser's tree after
// its use.
class RecordWatch {
 public:
  RecordWatch(const std::string& source, int depth, const std::function<void(JsonRecord&)>& use)
      : source_(source), depth_(depth), use_(use) {}

  // Returns whether the tree keeps the value.
  bool OnEvent(int depth, Event event, AnnotationJson& value) {
    constexpr int kMaxDepth = 16;
    if (depth > kMaxDepth) {
      throw InputError(source_ + ": JSON that nests too deep");
    }
    if (event == Event::key) {
      OnKey(depth, value);
      return true;
    }
    // A value takes 16 bytes and more in memory, and as few as two in the file.
    const bool begins =
        event == Event::value || event == Event::object_start || event == Event::array_start;
    if (constexpr int64_t kMaxValues = 1'000'000;
        begins && depth > depth_ && ++num_values_ > kMaxValues) {
      throw InputError(fmt::format("{}: {} has more than {} values", source_,
                                   Place(record_.number + 1), kMaxValues));
    }
    const bool is_whole =
        event == Event::value || event == Event::object_end || event == Event::array_end;
    if (!is_whole || depth > depth_) {
      return true;
    }
    if (depth == depth_) {
      HandOut(value);
    }
    return false;
  }

 private:
  void OnKey(int depth, const AnnotationJson& key) {
    if (depth == depth_) {
      record_.key = key.get<std::string>();
    } else if (depth < depth_) {
      record_.group = key.get<std::string>();
      record_.number = 0;
    }
  }

  void HandOut(AnnotationJson& value) {
    record_.value = std::move(value);
    value = nullptr;
    ++record_.number;
    UseJson(source_ + ": " + Place(record_.number), [&] { use_(record_); });
    record_.key.clear();
    num_values_ = 0;
  }

  std::string Place(int64_t number) const {
    return fmt::format("record {}{}", number,
                       record_.key.empty() ? "" : " '" + Escaped(record_.key) + "'");
  }

  const std::string& source_;
  const int depth_;
  const std::function<void(JsonRecord&)>& use_;
  JsonRecord record_;
  int64_t num_values_ = 0;  // of the record that is being read
};

}  // namespace

void ForEachJsonRecord(std::string_view text, const std::string& source, int depth,
                       const std::function<void(JsonRecord&)>& use) {
  RequireNotUtf16(text, source);
  text = WithoutByteOrderMark(text);
  RecordWatch watch(source, depth, use);
  try {
    const AnnotationJson rest = AnnotationJson::parse(
        text.begin(), text.end(), [&](int level, Event event, AnnotationJson& value) {
          return watch.OnEvent(level, event, value);
        });
    REEL3D_CHECK(rest.is_null());
  } catch (const nlohmann::json::exception& error) {
    throw InputError(fmt::format("{}: not JSON: {}", source, Escaped(error.what())));
  }
}

}  // namespace reel3d

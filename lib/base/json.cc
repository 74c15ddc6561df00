// SPDX-License-Identifier: Apache-2.0
#include "lib/base/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/visible_text.h"

namespace reel3d {

using Json = nlohmann::ordered_json;

namespace {

// Returns what is wrong with the JSON. The library's own messages name its functions and error
// classes, which mean nothing to the owner of the file.
std::string PlainWords(const nlohmann::json::exception& error) {
  constexpr int kWrongType = 302;  // "type must be array, but is number"
  constexpr int kOtherType = 303;  // "incompatible ReferenceType for get_ref, actual type is array"
  constexpr int kFirstNoObject = 304;  // "cannot use at() with number", and so on to 306
  constexpr int kLastNoObject = 306;
  std::string text = error.what();
  if (const size_t end = text.find("] "); text.rfind("[json.", 0) == 0 && end != text.npos) {
    text.erase(0, end + 2);
  }
  const std::string must_be = "type must be ";
  const size_t but_is = text.find(", but is ");
  if (error.id == kWrongType && text.rfind(must_be, 0) == 0 && but_is != text.npos) {
    return "found " + text.substr(but_is + 9) + " instead of " +
           text.substr(must_be.size(), but_is - must_be.size());
  }
  const std::string actual = "actual type is ";
  if (const size_t is = text.rfind(actual); error.id == kOtherType && is != text.npos) {
    return "found " + text.substr(is + actual.size()) + ", which has no place there";
  }
  const size_t with = text.rfind(" with ");
  if (error.id >= kFirstNoObject && error.id <= kLastNoObject && with != text.npos) {
    return "found " + text.substr(with + 6) + " instead of object";
  }
  return text;
}

// Follows the parser. The library copies and prints by recursion, so depth costs stack.
// nlohmann::ordered_json compares each new member of an object with all before it.
class ParserWatch {
 public:
  explicit ParserWatch(bool is_ordered) : is_ordered_(is_ordered) {}

  // Returns whether the value is kept.
  bool OnEvent(int depth, Json::parse_event_t event) {
    too_deep_ = too_deep_ || depth > kMaxDepth;
    if (too_deep_ || too_wide_) {
      return false;
    }
    if (event == Json::parse_event_t::object_start) {
      num_members_.at(static_cast<size_t>(depth) + 1) = 0;
    } else if (is_ordered_ && event == Json::parse_event_t::key) {
      num_compared_ += num_members_.at(static_cast<size_t>(depth))++;
      too_wide_ = num_compared_ > kMaxCompared;
    }
    return !too_wide_;
  }

  // Throws an input error if something was not kept, or the value is no object.
  void Require(bool is_object, const std::string& source) const {
    if (too_wide_) {
      throw InputError(source + ": JSON with too many members in one object");
    }
    if (too_deep_ || !is_object) {
      throw InputError(source + (too_deep_ ? ": JSON that nests too deep" : ": not a JSON object"));
    }
  }

 private:
  static constexpr int kMaxDepth = 16;
  static constexpr int64_t kMaxCompared = 5'000'000'000;  // 25 s: one object of 100,000 members

  const bool is_ordered_;
  bool too_deep_ = false, too_wide_ = false;
  int64_t num_compared_ = 0;
  std::array<int64_t, kMaxDepth + 2> num_members_{};  // of the open objects, by depth
};

template <typename AnyJson>
AnyJson Parse(const std::string& text, const std::string& source, bool is_ordered) {
  ParserWatch watch(is_ordered);
  const auto on_event = [&](int depth, typename AnyJson::parse_event_t event, AnyJson& /*parsed*/) {
    return watch.OnEvent(depth, static_cast<Json::parse_event_t>(event));
  };
  AnyJson object = AnyJson::parse(text, on_event, /*allow_exceptions=*/false);
  watch.Require(object.is_object(), source);
  return object;
}

}  // namespace

Json ParseJsonObject(const std::string& text, const std::string& source) {
  return Parse<Json>(text, source, /*is_ordered=*/true);
}

Json ReadJsonObject(const std::filesystem::path& file, uint64_t max_bytes) {
  return ParseJsonObject(ReadFile(file, max_bytes), file.string());
}

nlohmann::json ReadLargeJsonObject(const std::filesystem::path& file, uint64_t max_bytes) {
  return Parse<nlohmann::json>(ReadFile(file, max_bytes), file.string(), /*is_ordered=*/false);
}

std::string FormatJson(const Json& json) {
  const std::string text =
      json.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
  std::string escaped;
  escaped.reserve(text.size());
  uint32_t code = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t size = std::max<size_t>(DecodeUtf8(rest, &code), 1);
    // JSON allows these control characters unescaped, but a terminal obeys them.
    if (code >= 0x7F && code <= 0x9F) {
      escaped += fmt::format("\\u{:04x}", code);
    } else {
      escaped += rest.substr(0, size);
    }
    rest.remove_prefix(size);
  }
  return escaped;
}

void UseJson(const std::string& source, const std::function<void()>& use) {
  try {
    use();
  } catch (const nlohmann::json::exception& error) {
    throw InputError(source + ": " + PlainWords(error));
  }
}

int64_t IntegerAt(const nlohmann::ordered_json& json, const char* name, int64_t least, int64_t most,
                  const std::string& source) {
  const auto member = json.find(name);
  if (member == json.end()) {
    throw InputError(fmt::format("{}: it has no {}", source, name));
  }
  if (!IsWithin<int64_t>(*member) || member->get<int64_t>() < least ||
      member->get<int64_t>() > most) {
    throw InputError(
        fmt::format("{}: {} is not a whole number from {} to {}", source, name, least, most));
  }
  return member->get<int64_t>();
}

}  // namespace reel3d

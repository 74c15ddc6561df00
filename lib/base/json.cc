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

}  // namespace

Json ParseJsonObject(const std::string& text, const std::string& source) {
  // The library copies and prints by recursion, so depth costs stack.
  constexpr int kMaxDepth = 16;
  // The library looks through an object's members at each new one: 100,000 take some 25 s.
  constexpr int64_t kMaxMembers = 100'000;
  bool too_deep = false, too_wide = false;
  std::array<int64_t, kMaxDepth + 1> num_members{};  // of the open objects, by depth
  const auto watch = [&](int depth, Json::parse_event_t event, Json& /*parsed*/) {
    too_deep = too_deep || depth > kMaxDepth;
    if (too_deep || too_wide) {
      return false;
    }
    int64_t& num = num_members.at(static_cast<size_t>(depth));
    if (event == Json::parse_event_t::key) {
      too_wide = ++num > kMaxMembers;
    } else if (event == Json::parse_event_t::object_start) {
      num_members.at(static_cast<size_t>(std::min(depth + 1, kMaxDepth))) = 0;
    }
    return !too_wide;
  };
  Json object = Json::parse(text, watch, /*allow_exceptions=*/false);
  if (too_wide) {
    throw InputError(fmt::format("{}: an object with more than {} members", source, kMaxMembers));
  }
  if (too_deep || !object.is_object()) {
    throw InputError(source + (too_deep ? ": JSON that nests too deep" : ": not a JSON object"));
  }
  return object;
}

Json ReadJsonObject(const std::filesystem::path& file, uint64_t max_bytes) {
  return ParseJsonObject(ReadFile(file, max_bytes), file.string());
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

}  // namespace reel3d

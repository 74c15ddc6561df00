// SPDX-License-Identifier: Apache-2.0
#include "lib/base/json.h"

#include "lib/base/error.h"
#include "lib/base/file.h"

namespace reel3d {

using Json = nlohmann::ordered_json;

Json ParseJsonObject(const std::string& text, const std::string& source) {
  // The library copies and prints by recursion, so depth costs stack.
  constexpr int kMaxDepth = 16;
  bool too_deep = false;
  const auto watch = [&](int depth, Json::parse_event_t /*event*/, Json& /*parsed*/) {
    too_deep = too_deep || depth > kMaxDepth;
    return !too_deep;
  };
  Json object = Json::parse(text, watch, /*allow_exceptions=*/false);
  if (too_deep || !object.is_object()) {
    throw InputError(source + (too_deep ? ": JSON that nests too deep" : ": not a JSON object"));
  }
  return object;
}

Json ReadJsonObject(const std::filesystem::path& file, uint64_t max_bytes) {
  return ParseJsonObject(ReadFile(file, max_bytes), file.string());
}

std::string FormatJson(const Json& json) {
  return json.dump(2, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
}

void UseJson(const std::string& source, const std::function<void()>& use) {
  try {
    use();
  } catch (const nlohmann::json::exception& error) {
    throw InputError(source + ": " + error.what());
  }
}

}  // namespace reel3d

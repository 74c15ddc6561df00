// SPDX-License-Identifier: Apache-2.0
#include "lib/lease/lease_state.h"

#include <fmt/format.h>

#include <random>

#include "lib/base/error.h"
#include "lib/base/json.h"

namespace reel3d {
namespace {

using Json = nlohmann::ordered_json;

// A lease must be far smaller than the largest file that its readers accept.
constexpr size_t kMostLetters = 2000;

std::string Cut(const std::string& text) {
  return text.size() > kMostLetters ? text.substr(0, kMostLetters) + " ..." : text;
}

}  // namespace

std::string FormatLease(const LeaseState& state) {
  Json json = ToJson(state.holder);
  json.update({{"token", state.token},
               {"beat", state.beat},
               {"at", Cut(state.at)},
               {"finished", state.num_finished},
               {"fault", Cut(state.fault)}});
  return FormatJson(json) + "\n";
}

LeaseState ParseLease(const std::string& text) {
  try {
    const Json json = ParseJsonObject(text, "lease");
    const std::string none;
    return {ProcessMarkOf(json),
            MemberOr(json, "token", none),
            MemberOr(json, "beat", int64_t{0}),
            MemberOr(json, "at", none),
            MemberOr(json, "finished", int64_t{0}),
            MemberOr(json, "fault", none)};
  } catch (const Error&) {
    return {};
  }
}

std::string NewToken() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}", random(), random());
}

}  // namespace reel3d

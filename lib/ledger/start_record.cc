// SPDX-License-Identifier: Apache-2.0
#include "lib/ledger/start_record.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <sstream>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/json.h"

namespace reel3d {
namespace {

using Json = nlohmann::ordered_json;

// Numbers beyond these are damaged: no training reaches them.
constexpr double kMost_s = 1e11;
constexpr int64_t kMostSteps = 1'000'000'000'000;
constexpr int kMostRanks = 1'000'000;
constexpr size_t kMostText = 64;
constexpr uint64_t kMostBytes = uint64_t{1} << 26;

double ToMilliseconds(double seconds) { return std::round(seconds * 1000) / 1000; }

Json WorkSecondsToJson(const WorkSeconds& seconds) {
  Json json = Json::object();
  for (size_t work = 0; work < kNumWorks; ++work) {
    json[WorkName(static_cast<Work>(work))] = ToMilliseconds(seconds[work]);
  }
  return json;
}

bool ReadSeconds(const Json& json, const char* key, double* seconds) {
  *seconds = MemberOr(json, key, -1.0);
  return *seconds >= 0 && *seconds <= kMost_s;
}

bool ReadWork(const Json& json, WorkSeconds* seconds) {
  bool good = json.is_object();
  for (size_t work = 0; good && work < kNumWorks; ++work) {
    good = ReadSeconds(json, WorkName(static_cast<Work>(work)), &(*seconds)[work]);
  }
  return good;
}

bool ReadStep(const Json& json, const char* key, int64_t least, int64_t* step) {
  *step = MemberOr(json, key, int64_t{-2});
  return *step >= least && *step <= kMostSteps;
}

bool IsEnd(const std::string& end) {
  return end.empty() || end == kEndComplete || end == kEndStopped || end == kEndFailed;
}

// Returns whether no work of `earlier` is more than that of `later`.
bool IsUpTo(const WorkSeconds& earlier, const WorkSeconds& later) {
  return std::equal(earlier.begin(), earlier.end(), later.begin(), std::less_equal<>());
}

// Steps and seconds must rise from save to save, and end at `seconds` at most.
bool ReadSaves(const Json& json, const WorkSeconds& seconds, std::vector<SavePoint>* saves) {
  const auto found = json.find("saves");
  if (found == json.end() || !found->is_array() || found->size() > kMostSavePoints) {
    return false;
  }
  for (const Json& save : *found) {
    SavePoint point;
    if (!save.is_object() || !ReadStep(save, "step", 0, &point.step) ||
        !ReadWork(save.value("seconds", Json()), &point.seconds) ||
        !IsUpTo(point.seconds, seconds)) {
      return false;
    }
    if (!saves->empty() &&
        (saves->back().step >= point.step || !IsUpTo(saves->back().seconds, point.seconds))) {
      return false;
    }
    saves->push_back(point);
  }
  return true;
}

}  // namespace

const char* WorkName(Work work) {
  switch (work) {
    case Work::kStart:
      return "start";
    case Work::kSteps:
      return "steps";
    case Work::kData:
      return "data";
    case Work::kRanks:
      return "ranks";
    case Work::kValidation:
      return "validation";
    case Work::kSaves:
      break;
  }
  return "saves";
}

std::string FormatStart(const StartRecord& record) {
  Json json = {{"host", record.host.substr(0, kMostText)},
               {"job", record.job.substr(0, kMostText)},
               {"ranks", record.ranks},
               {"eligible_s", ToMilliseconds(record.eligible_s)},
               {"job_start_s", ToMilliseconds(record.job_start_s)},
               {"began_s", ToMilliseconds(record.began_s)},
               {"at_s", ToMilliseconds(std::max(record.at_s, record.began_s))},
               {"end", record.end},
               {"first_step", record.first_step},
               {"step", record.step},
               {"seconds", WorkSecondsToJson(record.seconds)},
               {"saves", Json::array()}};
  for (const SavePoint& save : record.saves) {
    json["saves"].push_back({{"step", save.step}, {"seconds", WorkSecondsToJson(save.seconds)}});
  }
  std::string line = json.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
  REEL3D_CHECK(line.size() < kStartLineBytes);
  line.resize(kStartLineBytes - 1, ' ');
  return line + '\n';
}

std::optional<StartRecord> ParseStart(const std::string& line) {
  if (line.size() > kStartLineBytes) {
    return std::nullopt;  // no start has written it, and parsing could take long
  }
  StartRecord record;
  Json json;
  try {
    json = ParseJsonObject(line, kStartsFile);
  } catch (const Error&) {
    return std::nullopt;
  }
  record.host = MemberOr(json, "host", std::string());
  record.job = MemberOr(json, "job", std::string());
  record.end = MemberOr(json, "end", std::string());
  record.ranks =
      static_cast<int>(std::clamp<int64_t>(MemberOr(json, "ranks", int64_t{1}), 1, kMostRanks));
  const bool good = IsEnd(record.end) && ReadSeconds(json, "eligible_s", &record.eligible_s) &&
                    ReadSeconds(json, "job_start_s", &record.job_start_s) &&
                    ReadSeconds(json, "began_s", &record.began_s) &&
                    ReadSeconds(json, "at_s", &record.at_s) && record.at_s >= record.began_s &&
                    ReadStep(json, "first_step", -1, &record.first_step) &&
                    ReadStep(json, "step", record.first_step, &record.step) &&
                    ReadWork(json.value("seconds", Json()), &record.seconds) &&
                    ReadSaves(json, record.seconds, &record.saves);
  return good ? std::optional(std::move(record)) : std::nullopt;
}

std::vector<StartRecord> ReadStarts(const std::filesystem::path& file) {
  std::vector<StartRecord> starts;
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) {
    return starts;
  }
  std::istringstream text(ReadFile(file, kMostBytes));
  for (std::string line; std::getline(text, line);) {
    if (std::optional<StartRecord> record = ParseStart(line)) {
      starts.push_back(*std::move(record));
    }
  }
  return starts;
}

}  // namespace reel3d

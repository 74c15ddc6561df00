// Fuzzes the files that inspect-file --watch reads of a run at work.
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <filesystem>
#include <fstream>

#include "pipeline/stages/run_files.h"
#include "pipeline/stages/runs_seen.h"
#include "pipeline/stages/watch_text.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/test_support.h"

namespace reel3d::fuzz {
namespace {

struct WatchedFile {
  const char* name;
  const char* text;
};

constexpr std::array<WatchedFile, 11> kFiles = {
    {{"videos.tsv", "id\tpath\na\ta.mp4\nb\tb.mp4\n"},
     {"prepared/report.json", "{\n  \"tool\": \"prep-videos\",\n  \"seconds\": 12.25\n}\n"},
     {"shards/index.tsv", "shard\tid\tsubset\n0\ta\ttraining\n0\tb\tvalidation\n"},
     {"scores/config.ini", "subset = validation\nvideos-per-part = 1\n"},
     {"scores/tasks/0000-of-0003/DONE", "0badf00d 5 2\n"},
     {"train/config.ini",
      "epochs = 10\nbatch = 2\nclips-per-video = 1\nlast-batch = drop\nshard-size = 4\n"},
     {"train/metrics.jsonl",
      "{\"step\":25,\"epoch\":1,\"lr\":0.1,\"train_loss\":1.5,\"train_top1\":0.5}\n"
      "{\"step\":50,\"epoch\":2,\"lr\":0.1,\"train_loss\":1.5,\"validation_top1\":0.5}\n"},
     {"train/times.jsonl",
      "{\"step\":25,\"clips\":9,\"seconds\":90,\"ended_s\":1000,\"ranks\":[]}\n"
      "{\"step\":50,\"clips\":9,\"seconds\":90,\"ended_s\":1100,\"ranks\":[{\"phases_s\":"
      "{\"forward\":1},\"read_s\":1}]}\n"},
     {"train/starts.jsonl",
      "{\"ranks\":2,\"eligible_s\":900,\"job_start_s\":950,\"began_s\":1000,\"at_s\":1100,"
      "\"end\":\"\",\"first_step\":0,\"step\":9,\"seconds\":{\"start\":10,\"steps\":60,\"data\":10,"
      "\"ranks\":10,\"validation\":5,\"saves\":5},\"saves\":[]}\n"},
     {"train/lock.holder", "{\"host\":\"node7\",\"process\":5,\"machine\":\"another\"}"},
     {"train/heartbeats/rank-0",
      "{\"count\":3,\"host\":\"node7\",\"step\":60,\"phase\":\"forward\",\"waiting\":false,"
      "\"may_wait\":false,\"since_s\":0,\"for_s\":2,\"work\":\"\"}"}}};

void Write(const std::filesystem::path& file, std::string_view bytes) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

const std::filesystem::path& Run() {
  static const test::TemporaryFolder folder;
  static const bool is_written = [] {
    for (const char* stage : {"prepared", "shards"}) {
      Write(folder / stage / "config.ini", "shard-size = 1\n");
    }
    Write(folder / "prepared/DONE", "");
    for (const WatchedFile& file : kFiles) {
      Write(folder / file.name, file.text);
    }
    return true;
  }();
  REEL3D_CHECK(is_written);
  return folder.path();
}

}  // namespace

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  for (size_t i = 0; i < kFiles.size(); ++i) {
    seeds.push_back(FileAndNumbers::Join(kFiles[i].text, {static_cast<uint32_t>(i)}));
  }
  return seeds;
}

}  // namespace reel3d::fuzz

// Nothing in these files may end the watching, so every exception is a finding.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reel3d;
  fuzz::FileAndNumbers input(data, size);
  const auto place = static_cast<size_t>(input.Below(static_cast<int>(fuzz::kFiles.size())));
  const auto& [name, valid] = fuzz::kFiles.at(place);
  fuzz::Write(fuzz::Run() / name,
              {reinterpret_cast<const char*>(input.file().data()), input.file().size()});
  const RunsSeen seen = RunsReader(fuzz::Run()).Look();
  LayOut(seen, {80, 40});
  ToJson(seen).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  fuzz::Write(fuzz::Run() / name, valid);
  return 0;
}

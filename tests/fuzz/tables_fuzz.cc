// Fuzzes the text files between the stages: manifest, classes, index of the shards, list of the
// shards, passport, table of missing files.
// SPDX-License-Identifier: Apache-2.0
#include "lib/base/file.h"
#include "lib/data/frame_facts.h"
#include "lib/data/manifest.h"
#include "lib/data/missing_files.h"
#include "lib/data/passport.h"
#include "lib/shard/shard_set.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/shard/small_shard.h"
#include "tests/test_support.h"

namespace reel3d::fuzz {
namespace {

// Places in Readers().
enum Table { kManifest, kClasses, kIndex, kShardList, kPassport, kMissing };

std::string ManifestText() {
  VideoRow whole;
  whole.id = "run_1";
  whole.path = "run/1.avi";
  whole.label = "run";
  VideoRow part = whole;
  part.id = "jump";
  part.label = "";
  part.subset = Subset::kTesting;
  part.begin_s = 1.5;
  part.end_s = 2.25;
  part.num_frames = 25;
  part.fps = 29.97;
  part.width = 320;
  part.height = 240;
  return FormatManifest({"", {whole, part}});
}

// A manifest that was read can be written and read again, with the same result.
void ReadManifestTwice(const std::filesystem::path& file) {
  const std::string once = FormatManifest(ReadManifest(file));
  REEL3D_CHECK(FormatManifest(ReadManifest(ScratchFile(once).path())) == once);
}

void ReadClassesTwice(const std::filesystem::path& file) {
  const std::vector<std::string> classes = ReadClasses(file);
  REEL3D_CHECK(ReadClasses(ScratchFile(FormatClasses(classes)).path()) == classes);
}

void ReadPassportTwice(const std::filesystem::path& file) {
  const Passport passport = ReadPassport(file).value();
  FrameFactsOf(passport);
  DifferencesIn(passport);
  const ScratchFile again(FormatPassport(passport));
  REEL3D_CHECK(DifferencesOf(passport, ReadPassport(again.path()).value()).empty());
}

// The table is beside a manifest, whose name tells its own.
void ReadMissingTwice(const std::filesystem::path& file) {
  const test::TemporaryFolder folder;
  const std::filesystem::path manifest = folder / "videos.tsv";
  WriteFileAtomically(MissingFilesPath(manifest), ReadFile(file));
  const std::string once = FormatMissingFiles(ReadMissingFiles(manifest));
  WriteFileAtomically(MissingFilesPath(manifest), once);
  REEL3D_CHECK(FormatMissingFiles(ReadMissingFiles(manifest)) == once);
}

const FileReaders& Readers() {
  using std::filesystem::path;
  static const FileReaders readers = {ReadManifestTwice,
                                      ReadClassesTwice,
                                      [](const path& file) { ReadIndex(file); },
                                      [](const path& file) { ReadShardList(file); },
                                      ReadPassportTwice,
                                      ReadMissingTwice};
  return readers;
}

}  // namespace

std::vector<std::string> Seeds() {
  const test::TemporaryFolder folder;
  test::WriteSmallShards(folder.path());
  Passport passport;
  passport.list["class_order"] = "sorted";
  passport.shards["num_frames"] = 100;
  passport.counts[{Subset::kTraining, "run"}] = {4, 3, 2, 1};
  const FrameFacts frames = {240, 0, 90, "source", "field"};
  SetFrames(frames, &passport);
  SetDifferences(FrameDifferences({72, 0, 80, "5", "weave"}, frames), &passport);
  return {FileAndNumbers::Join(ManifestText(), {kManifest}),
          FileAndNumbers::Join(FormatPassport(passport), {kPassport}),
          FileAndNumbers::Join(FormatMissingFiles({{"a", "run", Subset::kTesting, "no file"}}),
                               {kMissing}),
          FileAndNumbers::Join(ReadFile(folder / "classes.txt"), {kClasses}),
          FileAndNumbers::Join(ReadFile(folder / "index.tsv"), {kIndex}),
          FileAndNumbers::Join(ReadFile(folder / "shards.tsv"), {kShardList})};
}

}  // namespace reel3d::fuzz

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return reel3d::fuzz::TryReader(reel3d::fuzz::Readers(), data, size);
}

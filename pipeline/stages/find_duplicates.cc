// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/find_duplicates.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/host.h"
#include "lib/base/log.h"
#include "lib/base/timer.h"
#include "lib/data/manifest.h"
#include "lib/data/missing_files.h"
#include "lib/data/passport.h"
#include "lib/duplicates/equal_content.h"
#include "lib/duplicates/pdq_hasher.h"
#include "lib/duplicates/picture_pairs.h"
#include "lib/duplicates/small_picture.h"
#include "lib/duplicates/source_pairs.h"
#include "lib/duplicates/video_signature.h"
#include "pipeline/stages/duplicate_table.h"
#include "pipeline/stages/sampled_frames.h"
#include "pipeline/support/item_loop.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

constexpr const char* kDropNone = "none";

// Holds the videos of one or two manifests; the videos of the first manifest come first.
struct Videos {
  std::vector<Manifest> manifests;
  std::vector<std::unique_ptr<SampledFrames>> frames;  // of each manifest
  std::vector<const VideoRow*> rows;
  std::vector<SourcePart> sources;
  size_t num_own = 0;  // number of videos in the first manifest

  size_t ManifestOf(size_t video) const { return video < num_own ? 0 : 1; }
  // Allows only pairs with one video of each manifest if there are two manifests.
  bool AreComparable(size_t a, size_t b) const {
    return manifests.size() == 1 || ManifestOf(a) != ManifestOf(b);
  }
};

Videos ReadVideos(const FindDuplicatesOptions& options) {
  Videos videos;
  videos.manifests.push_back(ReadManifest(options.manifest));
  videos.frames.push_back(SampledFrames::Open(options.data_dir));
  if (!options.against.empty()) {
    videos.manifests.push_back(ReadManifest(options.against));
    videos.frames.push_back(SampledFrames::Open(options.against_data));
  }
  for (const Manifest& manifest : videos.manifests) {
    for (const VideoRow& row : manifest.videos) {
      videos.rows.push_back(&row);
      const fs::path file = fs::absolute(manifest.VideoPath(row)).lexically_normal();
      videos.sources.push_back(SourceOf(row, file.string()));
    }
  }
  videos.num_own = videos.manifests[0].videos.size();
  return videos;
}

fs::path KeptManifest(const FindDuplicatesOptions& options) {
  const fs::path manifest = options.manifest;
  return manifest.parent_path() / (manifest.stem().string() + ".without-duplicates.tsv");
}

// Throws a usage error if an output exists without --overwrite or is an input. This check comes
// before the search, which may take an hour.
void RequireFreeOutputs(const FindDuplicatesOptions& options) {
  std::vector<fs::path> outputs = {options.out};
  if (options.drop_from != kDropNone) {
    outputs.push_back(KeptManifest(options));
    outputs.push_back(MissingFilesPath(outputs.back()));
  }
  for (const fs::path& output : outputs) {
    if (!fs::exists(output)) {
      continue;
    }
    if (fs::is_directory(output)) {
      throw UsageError(output.string() + ": is a folder: name a file for the table of pairs");
    }
    for (const std::string& input : {options.manifest, options.against}) {
      if (!input.empty() && fs::equivalent(output, input)) {
        throw UsageError(output.string() +
                         ": is read as a manifest and would be replaced: name another file");
      }
    }
    if (!options.overwrite) {
      throw UsageError(output.string() + ": is there already: --overwrite replaces it");
    }
  }
}

// Decodes and hashes pictures. Each thread has a Hasher of its own.
struct Hasher {
  SmallPictureDecoder decoder;
  PdqHasher hasher{kPdqSide, kPdqSide};
};

std::vector<std::string> IdsOf(const Videos& videos) {
  std::vector<std::string> ids;
  for (const VideoRow* row : videos.rows) {
    ids.push_back(row->id);
  }
  return ids;
}

// Keeps what the search needs of each video: nothing if it has no stored frames, or damaged ones.
struct SignedVideos {
  std::vector<VideoSignature> signatures;
  std::vector<uint64_t> contents;
};

SignedVideos SignVideos(const Videos& videos, const FindDuplicatesOptions& options,
                        FindDuplicatesReport* report) {
  const int threads = ThreadCount(options.threads);
  std::vector<std::unique_ptr<Hasher>> hashers(static_cast<size_t>(threads));
  SignedVideos all = {std::vector<VideoSignature>(videos.rows.size()),
                      std::vector<uint64_t>(videos.rows.size())};
  const double began_s = CpuSeconds();
  const ItemLoopResult result =
      RunItemLoop(IdsOf(videos), {"hash", "videos", threads}, [&](const ItemTurn& turn) {
        const SampledFrames& frames = *videos.frames[videos.ManifestOf(turn.item)];
        const std::string& id = videos.rows[turn.item]->id;
        if (!frames.Has(id)) {
          return ItemOutcome::kSkipped;
        }
        auto& own = hashers[turn.thread];
        own = own ? std::move(own) : std::make_unique<Hasher>();
        SignatureMaker maker;
        ContentMaker content;
        frames.Read(id, [&](int frame, const uint8_t* jpeg, size_t size_bytes) {
          content.Add(jpeg, size_bytes);
          maker.Add(own->hasher.Transform(own->decoder.Decode({frame, jpeg, size_bytes}).data()));
        });
        all.signatures[turn.item] = maker.Take();
        all.contents[turn.item] = content.content();
        return ItemOutcome::kDone;
      });
  report->num_missing = static_cast<int64_t>(result.skipped);
  report->num_failed = static_cast<int64_t>(result.failed.size());
  for (const VideoSignature& signature : all.signatures) {
    report->num_pictures += static_cast<int64_t>(signature.size());
    report->num_voting += std::count_if(signature.begin(), signature.end(),
                                        [](const PictureSignature& one) { return one.votes; });
  }
  LogInfo(fmt::format("hashed {} pictures of {} videos in {:.1f} s of processor time",
                      report->num_pictures, result.done, CpuSeconds() - began_s));
  return all;
}

std::vector<PicturePair> FindByPictures(const Videos& videos, const SignedVideos& all,
                                        const FindDuplicatesOptions& options,
                                        FindDuplicatesReport* report) {
  const double began_s = CpuSeconds();
  const auto comparable = [&](size_t a, size_t b) { return videos.AreComparable(a, b); };
  const PairFinder finder(all.signatures, comparable, options.search_depth);
  std::vector<PairFinder::Found> found(all.signatures.size());
  RunItemLoop(IdsOf(videos), {"compare", "videos", ThreadCount(options.threads)},
              [&](const ItemTurn& turn) {
                found[turn.item] = finder.PairsOf(turn.item);
                return ItemOutcome::kDone;
              });
  std::vector<int> num_pictures;
  for (const VideoSignature& signature : all.signatures) {
    num_pictures.push_back(static_cast<int>(signature.size()));
  }
  std::vector<PicturePair> pairs = EqualPairs(all.contents, num_pictures, comparable);
  for (const PairFinder::Found& of_video : found) {
    pairs.insert(pairs.end(), of_video.pairs.begin(), of_video.pairs.end());
    report->num_commonplace += of_video.num_commonplace;
  }
  LogInfo(fmt::format("compared pictures to a depth of {} in {:.1f} s of processor time",
                      finder.depth(), CpuSeconds() - began_s));
  return BestPairs(std::move(pairs));
}

void CountPairs(const std::vector<DuplicatePair>& pairs, const Videos& videos,
                FindDuplicatesReport* report) {
  for (const DuplicatePair& pair : pairs) {
    ++(pair.by_source && pair.by_pictures ? report->num_by_both
       : pair.by_source                   ? report->num_by_source
                                          : report->num_by_pictures);
    const Subset a = videos.rows[pair.a]->subset;
    const Subset b = videos.rows[pair.b]->subset;
    ++report->num_by_subsets[fmt::format("{}, {}", SubsetName(std::min(a, b)),
                                         SubsetName(std::max(a, b)))];
  }
}

void RequireTolerable(const FindDuplicatesOptions& options, const FindDuplicatesReport& report) {
  const int64_t num_present = report.num_videos - report.num_missing;
  if (static_cast<double>(report.num_failed) >
      options.max_failed_fraction * static_cast<double>(num_present)) {
    throw InputError(fmt::format(
        "the frames of {} of {} videos are damaged, more than --max-failed-fraction {}: the log "
        "names them",
        report.num_failed, num_present, options.max_failed_fraction));
  }
  if (num_present == 0) {
    LogWarn("no video of the manifest has frames in the folder: only names were compared");
  }
}

// Returns the manifest without the videos that leak.
Manifest KeepRest(const FindDuplicatesOptions& options, const std::vector<DuplicatePair>& pairs,
                  const Videos& videos, FindDuplicatesReport* report) {
  const Subset subset = ParseSubset(options.drop_from);
  const std::vector<size_t> leaks = LeaksOf(subset, videos.num_own, pairs, videos.rows);
  Manifest kept;
  kept.folder = videos.manifests[0].folder;
  bool has_subset = false;
  for (size_t video = 0; video < videos.num_own; ++video) {
    if (!std::binary_search(leaks.begin(), leaks.end(), video)) {
      kept.videos.push_back(*videos.rows[video]);
      has_subset = has_subset || kept.videos.back().subset == subset;
    }
  }
  if (!has_subset) {
    throw InputError(
        fmt::format("--drop-from {} would leave no {} video in {}: nothing was written",
                    options.drop_from, options.drop_from, options.manifest));
  }
  report->num_dropped = static_cast<int64_t>(leaks.size());
  report->kept_manifest = KeptManifest(options).string();
  return kept;
}

// Returns the passport of the manifest without the dropped videos, or nothing if the old manifest
// has none. `text` is the new manifest's text.
std::optional<Passport> PassportOfKept(const FindDuplicatesOptions& options, const Manifest& kept,
                                       const std::string& text, int64_t num_dropped) {
  std::optional<Passport> passport =
      PassportOrWarning([&] { return ReadManifestPassport(options.manifest); });
  if (passport) {
    passport->list[Passport::kOfManifest] = PassportChecksum(text);
    passport->list["dropped"] = num_dropped;
    passport->counts.clear();
    CountListed(kept, ReadMissingFiles(options.manifest), &*passport);
  }
  return passport;
}

// Missing videos still count as wrong with the new manifest, so it gets the table of the old one.
void WriteKept(const FindDuplicatesOptions& options, const Manifest& kept, int64_t num_dropped) {
  const fs::path manifest = KeptManifest(options);
  const fs::path missing = MissingFilesPath(options.manifest);
  if (fs::exists(missing)) {
    WriteFileAtomically(MissingFilesPath(manifest), ReadFile(missing));
  } else {
    fs::remove(MissingFilesPath(manifest));
  }
  const std::string text = FormatManifest(kept);
  WritePassport(ManifestPassportPath(manifest), PassportOfKept(options, kept, text, num_dropped));
  WriteFileAtomically(manifest, text);
}

}  // namespace

void FindDuplicatesOptions::Bind(OptionBinder& binder) {
  binder.Positional("VIDEOS.tsv", &manifest, "the manifest, as list-videos writes it");
  binder.Positional("DATA_DIR", &data_dir,
                    "the folder that pack-shards or prep-videos wrote for these videos");
  binder.Positional("OUT.tsv", &out, "the table of pairs to write");
  binder.Bind(
      "against", &against,
      "compare the videos of VIDEOS.tsv with the videos of this manifest; empty: compare them "
      "with each other");
  binder.Bind(
      "against-data", &against_data,
      "folder that pack-shards or prep-videos wrote for the videos of --against; empty without "
      "--against");
  binder.Choice(
      "drop-from", &drop_from, {"none", "training", "validation", "testing"},
      "write VIDEOS.without-duplicates.tsv beside VIDEOS.tsv: it lacks the videos of this "
      "subset that are in a pair with a video of another subset. none: write no manifest");
  binder.Bind(
      "search-depth", &search_depth, IntRange{0, 3},
      "find pictures whose hashes differ by at most this many bits in one of eight parts. Each "
      "bit more finds pairs that differ more, but takes 10 to 16 times as long. 0: 2, or 1 for "
      "more than a million pictures");
  binder.Bind(
      "max-failed-fraction", &max_failed_fraction, RealRange{0, 1},
      "share of the videos that may have damaged frames; above this share nothing is written "
      "and the exit status is 3",
      Effect::kRunOnly);
  binder.Bind("threads", &threads, IntRange{0, 1024},
              "videos processed at a time; 0: one for each core that the job may use",
              Effect::kRunOnly);
  binder.Bind("overwrite", &overwrite, "replace outputs that are there already", Effect::kOnce);
}

void FindDuplicatesOptions::Check() const {
  if (against.empty() != against_data.empty()) {
    throw UsageError("--against and --against-data belong together: give both or none");
  }
}

FindDuplicatesReport RunFindDuplicates(const FindDuplicatesOptions& options) {
  RequireFreeOutputs(options);
  const Videos videos = ReadVideos(options);
  FindDuplicatesReport report;
  report.num_videos = static_cast<int64_t>(videos.rows.size());
  const std::vector<SourcePair> by_source = FindSourcePairs(
      videos.sources, [&](size_t a, size_t b) { return videos.AreComparable(a, b); });
  const SignedVideos all = SignVideos(videos, options, &report);
  RequireTolerable(options, report);
  const std::vector<DuplicatePair> pairs =
      JoinPairs(by_source, FindByPictures(videos, all, options, &report));
  CountPairs(pairs, videos, &report);
  if (options.drop_from != kDropNone) {
    const Manifest kept = KeepRest(options, pairs, videos, &report);
    WriteKept(options, kept, report.num_dropped);
  }
  WriteFileAtomically(options.out, FormatPairs(pairs, videos.rows));
  return report;
}

nlohmann::ordered_json FindDuplicatesReport::ToJson() const {
  nlohmann::ordered_json json = {
      {"num_videos", num_videos},           {"num_missing", num_missing},
      {"num_failed", num_failed},           {"num_pictures", num_pictures},
      {"num_voting", num_voting},           {"num_commonplace", num_commonplace},
      {"num_pairs", num_pairs()},           {"num_by_source", num_by_source},
      {"num_by_pictures", num_by_pictures}, {"num_by_both", num_by_both},
      {"num_by_subsets", num_by_subsets}};
  if (!kept_manifest.empty()) {
    json["kept_manifest"] = kept_manifest;
    json["num_dropped"] = num_dropped;
  }
  return json;
}

std::string FindDuplicatesReport::ToText() const {
  std::string text =
      fmt::format("{} pairs among {} videos: {} by source, {} by pictures, {} by both\n",
                  num_pairs(), num_videos, num_by_source, num_by_pictures, num_by_both);
  for (const auto& [subsets, count] : num_by_subsets) {
    text += fmt::format("  {:<24}{:>8}\n", subsets, count);
  }
  if (num_missing + num_failed > 0) {
    text += fmt::format("by source alone: {} videos without stored frames, {} with damaged ones\n",
                        num_missing, num_failed);
  }
  text += fmt::format(
      "{} pictures, of which {} did not vote (flat or dark) and {} began no pair "
      "(they resemble too many others)\n",
      num_pictures, num_pictures - num_voting, num_commonplace);
  if (!kept_manifest.empty()) {
    text += fmt::format("{}: without {} videos\n", kept_manifest, num_dropped);
  }
  return text;
}

}  // namespace reel3d

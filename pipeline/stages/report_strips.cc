// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/report_strips.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/plural.h"
#include "lib/report/read/strip_choice.h"
#include "lib/report/read/tolerant.h"
#include "lib/video/heat.h"
#include "lib/video/jpeg_encoder.h"
#include "lib/video/yuv_color.h"
#include "lib/video/yuv_image.h"
#include "pipeline/support/heat_file.h"
#include "pipeline/support/scored_clips.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;

constexpr size_t kPictures = 6;  // of a strip
constexpr int kMostSide = 128;   // pixels of a picture; larger ones are made smaller
constexpr int kQuality = 85;

// Calls `work`. If it throws an input error or a fault of the machine, such as of the disk with the
// shards, adds the message to `problems`: the rest of the page can still be made.
template <class Work>
void Attempt(std::vector<std::string>* problems, const Work& work) {
  try {
    work();
  } catch (const std::exception& error) {
    const Failure failure = DescribeFailure(error);
    if (failure.exit_status != kExitInput && failure.exit_status != kExitEnvironment) {
      throw;
    }
    problems->push_back(failure.line);
  }
}

// Opens the folder of the option, or the first of RUN_DIR/shards and the folder that was scored
// that has the right data. Throws an input error if there is none.
std::unique_ptr<ShardSet> OpenShardsOf(const StripOptions& options, const fs::path& run,
                                       const ScoredClips& scored) {
  if (!options.shards.empty()) {
    return OpenScoredShards(options.shards, scored);
  }
  std::unique_ptr<ShardSet> shards;
  std::vector<std::string> problems;
  for (const fs::path& folder : {run / "shards", scored.shards_dir}) {
    std::error_code ignored;
    if (!shards && fs::exists(folder, ignored)) {
      Attempt(&problems, [&] { shards = OpenScoredShards(folder, scored); });
    }
  }
  if (!shards) {
    throw InputError(
        problems.empty()
            ? fmt::format("there is no folder {}; name the scored shards with --shards",
                          scored.shards_dir.string())
            : problems.front());
  }
  return shards;
}

// Returns the heat of the run's clips; nothing if the run has none. Throws an input error if the
// file is damaged, or of other clips.
std::optional<HeatFile> HeatOf(const report::RunRecord& run, const ScoredClips& scored) {
  const fs::path file = run.folder / "heat.json";
  std::error_code ignored;
  if (report::AreFramesShuffled(run.evaluation) || !fs::exists(file, ignored) ||
      fs::file_size(file, ignored) == 0) {  // Makefile.workflow's, where explain-mistakes failed
    return std::nullopt;
  }
  HeatFile heat = ReadHeatFile(file);
  const char* other = heat.checkpoint != scored.checkpoint ? "of another checkpoint"
                      : heat.data != scored.data           ? "of other data"
                      : heat.clip != scored.clip           ? "of clips that were cut otherwise"
                                                           : nullptr;
  if (other != nullptr) {
    throw InputError(
        fmt::format("{}: is {} than the scores; run explain-mistakes again", file.string(), other));
  }
  return heat;
}

// Returns the places of at most kPictures of `count` frames, spread evenly.
std::vector<size_t> SpreadOver(size_t count) {
  const size_t pictures = std::min(kPictures, count);
  std::vector<size_t> places;
  for (size_t picture = 0; picture < pictures; ++picture) {
    places.push_back(pictures == 1 ? 0 : picture * (count - 1) / (pictures - 1));
  }
  return places;
}

std::string TimeOf(int frame, double fps) {
  return fps > 0 ? fmt::format("{:.2f} s", frame / fps) : fmt::format("frame {}", frame);
}

// A square frame of a clip in three planes: red, green and blue.
struct SquareFrame {
  std::array<const uint8_t*, 3> planes;
  int size = 0;

  // Returns the mean colour of `side` x `side` pixels, of which some may be beyond the edge.
  RgbColor MeanOf(int x, int y, int side) const {
    std::array<uint8_t, 3> means{};
    for (size_t plane = 0; plane < means.size(); ++plane) {
      int sum = 0;
      for (int place = 0; place < side * side; ++place) {
        const int row = std::min(y + place / side, size - 1);
        sum += planes[plane][row * size + std::min(x + place % side, size - 1)];
      }
      means[plane] = static_cast<uint8_t>((sum + side * side / 2) / (side * side));
    }
    return {means[0], means[1], means[2]};
  }
};

// Returns the frame, by a whole factor smaller if it is larger than kMostSide.
YuvImage ToPicture(const SquareFrame& frame) {
  const int scale = (frame.size + kMostSide - 1) / kMostSide;
  const int side = (frame.size / scale + 1) / 2 * 2;  // YuvImage has even sides
  YuvImage picture(side, side);
  for (int plane = 0; plane < YuvImage::kPlanes; ++plane) {
    const int step = plane == 0 ? scale : 2 * scale;
    for (int y = 0; y < picture.height(plane); ++y) {
      for (int x = 0; x < picture.width(plane); ++x) {
        picture.row(plane, y)[x] =
            ToYuv(frame.MeanOf(x * step, y * step, step))[static_cast<size_t>(plane)];
      }
    }
  }
  return picture;
}

// Draws heat of kHeatSide x kHeatSide values over the picture, linear between their middles.
void DrawGrid(const std::vector<uint8_t>& grid, YuvImage* picture) {
  HeatBox box;
  box.width = picture->width();
  box.height = picture->height();
  const auto place_of = [](int pixel, int side) {
    const float place = (static_cast<float>(pixel) + 0.5F) * kHeatSide / side - 0.5F;
    return std::clamp(place, 0.F, kHeatSide - 1.F);
  };
  const auto at = [&](int row, int column) {
    const auto above = static_cast<size_t>(std::min(row, kHeatSide - 1)) * kHeatSide;
    return static_cast<float>(grid[above + static_cast<size_t>(std::min(column, kHeatSide - 1))]);
  };
  for (int y = 0; y < box.height; ++y) {
    const float row = place_of(y, box.height);
    const int top = static_cast<int>(row);
    for (int x = 0; x < box.width; ++x) {
      const float column = place_of(x, box.width);
      const int left = static_cast<int>(column);
      const float right = column - static_cast<float>(left);
      const float above = at(top, left) * (1 - right) + at(top, left + 1) * right;
      const float below = at(top + 1, left) * (1 - right) + at(top + 1, left + 1) * right;
      const float down = row - static_cast<float>(top);
      box.values.push_back((above * (1 - down) + below * down) / 255);
    }
  }
  DrawHeat(box, picture);
}

// Takes the frames of strips from one folder of shards.
class StripMaker {
 public:
  StripMaker(const ScoredClips& scored, std::unique_ptr<ShardSet> shards,
             std::optional<HeatFile> heat)
      : scored_(scored),
        shards_(std::move(shards)),
        heat_(std::move(heat)),
        decoder_(scored.decoding),
        encoder_(kQuality) {}

  // Fills strip->pictures. Throws an input error if a frame is damaged or not in the shards.
  void Fill(report::Strip* strip) {
    const size_t place = FindVideo(*shards_, strip->id);
    const IndexedVideo& video = shards_->videos()[place];
    const std::vector<int> of_clip = FramesOf(strip->clip, video, scored_);
    const std::vector<size_t> chosen = SpreadOver(of_clip.size());
    std::vector<int> frames;
    for (const size_t index : chosen) {
      frames.push_back(of_clip[index]);
    }
    const std::vector<uint8_t> pixels = Decode(place, frames, strip->clip.crop);
    const auto size = static_cast<size_t>(scored_.size);
    const size_t plane = frames.size() * size * size;
    const ClipHeat* heat = HeatOfClip(*strip, of_clip.size());
    for (size_t index = 0; index < frames.size(); ++index) {
      const uint8_t* red = pixels.data() + index * size * size;
      YuvImage picture = ToPicture({{red, red + plane, red + 2 * plane}, scored_.size});
      strip->pictures.push_back({Encode(&picture), "", TimeOf(frames[index], video.fps)});
      if (heat != nullptr) {
        DrawGrid(heat->frames[chosen[index]], &picture);
        strip->pictures.back().heat_jpeg = Encode(&picture);
      }
    }
  }

 private:
  // Returns the pixels [3][frames][size][size] of frames of a video.
  std::vector<uint8_t> Decode(size_t video, const std::vector<int>& frames, int crop) {
    shards_->ReadFrames(video, frames, &bytes_);
    std::vector<FrameJpeg> jpegs;
    for (size_t place = 0; place < frames.size(); ++place) {
      jpegs.push_back({frames[place], bytes_.data(place), bytes_.size_bytes(place)});
    }
    const CropPlan plan =
        ScoringCrops(decoder_.ReadSize(jpegs.front()), scored_.size, scored_.crops)
            .at(static_cast<size_t>(crop));
    const auto size = static_cast<size_t>(scored_.size);
    std::vector<uint8_t> pixels(3 * frames.size() * size * size);
    decoder_.DecodeClip(jpegs, static_cast<int>(frames.size()), plan, pixels.data());
    return pixels;
  }

  // Returns the heat of the strip's clip; null if there is none.
  const ClipHeat* HeatOfClip(const report::Strip& strip, size_t num_frames) const {
    if (!heat_) {
      return nullptr;
    }
    const auto found =
        std::find_if(heat_->clips.begin(), heat_->clips.end(), [&](const ClipHeat& clip) {
          return clip.id == strip.id && clip.class_name == strip.predicted &&
                 clip.first_frame == strip.clip.first_frame && clip.crop == strip.clip.crop &&
                 clip.frames.size() == num_frames;
        });
    return found == heat_->clips.end() ? nullptr : &*found;
  }

  std::string Encode(YuvImage* picture) {
    picture->PadRight();
    const std::vector<uint8_t>& jpeg = encoder_.Encode(*picture);
    return {jpeg.begin(), jpeg.end()};
  }

  const ScoredClips scored_;
  const std::unique_ptr<ShardSet> shards_;
  const std::optional<HeatFile> heat_;
  FrameDecoder decoder_;
  JpegEncoder encoder_;
  FrameBytes bytes_;
};

// Returns about the size of the strip in a page. Pictures stand there as base64.
int64_t PageBytes(const report::Strip& strip) {
  constexpr size_t kTextBytes = 400;  // of a picture's alt, whose names are shortened
  size_t bytes = kTextBytes * 2 * strip.pictures.size();
  for (const report::StripPicture& picture : strip.pictures) {
    bytes += (picture.jpeg.size() + 2) / 3 * 4 + (picture.heat_jpeg.size() + 2) / 3 * 4;
  }
  return static_cast<int64_t>(bytes);
}

// Adds a sentence if the file of heat lacks some of the shown clips, or holds other frames of them.
void SayWhatHasNoHeat(report::RunRecord* run) {
  int64_t num_shown = 0, num_without = 0;
  for (const report::Strip& strip : run->strips) {
    num_shown += strip.pictures.empty() ? 0 : 1;
    num_without += !strip.pictures.empty() && strip.pictures.front().heat_jpeg.empty() ? 1 : 0;
  }
  if (num_without > 0) {
    run->missing.push_back(fmt::format(
        "{}: no heat for {} of {}: run explain-mistakes again, with the --strips of report-run",
        (run->folder / "heat.json").string(), num_without, Count(num_shown, "shown clip")));
  }
}

// Fills `strips` one after the other into run->strips, as many as `most_bytes` allow.
void FillStrips(const StripOptions& options, int64_t most_bytes, std::vector<report::Strip> strips,
                std::vector<std::string>* problems, report::RunRecord* run) {
  const ScoredClips scored = ScoredClipsOf(report::ReportOf(*run, "score-videos"));
  std::optional<HeatFile> heat;
  Attempt(&run->missing, [&] { heat = HeatOf(*run, scored); });
  const bool has_heat = heat.has_value();
  StripMaker maker(scored, OpenShardsOf(options, run->folder, scored), std::move(heat));
  int64_t bytes = 0;
  for (report::Strip& strip : strips) {
    std::vector<std::string> problem;
    report::Tolerate(&problem, [&] { maker.Fill(&strip); });
    if (!problem.empty()) {
      strip.pictures.clear();
      strip.problem = fmt::format("{} has no strip of frames: {}", strip.id, problem.front());
    }
    bytes += PageBytes(strip);
    if (bytes > most_bytes) {
      problems->push_back(fmt::format(
          "the page may hold {} kB of this run's frames, and more if it shows fewer runs",
          most_bytes / 1000));
      break;
    }
    run->strips.push_back(std::move(strip));
  }
  if (has_heat) {
    SayWhatHasNoHeat(run);
  }
}

}  // namespace

void StripOptions::Bind(OptionBinder& binder) {
  binder.Bind(
      "shards", &shards,
      "folder of the shards that were scored, for frames of wrongly answered videos. Empty: "
      "RUN_DIR/shards or the folder that score-videos read, whichever has the scored data",
      Effect::kRunOnly);
  binder.Bind("strips", &most, {0, 100},
              "show frames of at most so many wrongly answered videos of each run, and of as many "
              "as fit into 800 kB. 0: show no frames, if others may not see the videos",
              Effect::kRunOnly);
}

void AddStrips(const StripOptions& options, int64_t most_bytes, report::RunRecord* run) {
  const std::vector<report::Strip> strips =
      report::ChooseStrips(run->evaluation, static_cast<size_t>(options.most));
  const std::vector<report::Mistake>& mistakes = run->evaluation.mistakes;
  if (options.most > 0 && strips.empty() && !mistakes.empty()) {
    run->strips_note = fmt::format(
        "{}: frames are not shown, because an older version evaluated the run; now evaluate-scores "
        "writes which clips to show.",
        run->name);
  }
  if (strips.empty()) {
    return;
  }
  std::vector<std::string> problems;
  Attempt(&problems, [&] { FillStrips(options, most_bytes, strips, &problems, run); });
  if (!problems.empty()) {
    run->strips_note = fmt::format("{}: frames of {} are not shown: {}.", run->name,
                                   Count(static_cast<int64_t>(strips.size() - run->strips.size()),
                                         "more wrongly answered video"),
                                   problems.front());
  }
}

}  // namespace reel3d

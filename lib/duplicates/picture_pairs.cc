// SPDX-License-Identifier: Apache-2.0
#include "lib/duplicates/picture_pairs.h"

#include <algorithm>
#include <cstdlib>
#include <tuple>
#include <utility>

namespace reel3d {
namespace {

// Up to this many pictures two bits of a band are changed for a look-up. That is sixteen times the
// work of one bit, and finds more of the pairs that differ much.
constexpr size_t kFewPictures = 1'000'000;
// A picture is looked up only if its hash differs by this many bits from the last picture of its
// video that was looked up.
constexpr int kMinNewness = 8;
// A picture is commonplace, such as a title, if a look-up finds more hashes than this.
constexpr size_t kMostResembling = 5000;

constexpr int kMinPictures = 4;  // that must be compared, unless the shorter video has fewer
constexpr int kFewestPictures = 2;
// Pictures vote for a pair up to this distance. It is more than kPdqRadius because one picture does
// not decide: the motion and the mean distance of all pictures count as well.
constexpr int kVoteRadius = 45;
constexpr double kMinNear = 0.5;  // share of the compared pictures
constexpr double kMinScore = 0.5;
// A picture moves if its low frequencies change by this many grey levels to the next one.
constexpr float kMinChange = 0.15F;
// The misfit of two videos in which something moves is the sum of their mean distance and their
// disagreement in motion, in these units. The limit is kMaxMisfit - kMisfitPerPicture / pictures,
// so it is lower for few pictures. Unrelated videos have a misfit of about 3.
// tests/pipeline/find_duplicates_test.cc tests the limit.
constexpr double kDistanceUnit = 64;
constexpr double kDisagreementUnit = 0.5;
constexpr double kMaxMisfit = 1.1;
constexpr double kMisfitPerPicture = 0.88;
constexpr double kStillDistance = 16;  // the largest mean distance if nothing moves

// Returns a number that is larger if two videos fit worse.
double Misfit(const PicturePair& pair) {
  return pair.mean_distance / kDistanceUnit + pair.motion_disagreement / kDisagreementUnit;
}

auto Rank(const PicturePair& pair) {
  return std::make_tuple(Misfit(pair), -pair.num_near, std::abs(pair.offset), pair.offset,
                         pair.part_of_a, pair.part_of_b, pair.mirrored);
}

int CountVoting(const VideoSignature& video) {
  return static_cast<int>(std::count_if(
      video.begin(), video.end(), [](const PictureSignature& picture) { return picture.votes; }));
}

}  // namespace

// Supposes that the `part` of video a's pictures shows what b's pictures show, mirrored if
// `mirrored`.
struct PairFinder::Hypothesis {
  uint32_t a, b;
  int offset;  // b's picture minus a's
  int part;
  bool mirrored;

  auto Key() const { return std::make_tuple(a, b, offset, part, mirrored); }
};

PairFinder::PairFinder(const std::vector<VideoSignature>& videos, Comparable comparable, int depth)
    : videos_(videos), comparable_(std::move(comparable)) {
  std::vector<PdqHash> hashes;
  for (size_t video = 0; video < videos.size(); ++video) {
    num_voting_.push_back(CountVoting(videos[video]));
    for (size_t picture = 0; picture < videos[video].size(); ++picture) {
      if (videos[video][picture].votes) {
        entries_.push_back({static_cast<uint32_t>(video), static_cast<uint32_t>(picture)});
        hashes.push_back(videos[video][picture].parts[kWhole]);
        hashes.push_back(videos[video][picture].mirrored);
      }
    }
  }
  depth_ = depth > 0 ? depth : entries_.size() <= kFewPictures ? 2 : 1;
  index_ = std::make_unique<HashIndex>(std::move(hashes), kPdqRadius, depth_);
}

std::vector<PairFinder::Hypothesis> PairFinder::Hypotheses(size_t video,
                                                           int64_t* num_commonplace) const {
  std::vector<Hypothesis> hypotheses;
  std::vector<uint32_t> found;
  const PictureSignature* last = nullptr;
  for (size_t i = 0; i < videos_[video].size(); ++i) {
    const PictureSignature& picture = videos_[video][i];
    if (!picture.votes ||
        (last != nullptr && Distance(picture.parts[kWhole], last->parts[kWhole]) < kMinNewness)) {
      continue;
    }
    last = &picture;
    for (int part = 0; part < kNumParts; ++part) {
      index_->Find(picture.parts[part], &found);
      if (found.size() > kMostResembling) {
        ++*num_commonplace;
        break;
      }
      for (const uint32_t number : found) {
        const Entry& entry = entries_[number / 2];
        if (entry.video != video && comparable_(video, entry.video)) {
          hypotheses.push_back({static_cast<uint32_t>(video), entry.video,
                                static_cast<int>(entry.picture) - static_cast<int>(i), part,
                                number % 2 != 0});
        }
      }
    }
  }
  const auto before = [](const Hypothesis& x, const Hypothesis& y) { return x.Key() < y.Key(); };
  const auto same = [](const Hypothesis& x, const Hypothesis& y) { return x.Key() == y.Key(); };
  std::sort(hypotheses.begin(), hypotheses.end(), before);
  hypotheses.erase(std::unique(hypotheses.begin(), hypotheses.end(), same), hypotheses.end());
  return hypotheses;
}

bool PairFinder::Verify(const Hypothesis& hypothesis, PicturePair* pair) const {
  const VideoSignature& a = videos_[hypothesis.a];
  const VideoSignature& b = videos_[hypothesis.b];
  const int begin = std::max(0, -hypothesis.offset);
  const int end =
      std::min(static_cast<int>(a.size()), static_cast<int>(b.size()) - hypothesis.offset);
  int num_compared = 0;
  int64_t distances = 0;
  int64_t num_strong = 0;
  int64_t num_agreeing = 0;
  for (int i = begin; i < end; ++i) {
    const PictureSignature& of_a = a[i];
    const PictureSignature& of_b = b[i + hypothesis.offset];
    if (!of_a.votes || !of_b.votes) {
      continue;
    }
    const int distance = Distance(of_a.parts[hypothesis.part],
                                  hypothesis.mirrored ? of_b.mirrored : of_b.parts[kWhole]);
    ++num_compared;
    distances += distance;
    pair->num_near += distance <= kVoteRadius ? 1 : 0;
    if (of_a.has_next && of_b.has_next && std::min(of_a.change, of_b.change) >= kMinChange) {
      const PictureSignature::Motion& motion_a = of_a.motion[hypothesis.part];
      const PictureSignature::Motion& motion_b = of_b.motion[kWhole];
      const uint64_t strong = motion_a.strong & motion_b.strong;
      const uint64_t rises_b = hypothesis.mirrored ? MirroredRises(motion_b.rises) : motion_b.rises;
      ++pair->num_moving;
      num_strong += __builtin_popcountll(motion_a.strong);
      num_agreeing += __builtin_popcountll(~(motion_a.rises ^ rises_b) & strong);
    }
  }
  const int shorter = std::min(num_voting_[hypothesis.a], num_voting_[hypothesis.b]);
  if (num_compared < std::max(kFewestPictures, std::min(kMinPictures, shorter)) ||
      pair->num_near < kMinNear * num_compared) {
    return false;
  }
  pair->score = static_cast<double>(pair->num_near) / shorter;
  pair->mean_distance = static_cast<double>(distances) / num_compared;
  pair->motion_disagreement =
      num_strong == 0 ? 0 : 1 - static_cast<double>(num_agreeing) / static_cast<double>(num_strong);
  const double limit = kMaxMisfit - kMisfitPerPicture / num_compared;
  const bool fits =
      pair->num_moving > 0 ? Misfit(*pair) <= limit : pair->mean_distance <= kStillDistance;
  return fits && pair->score >= kMinScore;
}

PairFinder::Found PairFinder::PairsOf(size_t video) const {
  Found result;
  std::vector<PicturePair> pairs;
  for (const Hypothesis& hypothesis : Hypotheses(video, &result.num_commonplace)) {
    PicturePair pair;
    if (!Verify(hypothesis, &pair)) {
      continue;
    }
    pair.a = hypothesis.a;
    pair.b = hypothesis.b;
    pair.offset = hypothesis.offset;
    pair.part_of_a = hypothesis.part;
    pair.mirrored = hypothesis.mirrored;
    if (pair.a > pair.b) {
      std::swap(pair.a, pair.b);
      std::swap(pair.part_of_a, pair.part_of_b);
      pair.offset = -pair.offset;
    }
    pairs.push_back(pair);
  }
  result.pairs = BestPairs(std::move(pairs));
  return result;
}

std::vector<PicturePair> BestPairs(std::vector<PicturePair> pairs) {
  std::sort(pairs.begin(), pairs.end(), [](const PicturePair& x, const PicturePair& y) {
    return std::tuple_cat(std::make_tuple(x.a, x.b), Rank(x)) <
           std::tuple_cat(std::make_tuple(y.a, y.b), Rank(y));
  });
  const auto same = [](const PicturePair& x, const PicturePair& y) {
    return x.a == y.a && x.b == y.b;
  };
  pairs.erase(std::unique(pairs.begin(), pairs.end(), same), pairs.end());
  return pairs;
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "lib/eval/score_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <array>
#include <functional>
#include <tuple>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "tests/eval/flipped_bits.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

using ::testing::HasSubstr;

Scores Example() {
  Scores scores;
  scores.checkpoint = "step-00000040 crc 1234abcd";
  scores.data = "89abcdef";
  scores.subset = "validation";
  scores.part = 1;
  scores.num_parts = 3;
  scores.num_videos_expected = 7;
  scores.classes = {"jump", "naïve walk"};
  scores.videos = {{"a", 1}, {"b", -1}};
  scores.clips = {{0, 0, 16}, {0, 16, 5}, {1, 0, 16}};
  scores.logits = {0.5F, -1.0F, 3.25F, 0.0F, -0.125F, 1e-30F};
  return scores;
}

TEST(ScoreFile, ReadsBackWhatWasWritten) {
  const test::TemporaryFolder folder;
  WriteScores(folder / "scores.h5", Example());
  const Scores read = ReadScores(folder / "scores.h5");
  const Scores wrote = Example();
  EXPECT_EQ(read.checkpoint, wrote.checkpoint);
  EXPECT_EQ(read.data, wrote.data);
  EXPECT_EQ(read.subset, wrote.subset);
  EXPECT_EQ(read.part, 1);
  EXPECT_EQ(read.num_parts, 3);
  EXPECT_EQ(read.num_videos_expected, 7);
  EXPECT_EQ(read.classes, wrote.classes);
  EXPECT_EQ(read.logits, wrote.logits);
  ASSERT_EQ(read.videos.size(), 2U);
  EXPECT_EQ(read.videos[1].id, "b");
  EXPECT_EQ(read.videos[1].label, -1);
  ASSERT_EQ(read.clips.size(), 3U);
  EXPECT_EQ(read.clips[1].video, 0U);
  EXPECT_EQ(read.clips[1].first_frame, 16U);
  EXPECT_EQ(read.clips[1].num_distinct, 5);
}

TEST(ScoreFile, APartMayBeEmpty) {
  const test::TemporaryFolder folder;
  Scores scores = Example();
  scores.videos.clear();
  scores.clips.clear();
  scores.logits.clear();
  scores.data.clear();
  WriteScores(folder / "scores.h5", scores);
  EXPECT_TRUE(ReadScores(folder / "scores.h5").videos.empty());
  EXPECT_EQ(ReadScores(folder / "scores.h5").data, "");
}

TEST(ScoreFile, SameScoresSameBytes) {
  const test::TemporaryFolder folder;
  WriteScores(folder / "one.h5", Example());
  WriteScores(folder / "two.h5", Example());
  EXPECT_EQ(ReadFile(folder / "one.h5"), ReadFile(folder / "two.h5"));
}

// Changes a valid file in place through the HDF5 library.
void Tamper(const std::filesystem::path& path, const std::function<void(hid_t)>& change) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  ASSERT_GE(file, 0);
  change(file);
  H5Fclose(file);
}

void SetInteger(hid_t file, const char* name, int64_t value) {
  const hid_t attribute = H5Aopen(file, name, H5P_DEFAULT);
  H5Awrite(attribute, H5T_NATIVE_INT64, &value);
  H5Aclose(attribute);
}

void Replace(hid_t file, const char* name, hid_t type, std::vector<hsize_t> shape,
             hid_t properties = H5P_DEFAULT) {
  H5Ldelete(file, name, H5P_DEFAULT);
  const hid_t space = H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
  const hid_t dataset = H5Dcreate2(file, name, type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
  H5Dclose(dataset);
  H5Sclose(space);
}

void WriteElement(hid_t file, const char* name, hid_t type, const void* all) {
  const hid_t dataset = H5Dopen2(file, name, H5P_DEFAULT);
  H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, all);
  H5Dclose(dataset);
}

TEST(ScoreFile, RefusesWhatDoesNotAddUp) {
  struct Case {
    const char* why;
    std::function<void(hid_t)> change;
  };
  const uint32_t far_videos[] = {0, 9, 1};
  const int32_t far_labels[] = {1, 2};
  const hid_t allocated = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_alloc_time(allocated, H5D_ALLOC_TIME_EARLY);
  const hid_t chunked = H5Pcreate(H5P_DATASET_CREATE);
  const hsize_t chunk[] = {1};
  H5Pset_chunk(chunked, 1, chunk);
  const hid_t external = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_external(external, "/etc/hostname", 0, 12);
  const std::vector<Case> cases = {
      {"not complete", [](hid_t file) { SetInteger(file, "complete", 0); }},
      {"no attribute complete", [](hid_t file) { H5Adelete(file, "complete"); }},
      {"version 3", [](hid_t file) { SetInteger(file, "version", 3); }},
      {"version 0", [](hid_t file) { SetInteger(file, "version", 0); }},
      {"no attribute crc32", [](hid_t file) { H5Adelete(file, "crc32"); }},
      {"/videos/crc32 is missing",
       [](hid_t file) { H5Ldelete(file, "/videos/crc32", H5P_DEFAULT); }},
      {"its header and classes do not match", [](hid_t file) { SetInteger(file, "part", 2); }},
      {"part 3 of 3", [](hid_t file) { SetInteger(file, "part", 3); }},
      {"2 videos of a subset of 1", [](hid_t file) { SetInteger(file, "num_videos_expected", 1); }},
      {"-1 videos make no sense", [](hid_t file) { SetInteger(file, "num_videos_expected", -1); }},
      {"clip 1 is of video 9",
       [&](hid_t file) { WriteElement(file, "/clips/video", H5T_NATIVE_UINT32, far_videos); }},
      {"label 2 of 2",
       [&](hid_t file) { WriteElement(file, "/videos/label", H5T_NATIVE_INT32, far_labels); }},
      {"/clips/first_frame has 3 instead of 4 entries",
       [&](hid_t file) { Replace(file, "/clips/video", H5T_STD_U32LE, {4}, allocated); }},
      {"/clips/video has another type",
       [&](hid_t file) { Replace(file, "/clips/video", H5T_STD_I32LE, {3}, allocated); }},
      {"/clips/logits of 24 bytes reaches beyond the end",
       [](hid_t file) {
         Replace(file, "/clips/logits", H5T_IEEE_F32LE, {3, 2});
       }},
      {"/clips/logits of 8796093022208 bytes reaches beyond the end",
       [](hid_t file) {
         Replace(file, "/clips/logits", H5T_IEEE_F32LE, {uint64_t{1} << 40, 2});
       }},
      {"/clips/logits of 3200000000 bytes reaches beyond the end",
       [](hid_t file) {
         Replace(file, "/clips/logits", H5T_IEEE_F32LE, {400'000'000, 2});
       }},
      {"/clips/video has 2 axes instead of 1",
       [&](hid_t file) {
         Replace(file, "/clips/video", H5T_STD_U32LE, {3, 1}, allocated);
       }},
      {"/clips/video is not stored in one piece",
       [&](hid_t file) { Replace(file, "/clips/video", H5T_STD_U32LE, {3}, chunked); }},
      {"/clips/video is not stored in one piece",
       [&](hid_t file) { Replace(file, "/clips/video", H5T_STD_U32LE, {3}, external); }},
      {"/classes/name is a link",
       [](hid_t file) {
         H5Ldelete(file, "/classes/name", H5P_DEFAULT);
         H5Lcreate_soft("/videos/id", file, "/classes/name", H5P_DEFAULT, H5P_DEFAULT);
       }},
      {"/videos/id is missing", [](hid_t file) { H5Ldelete(file, "/videos/id", H5P_DEFAULT); }},
      {"/videos/id holds 'a' twice",
       [](hid_t file) {
         hid_t type = H5Tcopy(H5T_C_S1);
         H5Tset_strpad(type, H5T_STR_NULLPAD);
         H5Tset_cset(type, H5T_CSET_UTF8);
         WriteElement(file, "/videos/id", type, "aa");
         H5Tclose(type);
       }},
  };
  for (const Case& bad : cases) {
    const test::TemporaryFolder folder;
    WriteScores(folder / "scores.h5", Example());
    Tamper(folder / "scores.h5", bad.change);
    try {
      ReadScores(folder / "scores.h5");
      ADD_FAILURE() << bad.why;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput);
      EXPECT_THAT(error.what(), HasSubstr(bad.why));
      EXPECT_THAT(error.what(), HasSubstr("scores.h5"));
      EXPECT_THAT(error.what(), HasSubstr("the same score-videos command makes it again"));
    }
  }
  H5Pclose(allocated);
  H5Pclose(chunked);
  H5Pclose(external);
}

TEST(ScoreFile, AnyCutIsNoticed) {
  const test::TemporaryFolder folder;
  WriteScores(folder / "scores.h5", Example());
  const std::string whole = ReadFile(folder / "scores.h5");
  for (size_t size = 0; size < whole.size(); size += 97) {
    WriteFileAtomically(folder / "cut.h5", whole.substr(0, size));
    EXPECT_THROW(ReadScores(folder / "cut.h5"), Error) << size;
  }
}

bool Same(const Scores& a, const Scores& b) {
  const auto texts = [](const Scores& scores) {
    return std::tie(scores.checkpoint, scores.data, scores.settings, scores.subset, scores.part,
                    scores.num_parts, scores.num_videos_expected, scores.classes, scores.logits);
  };
  const auto same_video = [](const ScoredVideo& one, const ScoredVideo& other) {
    return one.id == other.id && one.label == other.label;
  };
  const auto same_clip = [](const ScoredClip& one, const ScoredClip& other) {
    return one.video == other.video && one.first_frame == other.first_frame &&
           one.num_distinct == other.num_distinct && one.crop == other.crop;
  };
  return texts(a) == texts(b) &&
         std::equal(a.videos.begin(), a.videos.end(), b.videos.begin(), b.videos.end(),
                    same_video) &&
         std::equal(a.clips.begin(), a.clips.end(), b.clips.begin(), b.clips.end(), same_clip);
}

TEST(ScoreFile, AFlippedBitIsFoundOrChangesNothing) {
  const test::TemporaryFolder folder;
  const auto file = folder / "scores.h5";
  const Scores wrote = Example();
  WriteScores(file, wrote);
  const auto reads_the_same = [&] { return Same(ReadScores(file), wrote); };
  test::ExpectDamageIsFoundOrHarmless(file, reads_the_same,
                                      "the same score-videos command makes it again");
}

template <class T>
T ReadOne(hid_t object, hid_t type, const char* name, bool is_attribute) {
  T value{};
  if (is_attribute) {
    const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
    H5Aread(attribute, type, &value);
    H5Aclose(attribute);
  } else {
    const hid_t dataset = H5Dopen2(object, name, H5P_DEFAULT);
    H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &value);
    H5Dclose(dataset);
  }
  return value;
}

// The numbers come from tests/golden/make_score_checksums.py.
TEST(ScoreFile, ChecksumsAreThoseOfTheReference) {
  const test::TemporaryFolder folder;
  WriteScores(folder / "scores.h5", Example());
  Tamper(folder / "scores.h5", [](hid_t file) {
    using Two = std::array<uint32_t, 2>;
    EXPECT_EQ(ReadOne<Two>(file, H5T_NATIVE_UINT32, "/videos/crc32", false),
              (Two{0xAB3D5666, 0x2DB2C02C}));
    EXPECT_EQ(ReadOne<uint32_t>(file, H5T_NATIVE_UINT32, "crc32", true), 0x16CE8F40U);
  });
}

// Returns the file with the logits that ReadScoresByVideo() gave, on four threads.
Scores ReadByVideo(const std::filesystem::path& file) {
  std::vector<std::pair<size_t, std::vector<float>>> found(100);
  Scores scores =
      ReadScoresByVideo(file, 4,
                        [&](const Scores& header, size_t video, const std::vector<size_t>& rows,
                            const float* logits) {
                          for (size_t place = 0; place < rows.size(); ++place) {
                            const size_t num_classes = header.classes.size();
                            EXPECT_EQ(header.clips[rows[place]].video, video);
                            found[rows[place]].first += 1;
                            found[rows[place]].second.assign(logits + place * num_classes,
                                                             logits + (place + 1) * num_classes);
                          }
                        });
  EXPECT_TRUE(scores.logits.empty());
  for (size_t row = 0; row < scores.clips.size(); ++row) {
    EXPECT_EQ(found[row].first, 1U) << row;
    scores.logits.insert(scores.logits.end(), found[row].second.begin(), found[row].second.end());
  }
  return scores;
}

// The rows of a video need not follow each other. The last video has none.
TEST(ScoreFile, EachVideoGetsItsLogits) {
  const test::TemporaryFolder folder;
  Scores scores = Example();
  scores.videos = {{"a", 1}, {"b", -1}, {"c", 0}, {"d", 0}};
  scores.clips.clear();
  scores.logits.clear();
  for (const uint32_t video : {0, 2, 2, 0, 0, 1, 0, 2}) {
    scores.clips.push_back({video, static_cast<uint32_t>(16 * scores.clips.size()), 16});
    scores.logits.push_back(static_cast<float>(scores.clips.size()));
    scores.logits.push_back(-static_cast<float>(scores.clips.size()));
  }
  WriteScores(folder / "scores.h5", scores);
  EXPECT_TRUE(Same(ReadByVideo(folder / "scores.h5"), scores));
}

TEST(ScoreFile, LogitsThatWereChangedAreNoticedByVideo) {
  const float changed[] = {0.5F, -1.0F, 3.25F, 0.0F, -0.125F, 2e-30F};
  const test::TemporaryFolder folder;
  WriteScores(folder / "scores.h5", Example());
  Tamper(folder / "scores.h5",
         [&](hid_t file) { WriteElement(file, "/clips/logits", H5T_NATIVE_FLOAT, changed); });
  try {
    ReadScoresByVideo(folder / "scores.h5", 2,
                      [](const Scores&, size_t, const std::vector<size_t>&, const float*) {});
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("the scores of video b do not match their checksum"));
  }
}

// Returns the example with two crops of the first video's window.
Scores CropsExample() {
  Scores scores = Example();
  scores.clips = {{0, 0, 16, 0}, {0, 0, 16, 9}, {1, 0, 16, 0}};
  return scores;
}

TEST(ScoreFile, CropsReadBackWithTheChecksumsOfTheReference) {
  const test::TemporaryFolder folder;
  WriteScores(folder / "scores.h5", CropsExample());
  EXPECT_TRUE(Same(ReadScores(folder / "scores.h5"), CropsExample()));
  Tamper(folder / "scores.h5", [](hid_t file) {
    using Two = std::array<uint32_t, 2>;
    EXPECT_EQ(ReadOne<Two>(file, H5T_NATIVE_UINT32, "/videos/crc32", false),
              (Two{0x25B4D9DE, 0x2DB2C02C}));
    EXPECT_EQ(ReadOne<uint32_t>(file, H5T_NATIVE_UINT32, "crc32", true), 0x5AEA93AAU);
  });
}

TEST(ScoreFile, ACentreCropAloneNeedsNoColumn) {
  const test::TemporaryFolder folder;
  WriteScores(folder / "scores.h5", Example());
  Tamper(folder / "scores.h5",
         [](hid_t file) { EXPECT_EQ(H5Lexists(file, "/clips/crop", H5P_DEFAULT), 0); });
}

TEST(ScoreFile, CropsThatAreLostOrChangedAreNoticed) {
  const uint8_t changed[] = {0, 8, 0};
  const std::vector<std::function<void(hid_t)>> changes = {
      [](hid_t file) { H5Ldelete(file, "/clips/crop", H5P_DEFAULT); },
      [&](hid_t file) { WriteElement(file, "/clips/crop", H5T_NATIVE_UINT8, changed); }};
  for (const auto& change : changes) {
    const test::TemporaryFolder folder;
    WriteScores(folder / "scores.h5", CropsExample());
    Tamper(folder / "scores.h5", change);
    try {
      ReadScores(folder / "scores.h5");
      ADD_FAILURE();
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("the scores of video a do not match their checksum"));
    }
  }
}

// The file was written before score files had checksums.
TEST(ScoreFile, AFileOfVersion1IsStillRead) {
  EXPECT_TRUE(
      Same(ReadScores(test::SourceFolder() / "tests/golden/scores_version_1.h5"), Example()));
}

}  // namespace
}  // namespace reel3d

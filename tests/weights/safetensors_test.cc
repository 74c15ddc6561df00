// Reads tensors from our files, from Python's files (tests/golden/make_safetensors_golden.py), and
// from damaged files.
// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/types.h>

#include <cstring>
#include <fstream>
#include <map>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/rng.h"
#include "lib/model/tensor_io.h"
#include "tests/model/noise.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;

void Write(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

std::string WithHeader(const std::string& header, const std::string& data) {
  std::string length(8, '\0');
  for (size_t i = 0; i < 8; ++i) {
    length[i] = static_cast<char>(header.size() >> (8 * i));
  }
  return length + header + data;
}

NamedTensors Examples() {
  return {{"scalar", at::tensor(2.5)},
          {"bytes", at::arange(7, at::kByte)},
          {"strided", test::Noise("strided", {3, 5, 2}).to(at::kFloat).transpose(0, 2)},
          {"half", test::Noise("half", {3}).to(at::kHalf)},
          {"bfloat", test::Noise("bfloat", {3}).to(at::kBFloat16)},
          {"long", at::tensor({int64_t{-1}, INT64_MAX, INT64_MIN})},
          {"double", test::Noise("double", {4, 1})},
          {"truth", at::tensor({1, 0}, at::kInt).to(at::kBool)},
          {"special", at::tensor({0.0F / 0.0F, -1.0F / 0.0F, -0.0F})},
          {"none \"quoted\" \u00e9", at::zeros({0, 4})}};
}

bool SameBits(const at::Tensor& a, const at::Tensor& b) {
  return a.sizes() == b.sizes() && a.scalar_type() == b.scalar_type() &&
         std::memcmp(a.contiguous().data_ptr(), b.contiguous().data_ptr(), a.nbytes()) == 0;
}

TEST(TensorIo, ComesBackBitForBit) {
  const test::TemporaryFolder folder;
  SaveTensors(folder / "a", Examples(), {{"key", "value"}});
  SaveTensors(folder / "b", Examples(), {{"key", "value"}});
  EXPECT_EQ(ReadFile(folder / "a"), ReadFile(folder / "b"));
  std::map<std::string, at::Tensor> found;
  for (auto& [name, tensor] : LoadTensors(folder / "a")) {
    found[name] = tensor;
  }
  EXPECT_EQ(found.size(), Examples().size());
  for (const auto& [name, tensor] : Examples()) {
    EXPECT_TRUE(SameBits(found[name], tensor)) << name;
  }
  SafetensorsReader reader(folder / "a");
  EXPECT_EQ(reader.header().metadata.at("key"), "value");
  // Readers that map a file into memory need every tensor aligned to its type.
  const std::map<std::string, uint64_t> alignments = {
      {"F32", 4}, {"I64", 8}, {"F64", 8}, {"F16", 2}};
  for (const SafetensorsEntry& entry : reader.header().entries) {
    const auto alignment = alignments.find(entry.type);
    EXPECT_EQ(entry.offset % (alignment == alignments.end() ? 1 : alignment->second), 0U)
        << entry.name;
  }
}

TEST(TensorIo, WritesAnEmptyFile) {
  const test::TemporaryFolder folder;
  SaveTensors(folder / "a", {});
  EXPECT_TRUE(LoadTensors(folder / "a").empty());
}

// A .pth file may hold a tensor named "__metadata__", which safetensors reserves.
TEST(TensorIo, WritesNoTensorInPlaceOfMetadata) {
  const test::TemporaryFolder folder;
  try {
    SaveTensors(folder / "a", {{"__metadata__", at::zeros({2})}});
    ADD_FAILURE() << "it was written";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage) << error.what();
  }
}

TEST(TensorIo, ReadsPythons) {
  const fs::path file = test::SourceFolder() / "tests/golden/tensors.safetensors";
  std::map<std::string, at::Tensor> found;
  for (auto& [name, tensor] : LoadTensors(file)) {
    found[name] = tensor;
  }
  const NamedTensors expected = {
      {"whole", at::arange(6, at::kLong).view({2, 3})},
      {"real", test::Noise("real", {3, 2, 2}).to(at::kFloat)},
      {"half", test::Noise("half", {3}).to(at::kFloat).to(at::kBFloat16)},
      {"truth", at::tensor({1, 0, 1}, at::kInt).to(at::kBool)},
      {"scalar", at::scalar_tensor(2.5, at::kDouble)},
      {"none", at::zeros({0, 4})}};
  EXPECT_EQ(found.size(), expected.size());
  for (const auto& [name, tensor] : expected) {
    EXPECT_TRUE(SameBits(found[name], tensor)) << name;
  }
  EXPECT_EQ(SafetensorsReader(file).header().metadata.at("made"), "by Python");
}

// The file must have the same bytes as Python's library writes for the same tensors in the same
// order.
TEST(TensorIo, WritesWhatPythonWrites) {
  const fs::path file = test::SourceFolder() / "tests/golden/tensors.safetensors";
  const test::TemporaryFolder folder;
  SaveTensors(folder / "a", LoadTensors(file), SafetensorsReader(file).header().metadata);
  EXPECT_EQ(ReadFile(folder / "a"), ReadFile(file));
}

TEST(Safetensors, RefusesWhatIsNotSound) {
  const std::string good = R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})";
  struct Case {
    const char* what;
    std::string bytes;
  };
  const std::vector<Case> cases = {
      {"empty", ""},
      {"short length", "1234567"},
      {"length beyond the file", WithHeader(good, "ab").substr(0, 20)},
      {"enormous length", std::string(8, '\xff') + good},
      {"not JSON", WithHeader("{\"a\":", "ab")},
      {"not an object", WithHeader("[1,2]", "ab")},
      {"not UTF-8", WithHeader("{\"\xff\":1}", "ab")},
      {"too few bytes", WithHeader(good, "a")},
      {"too many bytes", WithHeader(good, "abc")},
      {"gap", WithHeader(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})", "abc")},
      {"overlap", WithHeader(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                             R"("b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})",
                             "abc")},
      {"backwards", WithHeader(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[2,0]}})", "ab")},
      {"shape", WithHeader(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,2]}})", "ab")},
      {"negative",
       WithHeader(R"({"a":{"dtype":"U8","shape":[-2,-1],"data_offsets":[0,2]}})", "ab")},
      {"overflow", WithHeader(R"({"a":{"dtype":"U8","shape":[4294967296,4294967296,2],)"
                              R"("data_offsets":[0,0]}})",
                              "")},
      {"overflow where nothing is",
       WithHeader(R"({"a":{"dtype":"U8","shape":[0,4611686018427387904,4611686018427387904],)"
                  R"("data_offsets":[0,0]}})",
                  "")},
      {"real shape",
       WithHeader(R"({"a":{"dtype":"U8","shape":[2.0],"data_offsets":[0,2]}})", "ab")},
      {"type", WithHeader(R"({"a":{"dtype":"X8","shape":[2],"data_offsets":[0,2]}})", "ab")},
      {"no type", WithHeader(R"({"a":{"shape":[2],"data_offsets":[0,2]}})", "ab")},
      {"one offset", WithHeader(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[2]}})", "ab")},
      {"twice", WithHeader(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                           R"("a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}})",
                           "ab")},
      {"deep",
       WithHeader("{\"a\":" + std::string(1'000'000, '[') + std::string(1'000'000, ']') + "}", "")},
      {"many names", WithHeader(
                         [] {
                           std::string header = "{";
                           for (int i = 0; i < 100'002; ++i) {
                             header += "\"" + std::to_string(i) + "\":0,";
                           }
                           return header + "\"a\":0}";
                         }(),
                         "")},
      {"many values", WithHeader(
                          "{\"a\":[0" +
                              [] {
                                std::string zeros;
                                for (int i = 0; i < 2'000'000; ++i) {
                                  zeros += ",0";
                                }
                                return zeros;
                              }() +
                              "]}",
                          "")},
      {"dimensions", WithHeader(R"({"a":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],)"
                                R"("data_offsets":[0,1]}})",
                                "a")},
      {"control", WithHeader(R"({"a\n":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})", "ab")},
      {"metadata", WithHeader(R"({"__metadata__":{"a":1}})", "")}};
  const test::TemporaryFolder folder;
  Write(folder / "good", WithHeader(good, "ab"));
  EXPECT_EQ(LoadTensors(folder / "good").size(), 1U);
  for (const Case& c : cases) {
    Write(folder / "bad", c.bytes);
    try {
      LoadTensors(folder / "bad");
      ADD_FAILURE() << c.what << " was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput) << c.what;
      EXPECT_THAT(error.what(), testing::HasSubstr((folder / "bad").string())) << c.what;
      EXPECT_LT(std::string(error.what()).size(), 300U) << c.what;
    }
  }
  EXPECT_THROW(LoadTensors(folder / "absent"), Error);
  EXPECT_THROW(LoadTensors(folder.path()), Error);
}

// Any damage must end in tensors or in an input error.
TEST(Safetensors, SurvivesMutations) {
  const test::TemporaryFolder folder;
  SaveTensors(folder / "good", Examples());
  const std::string good = ReadFile(folder / "good");
  int refused = 0;
  for (uint64_t trial = 0; trial < 600; ++trial) {
    Rng rng(trial);
    std::string bytes = good;
    for (int64_t i = 0; i <= rng.Below(4); ++i) {
      bytes[static_cast<size_t>(rng.Below(static_cast<int64_t>(bytes.size())))] =
          static_cast<char>(rng.Below(256));
    }
    if (rng.Below(4) == 0) {
      bytes.resize(static_cast<size_t>(rng.Below(static_cast<int64_t>(bytes.size()))));
    }
    Write(folder / "bad", bytes);
    try {
      LoadTensors(folder / "bad");
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kInput) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 300);
}

TEST(Safetensors, TellsOfAFullDisk) {
  if (!fs::exists("/dev/full")) {
    GTEST_SKIP() << "no /dev/full here";
  }
  try {
    SaveTensors("/dev/full", {{"a", at::zeros({1000})}});
    ADD_FAILURE() << "a full disk took it";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kEnvironment);
  }
}

}  // namespace
}  // namespace reel3d

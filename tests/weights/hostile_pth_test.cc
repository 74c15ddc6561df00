// Hostile or damaged .pth files must be refused with a line that states the reason. No code in them
// is executed. tests/fuzz/pth_fuzz.cc tests random damage.
// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/weights/zip_writer.h"
#include "tests/test_support.h"
#include "tests/weights/pth_pieces.h"

namespace reel3d::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

std::string Golden(const std::string& name) {
  return ReadFile(SourceFolder() / "tests/golden" / name);
}

std::string RefusalOfPickle(const std::string& pickle) {
  const TemporaryFolder folder;
  WriteZip(folder / "bad.pth", pickle);
  return Refusal(folder / "bad.pth");
}

std::string RefusalOfBytes(const std::string& bytes, const std::string& name = "bad.pth") {
  const TemporaryFolder folder;
  Write(folder / name, bytes);
  return Refusal(folder / name);
}

TEST(HostilePth, TheseHelpersWriteSoundFiles) {
  EXPECT_EQ(RefusalOfPickle(Dict(Text("a") + Tensor(4, 0, {2, 2}, {2, 1}))), "accepted");
  EXPECT_EQ(RefusalOfPickle(Dict(Text("a") + Tensor(4, 1, {1, 3}, {9, 1}))), "accepted");
  EXPECT_EQ(RefusalOfPickle(Dict(Text("a") + Tensor(4, 4, {0}, {1}))), "accepted");
}

TEST(HostilePth, NothingIsExecuted) {
  const TemporaryFolder folder;
  const fs::path trace = folder / "executed";
  const std::string touch = Text("touch " + trace.string());
  for (const std::string& call :
       {"cposix\nsystem\n" + touch + "\x85R", "cos\nsystem\n(" + touch + "tR",
        "c__builtin__\neval\n" + Text("1") + "\x85R", "cbuiltins\nexec\n" + Text("1") + "\x85R",
        Text("os") + Text("system") + "\x93" + touch + "\x85R",
        "ctorch.hub\nload\n" + Text("x") + "\x85R", "(cos\nsystem\n" + touch + "o",
        "(" + touch + "ios\nsystem\n"}) {
    EXPECT_THAT(RefusalOfPickle(Dict(Text("a") + call)), testing::Not("accepted"));
    EXPECT_THAT(RefusalOfBytes("\x80\x02" + call + "."), testing::Not("accepted"));
  }
  EXPECT_FALSE(fs::exists(trace));
  EXPECT_THAT(RefusalOfPickle("cposix\nsystem\n" + touch + "\x85R"),
              AllOf(HasSubstr("posix.system"), HasSubstr("nothing of it was run")));
}

// torch.save(network, FILE) stores an object of a class that only the author's code has.
TEST(HostilePth, PickledModulesAreNamed) {
  EXPECT_THAT(RefusalOfPickle("cmodels.resnet\nResNet\n)\x81}b"),
              AllOf(HasSubstr("models.resnet.ResNet"), HasSubstr("torch.save(")));
}

// The message names the function that would have been called, wherever it stands in the pickle.
TEST(HostilePth, ObjectsInPlaceOfTensorsAreNamed) {
  const std::string call = "cposix\nsystem\n" + Text("exit") + "\x85R";
  const std::string entry = Text("conv1.weight") + call;
  const std::string lr = Text("args") + "cargparse\nNamespace\n)\x81";
  const std::string storage = Text("storage") + "ctorch\nFloatStorage\n" + Text("0");
  const auto tensor = [&](const std::string& arguments) {
    return "ctorch._utils\n_rebuild_tensor_v2\n(" + arguments + "\x89)tR";
  };
  const std::string good = "(" + storage + Text("cpu") + Integer(4) + "tQ" + Integer(0);
  for (const std::string& pickle :
       {Dict(entry), Dict(lr + entry), Dict(Text("state_dict") + Dict(entry)),
        Dict(lr + Text("a") + Dict(Text("model") + Dict(entry))),
        Dict(Text("list") + "](" + Dict(entry) + "e"),
        Dict(Text("conv1.weight") + tensor(good + "(" + call + "t" + Tuple({1}))),
        Dict(Text("conv1.weight") + tensor(good + Tuple({4}) + "(" + call + "t")),
        Dict(Text("b") + Tensor(4, 0, {4}, {1}) + entry)}) {
    EXPECT_THAT(RefusalOfPickle(pickle), AllOf(HasSubstr("posix.system"), HasSubstr("conv1.weight"),
                                               HasSubstr("nothing of it was run")));
  }
}

TEST(HostilePth, TensorsStayWithinTheirStorage) {
  struct Case {
    const char* what;
    std::string tensor;
  };
  const int64_t huge = 1'000'000'000'000;
  const std::vector<Case> cases = {
      {"negative extent", Tensor(4, 0, {-2, -2}, {2, 1})},
      {"negative stride", Tensor(4, 3, {2}, {-1})},
      {"negative beginning", Tensor(4, -1, {2}, {1})},
      {"negative storage", Tensor(-4, 0, {2}, {1})},
      {"beyond the end", Tensor(4, 3, {2}, {1})},
      {"stride beyond the end", Tensor(4, 0, {2}, {4})},
      {"10^12 values", Tensor(huge, 0, {huge}, {1})},
      {"10^12 values of 4", Tensor(4, 0, {huge}, {1})},
      {"10^12 values of one", Tensor(4, 0, {huge}, {0})},
      {"overflow", Tensor(4, 0, {1LL << 32, 1LL << 32}, {0, 0})},
      {"overflow where nothing is", Tensor(4, 0, {0, 1LL << 62, 1LL << 62}, {0, 0, 0})},
      {"overflow of strides", Tensor(4, 0, {3, 2}, {INT64_MAX, 1})},
      {"storage of another size", Tensor(3, 0, {3}, {1})},
      {"too many axes", Tensor(4, 0, std::vector<int64_t>(17, 1), std::vector<int64_t>(17, 1))},
      {"axes without strides", Tensor(4, 0, {2, 2}, {1})},
      {"another storage", Tensor(4, 0, {2}, {1}).replace(57, 3, "ABC")}};
  for (const Case& c : cases) {
    EXPECT_THAT(RefusalOfPickle(Dict(Text("a") + c.tensor)), testing::Not("accepted")) << c.what;
  }
}

TEST(HostilePth, TheSameValuesAgainAndAgainAreRefused) {
  std::string items;
  for (int i = 0; i < 100'000; ++i) {
    items += Text(std::to_string(i)) + (i == 0 ? Tensor(4, 0, {4}, {1}) + "q\1" : "h\1");
  }
  EXPECT_EQ(RefusalOfPickle(Dict(items)), "accepted");  // 1.6 MB of values in a file of 1.8 MB
  items.clear();
  const std::string big = "ctorch._utils\n_rebuild_tensor_v2\n((" + Text("storage") +
                          "ctorch\nFloatStorage\n" + Text("0") + Text("cpu") + Integer(1'000'000) +
                          "tQ" + Integer(0) + Tuple({1'000'000}) + Tuple({1}) + "\x89)tR";
  for (int i = 0; i < 100; ++i) {
    items += Text(std::to_string(i)) + (i == 0 ? big + "q\1" : "h\1");
  }
  const TemporaryFolder folder;
  ZipWriter zip(folder / "bad.pth");
  zip.Add("x/data.pkl", "\x80\x02" + Dict(items) + ".");
  zip.Add("x/data/0", std::string(4'000'000, '\0'));
  zip.Finish();
  EXPECT_THAT(Refusal(folder / "bad.pth"), HasSubstr("again and again"));
}

TEST(HostilePth, PicklesThatGrowOrNestAreBounded) {
  const std::string many(2'000'000, ')');
  EXPECT_THAT(RefusalOfPickle(many), HasSubstr("more values"));
  EXPECT_THAT(RefusalOfPickle(std::string(2'000'000, '(')), HasSubstr("nests deeper"));
  // Values within values, 300,000 levels deep; and a list that contains itself.
  std::string deep = "]";
  for (int i = 0; i < 300'000; ++i) {
    deep += "\x85";
  }
  EXPECT_THAT(RefusalOfPickle(deep), HasSubstr("neither a state dict"));
  EXPECT_THAT(RefusalOfPickle("]q\1h\1a"), HasSubstr("neither a state dict"));
  EXPECT_THAT(RefusalOfPickle("}q\1" + Text("state_dict") + "h\1s"), HasSubstr("is no tensor"));
  // Each list contains the list before it ten times ("billion laughs").
  std::string laughs = "](" + std::string(1000, 'N') + "eq\1";
  for (int i = 0; i < 10; ++i) {
    laughs += "](h\1h\1h\1h\1h\1h\1h\1h\1h\1h\1eq\1";
  }
  EXPECT_THAT(RefusalOfPickle(laughs), HasSubstr("neither a state dict"));
  // A dict is made of the same 1000 pairs, 100,000 times.
  std::string pairs = "](";
  for (int i = 0; i < 1000; ++i) {
    pairs += "NN\x86";
  }
  pairs += "e\x85q\1";
  for (int i = 0; i < 100'000; ++i) {
    pairs += "ccollections\nOrderedDict\nh\1R";
  }
  EXPECT_THAT(RefusalOfPickle(pairs), HasSubstr("more values"));
  // A TorchScript module is its own child.
  const std::string module = "c__torch__.M\nM\n)\x81q\1}(";
  EXPECT_THAT(RefusalOfPickle(module + Text("a") + "h\1" + Text("b") + "h\1ub"),
              HasSubstr("nest without end"));
  // A list of empty pairs: a reader could loop over it without adding a value.
  EXPECT_THAT(RefusalOfPickle("ccollections\nOrderedDict\n]]a\x85R"), HasSubstr("no pairs"));
}

TEST(HostilePth, ZipBombsAreRefused) {
  const TemporaryFolder folder;
  WriteZip(folder / "good.pth", Dict(Text("a") + Tensor(4, 0, {4}, {1})));
  const std::string good = ReadFile(folder / "good.pth");
  const size_t central = good.find("PK\1\2");
  const auto patched = [&](size_t at, int64_t value, int size_bytes) {
    std::string bytes = good;
    bytes.replace(at, static_cast<size_t>(size_bytes), Number(value, size_bytes));
    return RefusalOfBytes(bytes);
  };
  EXPECT_THAT(patched(central + 10, 8, 2), HasSubstr("compressed"));
  EXPECT_THAT(patched(central + 8, 1, 2), HasSubstr("compressed"));  // encrypted
  EXPECT_THAT(patched(central + 24, 0xfffffff0, 4), HasSubstr("compressed"));
  const auto larger = [&](std::string bytes) {
    bytes.replace(central + 20, 4, Number(0x7ffffff0, 4));
    bytes.replace(central + 24, 4, Number(0x7ffffff0, 4));
    return RefusalOfBytes(bytes);
  };
  EXPECT_THAT(larger(good), HasSubstr("beyond its place"));
  // The archive's second file, a storage, is compressed, or has the same place as the first.
  const size_t second = good.find("PK\1\2", central + 4);
  EXPECT_THAT(patched(second + 10, 8, 2), HasSubstr("storage 0 is compressed"));
  EXPECT_THAT(patched(second + 42, 0, 4), testing::Not("accepted"));
  const size_t end = good.find("PK\5\6");
  EXPECT_THAT(patched(end + 12, 0x7fffffff, 4), HasSubstr("larger than"));
  EXPECT_THAT(patched(end + 16, 0x7fffffff, 4), HasSubstr("ends early"));
  // One bit of the values is flipped.
  EXPECT_THAT(patched(good.find(std::string(16, '\0')), 1, 1), HasSubstr("checksum"));
}

TEST(HostilePth, OtherKindsAreNamedWithTheirWayOut) {
  EXPECT_THAT(RefusalOfBytes(Number(4, 4) + Number(1, 4) + "x", "net.t7"),
              AllOf(HasSubstr("Lua Torch"), HasSubstr("torchfile")));
  EXPECT_THAT(RefusalOfBytes(Number(4, 4) + Number(1, 4) + "x", "net.pth"), HasSubstr("Lua Torch"));
  EXPECT_THAT(RefusalOfBytes("\x0a\x03net", "c3d.caffemodel"),
              AllOf(HasSubstr("Caffe"), HasSubstr("torch.save")));
  EXPECT_THAT(RefusalOfBytes(std::string(257, 'x') + "ustar" + std::string(300, 'x'), "old.tar"),
              HasSubstr("tar archive"));
  EXPECT_THAT(RefusalOfBytes("\x80\x03]."), HasSubstr("none of torch.save"));
  EXPECT_THAT(RefusalOfBytes("hello"), HasSubstr("not a kind of file"));
  EXPECT_THAT(RefusalOfBytes(""), HasSubstr("not a kind of file"));
  const TemporaryFolder folder;
  ZipWriter zip(folder / "bad.pth");
  zip.Add("word/document.xml", "<x/>");
  zip.Finish();
  EXPECT_THAT(Refusal(folder / "bad.pth"), HasSubstr("data.pkl is missing"));
}

std::vector<std::string> Seeds() {
  return {Golden("checkpoint_zip.pth"), Golden("half_legacy.pth"), Golden("kinds_zip.pth"),
          Golden("kinds_legacy.pth"), Golden("kinds_protocol4.pth")};
}

TEST(HostilePth, CutAnywhereItIsRefused) {
  const TemporaryFolder folder;
  for (const std::string& whole : Seeds()) {
    for (size_t size = 0; size < whole.size(); size += 64) {
      Write(folder / "cut.pth", whole.substr(0, size));
      ASSERT_NE(Refusal(folder / "cut.pth"), "accepted") << size << " of " << whole.size();
    }
  }
}

}  // namespace
}  // namespace reel3d::test

// .pth files that mean harm or are damaged: refused with a line that says why, nothing executed.
// Random damage: tests/fuzz/pth_fuzz.cc.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <iostream>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/model/pth.h"
#include "lib/model/zip_writer.h"
#include "tests/test_support.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

void Write(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

std::string Golden(const std::string& name) {
  return ReadFile(test::SourceFolder() / "tests/golden" / name);
}

std::string Number(int64_t value, int size_bytes) {
  std::string bytes;
  for (int i = 0; i < size_bytes; ++i) {
    bytes += static_cast<char>(value >> (8 * i));
  }
  return bytes;
}

std::string Integer(int64_t value) { return "\x8a\x08" + Number(value, 8); }

std::string Text(const std::string& text) {
  return "X" + Number(static_cast<int64_t>(text.size()), 4) + text;
}

std::string Tuple(const std::vector<int64_t>& values) {
  std::string bytes = "(";
  for (const int64_t value : values) {
    bytes += Integer(value);
  }
  return bytes + "t";
}

// A view into storage 0, of `num_stored` float values.
std::string Tensor(int64_t num_stored, int64_t first, const std::vector<int64_t>& shape,
                   const std::vector<int64_t>& strides) {
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + Text("storage") + "ctorch\nFloatStorage\n" +
         Text("0") + Text("cpu") + Integer(num_stored) + "tQ" + Integer(first) + Tuple(shape) +
         Tuple(strides) + "\x89)tR";
}

std::string Dict(const std::string& items) { return "}(" + items + "u"; }

// Of a pickle, and four float values as storage 0.
void WriteZip(const fs::path& file, const std::string& pickle) {
  ZipWriter zip(file);
  zip.Add("x/data.pkl", "\x80\x02" + pickle + ".");
  zip.Add("x/data/0", std::string(16, '\0'));
  zip.Finish();
}

std::string Refusal(const fs::path& file) {
  try {
    const PthReader reader(file);
    for (const PthTensor& tensor : reader.header().tensors) {
      std::string bytes(reader.StorageBytes(tensor.storage), '\0');
      reader.ReadStorage(tensor.storage, bytes.data());
    }
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput) << error.what();
    EXPECT_THAT(error.what(), HasSubstr(file.string()));
    EXPECT_THAT(error.what(), testing::Not(HasSubstr("\n")));
    EXPECT_LT(std::string(error.what()).size(), 500U);
    return error.what();
  }
  return "accepted";
}

std::string RefusalOfPickle(const std::string& pickle) {
  const test::TemporaryFolder folder;
  WriteZip(folder / "bad.pth", pickle);
  return Refusal(folder / "bad.pth");
}

std::string RefusalOfBytes(const std::string& bytes, const std::string& name = "bad.pth") {
  const test::TemporaryFolder folder;
  Write(folder / name, bytes);
  return Refusal(folder / name);
}

TEST(HostilePth, TheseHelpersWriteSoundFiles) {
  EXPECT_EQ(RefusalOfPickle(Dict(Text("a") + Tensor(4, 0, {2, 2}, {2, 1}))), "accepted");
  EXPECT_EQ(RefusalOfPickle(Dict(Text("a") + Tensor(4, 1, {1, 3}, {9, 1}))), "accepted");
  EXPECT_EQ(RefusalOfPickle(Dict(Text("a") + Tensor(4, 4, {0}, {1}))), "accepted");
}

TEST(HostilePth, NothingIsExecuted) {
  const test::TemporaryFolder folder;
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

// torch.save(network, FILE): a class of whoever saved it.
TEST(HostilePth, PickledModulesAreNamed) {
  EXPECT_THAT(RefusalOfPickle("cmodels.resnet\nResNet\n)\x81}b"),
              AllOf(HasSubstr("models.resnet.ResNet"), HasSubstr("torch.save(")));
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
  EXPECT_EQ(RefusalOfPickle(Dict(items)), "accepted");  // 1.6 MB of a file of 1.8
  items.clear();
  const std::string big = "ctorch._utils\n_rebuild_tensor_v2\n((" + Text("storage") +
                          "ctorch\nFloatStorage\n" + Text("0") + Text("cpu") + Integer(1'000'000) +
                          "tQ" + Integer(0) + Tuple({1'000'000}) + Tuple({1}) + "\x89)tR";
  for (int i = 0; i < 100; ++i) {
    items += Text(std::to_string(i)) + (i == 0 ? big + "q\1" : "h\1");
  }
  const test::TemporaryFolder folder;
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
  // A list of lists of lists ..., as deep as it goes; and one that holds itself.
  std::string deep = "]";
  for (int i = 0; i < 300'000; ++i) {
    deep += "\x85";
  }
  EXPECT_THAT(RefusalOfPickle(deep), HasSubstr("neither a state dict"));
  EXPECT_THAT(RefusalOfPickle("]q\1h\1a"), HasSubstr("neither a state dict"));
  EXPECT_THAT(RefusalOfPickle("}q\1" + Text("state_dict") + "h\1s"), HasSubstr("is no tensor"));
  // Each line of the billion laughs names the one before ten times.
  std::string laughs = "](" + std::string(1000, 'N') + "eq\1";
  for (int i = 0; i < 10; ++i) {
    laughs += "](h\1h\1h\1h\1h\1h\1h\1h\1h\1h\1eq\1";
  }
  EXPECT_THAT(RefusalOfPickle(laughs), HasSubstr("neither a state dict"));
  // A dict made of 1000 pairs, a million times.
  std::string pairs = "](";
  for (int i = 0; i < 1000; ++i) {
    pairs += "NN\x86";
  }
  pairs += "e\x85q\1";
  for (int i = 0; i < 100'000; ++i) {
    pairs += "ccollections\nOrderedDict\nh\1R";
  }
  EXPECT_THAT(RefusalOfPickle(pairs), HasSubstr("more values"));
  // Modules of TorchScript that are their own children.
  const std::string module = "c__torch__.M\nM\n)\x81q\1}(";
  EXPECT_THAT(RefusalOfPickle(module + Text("a") + "h\1" + Text("b") + "h\1ub"),
              HasSubstr("nest without end"));
  // Pairs of nothing, which could be gone through for ever without adding anything.
  EXPECT_THAT(RefusalOfPickle("ccollections\nOrderedDict\n]]a\x85R"), HasSubstr("no pairs"));
}

// Of a process of its own that reads what `make` returns and must answer so.
int64_t MostMemory_kB(const std::function<std::string()>& make, const std::string& answer) {
  const test::TemporaryFolder folder;
  const fs::path file = folder / "bad.pth";
  const auto in_child = [](const std::function<bool()>& do_it) {
    const pid_t child = fork();
    if (child == 0) {
      _exit(do_it() ? 0 : 1);
    }
    int status = 0;
    rusage usage{};
    wait4(child, &status, 0, &usage);
    EXPECT_EQ(status, 0);
    return usage.ru_maxrss;
  };
  in_child([&] {
    Write(file, make());
    return true;
  });
  malloc_trim(0);  // what this process has freed is not to be had again by its child
  return in_child([&] {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    const rlimit limit = {rlim_t{2} << 30, rlim_t{2} << 30};  // for the machine's sake
    setrlimit(RLIMIT_AS, &limit);
#endif
    const std::string found = Refusal(file);
    const bool is_meant = found.find(answer) != std::string::npos;
    std::cerr << (is_meant ? "" : found + '\n');
    return is_meant;
  });
}

std::string Repeated(int64_t count, const std::string& bytes) {
  std::string all;
  for (int64_t i = 0; i < count; ++i) {
    all += bytes;
  }
  return all;
}

// As the older torch.save frames it.
std::string Legacy(const std::string& ballast, const std::string& objects,
                   const std::string& keys) {
  const std::string begin = "\x80\x02" + ballast;
  return begin + "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19." + begin + Integer(1001) + "." +
         begin + "}" + Text("little_endian") + "\x88s." + begin + objects + "." + begin + keys +
         ".";
}

// As many values as a pickle may hold, all remembered, half of them with an item each.
std::string ManyValues() {
  std::string values;
  for (int64_t i = 0; i < 199'900; ++i) {
    values += "N\x85r" + Number(i, 4);
  }
  return values;
}

std::string ManyStorages() {
  std::string storages = "](" + Text("storage") + "q\1ctorch\nFloatStorage\nq\2";
  std::string keys = "](";
  for (int64_t i = 0; i < 98'000; ++i) {
    const std::string key = Text(fmt::format("{:0>70}", i));
    storages += "(h\1h\2" + key + "h\1K" + std::string(1, '\0') + "tQ";
    keys += key;
  }
  return Legacy("", storages + "e}", keys + "e");
}

// Of many axes and many names, all of the same values.
std::string ManyTensors() {
  const std::vector<int64_t> ones(16, 1);
  std::string items;
  for (int64_t i = 0; i < 99'000; ++i) {
    items += Text(fmt::format("{:0>140}", i)) + (i == 0 ? Tensor(4, 0, ones, ones) + "q\1" : "h\1");
  }
  const test::TemporaryFolder folder;
  WriteZip(folder / "a.pth", Dict(items));
  return ReadFile(folder / "a.pth");
}

// What takes the most memory, in every way that we could think of.
TEST(HostilePth, MemoryIsBounded) {
  const auto names = [](size_t size) {  // memo 1 and 2, and a class of theirs as 3
    return Text("__torch__.x") + "q\1" + Text(std::string(size, 'x')) + "q\2\x93q\3";
  };
  const auto long_text = [] { return Text(std::string(8'000'000, 'x')); };
  struct Case {
    const char* what;
    std::function<std::string()> make;
    const char* answer;
  };
  const std::vector<Case> cases = {
      {"values", [] { return Legacy(ManyValues(), "}", "]"); }, "accepted"},
      {"storages", [] { return ManyStorages(); }, "ends early"},
      {"tensors", [] { return ManyTensors(); }, "accepted"},
      {"names", [&] { return Legacy("", names(280) + Repeated(300'000, "h\1h\2\x93"), "]"); },
       "names more"},
      {"long names", [&] { return Legacy("", names(2000) + Repeated(300'000, "h\1h\2\x93"), "]"); },
       "longer than"},
      {"objects", [&] { return Legacy("", names(280) + Repeated(300'000, "h\3)\x81"), "]"); },
       "names more"},
      {"attributes",
       [&] { return Legacy("", "c__torch__.M\nM\n)\x81q\1}(" + long_text() + "h\1ub", "]"); },
       "longer than"},
      {"storage key",
       [&] {
         std::string objects = Dict(Text("a") + Tensor(4, 0, {4}, {1}));
         const std::string key = Text("0");
         return Legacy("", objects.replace(objects.find(key), key.size(), long_text()), "]");
       },
       "storage's key"}};
  for (const Case& c : cases) {
    const int64_t most_kB = MostMemory_kB(c.make, c.answer);
    EXPECT_LT(most_kB, 200'000) << c.what;
  }
}

TEST(HostilePth, ZipBombsAreRefused) {
  const test::TemporaryFolder folder;
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
  // Both files of the archive at the same place; the second, a storage, compressed.
  const size_t second = good.find("PK\1\2", central + 4);
  EXPECT_THAT(patched(second + 10, 8, 2), HasSubstr("storage 0 is compressed"));
  EXPECT_THAT(patched(second + 42, 0, 4), testing::Not("accepted"));
  const size_t end = good.find("PK\5\6");
  EXPECT_THAT(patched(end + 12, 0x7fffffff, 4), HasSubstr("larger than"));
  EXPECT_THAT(patched(end + 16, 0x7fffffff, 4), HasSubstr("ends early"));
  // A flipped bit in the values.
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
  const test::TemporaryFolder folder;
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
  const test::TemporaryFolder folder;
  for (const std::string& whole : Seeds()) {
    for (size_t size = 0; size < whole.size(); size += 64) {
      Write(folder / "cut.pth", whole.substr(0, size));
      ASSERT_NE(Refusal(folder / "cut.pth"), "accepted") << size << " of " << whole.size();
    }
  }
}

}  // namespace
}  // namespace reel3d

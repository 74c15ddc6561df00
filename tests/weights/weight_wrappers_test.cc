// Finds networks that other programs have wrapped: prefixes, entries, Python objects beside them.
// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/weight_wrappers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/weights/pth_writer.h"
#include "lib/weights/safetensors.h"
#include "lib/weights/weights_layout.h"
#include "tests/test_support.h"
#include "tests/weights/pth_pieces.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;
using test::Dict;
using test::Text;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kNetwork =
    "r3d --depth 10 --shortcut a --width 0.0625 --stem-frames 7, 3 classes";

// Returns the tensors of the network kNetwork.
std::vector<TensorHeader> Network() {
  std::vector<TensorHeader> tensors;
  const auto add = [&](const std::string& name, const std::vector<int64_t>& shape) {
    tensors.push_back({name, "F32", shape});
  };
  const auto add_norm = [&](const std::string& name, int64_t channels) {
    for (const char* part : {"weight", "bias", "running_mean", "running_var"}) {
      add(name + "." + part, {channels});
    }
  };
  add("conv1.weight", {4, 3, 7, 7, 7});
  add_norm("bn1", 4);
  int64_t in = 4;
  for (int64_t layer = 0; layer < 4; ++layer) {
    const std::string block = "layer" + std::to_string(layer + 1) + ".0.";
    const int64_t out = 4 << layer;
    add(block + "conv1.weight", {out, in, 3, 3, 3});
    add_norm(block + "bn1", out);
    add(block + "conv2.weight", {out, out, 3, 3, 3});
    add_norm(block + "bn2", out);
    in = out;
  }
  add("fc.weight", {3, 32});
  add("fc.bias", {3});
  return tensors;
}

std::vector<TensorHeader> Under(const std::string& prefix,
                                std::vector<TensorHeader> tensors = Network()) {
  for (TensorHeader& tensor : tensors) {
    tensor.name = prefix + tensor.name;
  }
  return tensors;
}

std::vector<std::string> NamesOf(const std::vector<TensorHeader>& tensors) {
  std::vector<std::string> names;
  for (const TensorHeader& tensor : tensors) {
    names.push_back(tensor.name);
  }
  return names;
}

TEST(FindNetworks, PrefixesInAnyOrder) {
  for (const char* prefix :
       {"", "module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module.", "model.", "net.",
        "model.module._orig_mod.", "my_video_net.", "module.model.net.backbone.", "0."}) {
    const std::vector<TensorHeader> tensors = Under(prefix);
    const std::vector<WrappedNetwork> found = FindNetworks(tensors);
    ASSERT_EQ(found.size(), 1U) << prefix;
    EXPECT_EQ(found[0].prefix, prefix);
    EXPECT_EQ(NamesOf(Unwrap(tensors, found[0])), NamesOf(Network())) << prefix;
  }
}

TEST(FindNetworks, WhatIsOfNoLayerIsInNone) {
  for (const std::string prefix : {"", "module.", "model._orig_mod."}) {
    std::vector<TensorHeader> tensors = Under(prefix);
    for (const char* extra :
         {"n_averaged", "criterion.weight", "loss_fn.pos_weight", "loss.weight", "_extra_state"}) {
      tensors.insert(tensors.begin(), {extra, "F32", {3}});
    }
    for (const char* extra : {"total_ops", "total_params", "layer1.0.conv1.total_ops",
                              "layer1.0.conv1.total_params", "mean", "empty"}) {
      tensors.push_back({prefix + extra, "F64", {extra == std::string("empty") ? 0 : 1}});
    }
    const std::vector<WrappedNetwork> found = FindNetworks(tensors);
    ASSERT_EQ(found.size(), 1U) << prefix;
    EXPECT_EQ(NamesOf(Unwrap(tensors, found[0])), NamesOf(Network())) << prefix;
  }
}

// A layer that the network does not have is kept, so that LoadStateDict can refuse it.
TEST(FindNetworks, LayersOfAnotherKindStay) {
  std::vector<TensorHeader> tensors = Under("model.");
  tensors.push_back({"model.attention.query.weight", "F32", {4, 4}});
  const std::vector<WrappedNetwork> found = FindNetworks(tensors);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(NamesOf(Unwrap(tensors, found[0])), testing::Contains("attention.query.weight"));
}

TEST(FindNetworks, SeveralAreAllFound) {
  std::vector<TensorHeader> tensors = Under("encoder_q.");
  for (const char* other : {"encoder_k.", ""}) {
    for (const TensorHeader& tensor : Under(other)) {
      tensors.push_back(tensor);
    }
  }
  const std::vector<WrappedNetwork> found = FindNetworks(tensors);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].prefix, "");
  EXPECT_EQ(found[1].prefix, "encoder_q.");  // the file's order, not the alphabet's
  for (const WrappedNetwork& network : found) {
    EXPECT_EQ(NamesOf(Unwrap(tensors, network)), NamesOf(Network())) << network.prefix;
  }
  EXPECT_TRUE(FindNetworks({}).empty());
  EXPECT_TRUE(FindNetworks({{"a.b.c.weight", "F32", {2, 2, 2, 2, 2}}}).empty());
}

// --- in files ---

// Returns the pickle of a state dict. All tensors are views into storage 0.
std::string StateOf(const std::vector<TensorHeader>& tensors, const std::string& more = "") {
  std::string items;
  for (const TensorHeader& tensor : tensors) {
    std::vector<int64_t> strides(tensor.shape.size(), 1);
    for (size_t axis = strides.size(); axis > 1; --axis) {
      strides[axis - 2] = strides[axis - 1] * tensor.shape[axis - 1];
    }
    items += Text(tensor.name) + test::Tensor(30'000, 0, tensor.shape, strides);
  }
  return Dict(items + more);
}

fs::path WritePickle(const fs::path& file, const std::string& pickle) {
  ZipWriter zip(file);
  zip.Add("x/data.pkl", "\x80\x02" + pickle + ".");
  zip.Add("x/data/0", std::string(120'000, '\0'));
  zip.Finish();
  return file;
}

std::string NetworkIn(const WeightsHeader& header) {
  const auto layout = FindLayout(header.tensors);
  return layout && NamesOf(header.tensors) == NamesOf(Network()) ? layout->Describe() : "another";
}

std::string RefusalOf(const fs::path& name) {
  try {
    ReadWeightsHeader(name);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    return error.what();
  }
  return "accepted";
}

TEST(WrappedFiles, TheStateDictIsFoundUnderAnyKey) {
  const test::TemporaryFolder folder;
  const std::string state = StateOf(Under("module."));
  const auto read = [&](const std::string& pickle) {
    return ReadWeightsHeader(WritePickle(folder / "a.pth", pickle));
  };
  for (const char* key : {"state_dict", "model_state", "net", "weights", "ema", "anything else"}) {
    const WeightsHeader header = read(Dict(Text("epoch") + "K\3" + Text(key) + state));
    EXPECT_EQ(NetworkIn(header), kNetwork) << key;
    EXPECT_THAT(header.wrapper,
                AllOf(HasSubstr(std::string("its entry ") + key), HasSubstr("prefix module. is")));
    EXPECT_EQ(header.notes.at("epoch"), "3");
  }
  EXPECT_EQ(NetworkIn(read(Dict(Text("a") + Dict(Text("b") + state)))), kNetwork);
  EXPECT_EQ(NetworkIn(read("K\3" + state + "\x86")), kNetwork);  // a tuple
  // The entry with a known network is taken, not the entry with a usual name.
  const std::string odd = Dict(Text("mean") + test::Tensor(30'000, 0, {3}, {1}));
  EXPECT_EQ(NetworkIn(read(Dict(Text("state_dict") + odd + Text("x") + state))), kNetwork);
}

TEST(WrappedFiles, OfSeveralOneIsTakenAndTheOthersAreSaid) {
  const test::TemporaryFolder folder;
  const fs::path file = WritePickle(
      folder / "a.pth", Dict(Text("ema") + StateOf(Under("module.")) + Text("model") +
                             StateOf(Network()) + Text("optimizer") + Dict(Text("lr") + "K\1")));
  EXPECT_THAT(ReadWeightsHeader(file).wrapper,
              AllOf(HasSubstr("its entry model"), HasSubstr(file.string() + ":ema"),
                    Not(HasSubstr("optimizer"))));
  for (const char* key : {":ema", ":ema.module"}) {
    const WeightsHeader ema = ReadWeightsHeader(file.string() + key);
    EXPECT_EQ(NetworkIn(ema), kNetwork);
    EXPECT_THAT(ema.wrapper, AllOf(HasSubstr("its entry ema"), HasSubstr(":model")));
    EXPECT_EQ(ema.stored_names[0], "module.conv1.weight");
  }
  EXPECT_THAT(RefusalOf(file.string() + ":swa"),
              AllOf(HasSubstr("no weights swa"), HasSubstr("ema"), HasSubstr("model")));
  // Two networks with different prefixes are in the same dict, in both formats.
  std::vector<SafetensorsEntry> entries;
  for (const char* prefix : {"student.", "teacher."}) {
    for (const TensorHeader& tensor : Under(prefix)) {
      entries.push_back({tensor.name, tensor.type, tensor.shape});
    }
  }
  const std::vector<float> values(30'000);
  WriteSafetensors(folder / "b.safetensors", {entries, {}}, [&](size_t) { return values.data(); });
  WritePth(folder / "b.pth", entries, [&](size_t) { return values.data(); });
  for (const char* name : {"b.safetensors", "b.pth"}) {
    EXPECT_THAT(ReadWeightsHeader(folder / name).wrapper,
                AllOf(HasSubstr("prefix student."), HasSubstr(":teacher")));
    const WeightsHeader teacher = ReadWeightsHeader((folder / name).string() + ":teacher");
    EXPECT_EQ(NetworkIn(teacher), kNetwork);
    EXPECT_EQ(teacher.stored_names[0], "teacher.conv1.weight");
  }
  // A file's own name may end in ":teacher".
  fs::rename(folder / "b.pth", folder / "b.pth:teacher");
  EXPECT_THAT(ReadWeightsHeader(folder / "b.pth:teacher").wrapper, HasSubstr("prefix student."));
}

TEST(WrappedFiles, PlainThingsBesideTensorsArePassedOver) {
  const test::TemporaryFolder folder;
  const WeightsHeader header = ReadWeightsHeader(WritePickle(
      folder / "a.pth",
      StateOf(Network(), Text("epoch") + "K\7" + Text("_extra_state") + "N" + Text("n_averaged") +
                             test::Tensor(30'000, 0, {}, {}) + Text("log") + "]")));
  EXPECT_EQ(NetworkIn(header), kNetwork);
  EXPECT_THAT(header.wrapper, HasSubstr("epoch, _extra_state, log, n_averaged"));
}

TEST(WrappedFiles, ObjectsOfPythonMayStandBesideWeightsAndNotInThem) {
  const test::TemporaryFolder folder;
  for (const test::PythonObject& object : test::PythonObjects()) {
    const std::string where = object.name + "\n" + testing::PrintToString(object.pickle);
    const auto refusal = [&](const std::string& pickle) {
      return RefusalOf(WritePickle(folder / "a.pth", pickle));
    };
    const std::string beside = Text("beside") + object.pickle;
    for (const std::string& pickle :
         {Dict(beside + Text("model") + StateOf(Network())),
          Dict(Text("model") + StateOf(Network()) + Text("list") + "](" + object.pickle + "e"),
          StateOf(Network(), beside)}) {
      WritePickle(folder / "a.pth", pickle);
      EXPECT_EQ(NetworkIn(ReadWeightsHeader(folder / "a.pth")), kNetwork) << where;
    }
    if (object.name.empty()) {
      continue;  // plain data
    }
    const auto is_named =
        AllOf(HasSubstr("Python object " + object.name), HasSubstr("nothing of it was run"));
    EXPECT_THAT(refusal(object.pickle), is_named) << where;
    EXPECT_THAT(refusal(Dict(Text("a") + object.pickle)), is_named) << where;
    EXPECT_THAT(refusal(StateOf(Network(), Text("fc2.weight") + object.pickle)), is_named) << where;
    EXPECT_THAT(refusal(StateOf(Network(), object.pickle + "K\1")), is_named) << where;
    EXPECT_THAT(refusal(Dict(Text("model") + StateOf(Network(), beside))), is_named) << where;
    if (object.pickle[0] == 'c') {  // cut it behind the name
      const std::string cut = object.pickle.substr(0, object.pickle.find_last_of('\n') + 1) + "X";
      EXPECT_THAT(refusal(cut), HasSubstr("nothing of it was run")) << where;
    }
    // The object stands inside a tensor: in place of its storage, or of its data.
    const std::string rebuild = "ctorch._utils\n_rebuild_tensor_v2\n(";
    EXPECT_THAT(refusal(StateOf(Network(),
                                Text("x") + rebuild + object.pickle + "K\1K\1\x85K\1\x85\x89}tR")),
                is_named)
        << where;
    EXPECT_THAT(refusal(StateOf(Network(), Text("x") + "ctorch._utils\n_rebuild_parameter\n" +
                                               object.pickle + "\x89}\x87R")),
                is_named)
        << where;
  }
}

// tests/golden/make_pth_golden.py wrote these files. Beside the entry "net" they hold 15 kinds of
// objects, one of them a complex tensor.
TEST(WrappedFiles, PythonsOwnObjects) {
  for (const char* name : {"objects_zip.pth", "objects_protocol5.pth"}) {
    const WeightsHeader header = ReadWeightsHeader(test::SourceFolder() / "tests/golden" / name);
    EXPECT_EQ(header.tensors.size(), 12U) << name;
    EXPECT_EQ(header.notes.at("epoch"), "3") << name;
    EXPECT_THAT(header.wrapper, HasSubstr("its entry net")) << name;
  }
  EXPECT_THAT(RefusalOf((test::SourceFolder() / "tests/golden/objects_zip.pth:.").string()),
              HasSubstr("torch.ComplexFloatStorage"));
}

}  // namespace
}  // namespace reel3d

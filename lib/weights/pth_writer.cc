// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/pth_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "lib/base/error.h"
#include "lib/weights/plain_name.h"
#include "lib/weights/pth_types.h"
#include "lib/weights/zip_writer.h"

namespace reel3d {
namespace {

const PthType& TypeOf(const SafetensorsEntry& tensor) {
  const auto* const type =
      std::find_if(kPthTypes.begin(), kPthTypes.end(),
                   [&](const PthType& known) { return known.name == tensor.type; });
  if (type == kPthTypes.end()) {
    throw UsageError(
        fmt::format("tensor {} is of type {}, which .pth files lack: write "
                    ".safetensors instead",
                    tensor.name, tensor.type));
  }
  return *type;
}

// Builds a pickle of protocol 2; Python's pickletools.py explains the opcodes.
class Pickler {
 public:
  void Opcodes(std::string_view opcodes) { bytes_ += opcodes; }
  void Global(std::string_view module, std::string_view name) {
    bytes_ += fmt::format("c{}\n{}\n", module, name);
  }
  void Text(std::string_view text) {
    bytes_ += 'X';  // BINUNICODE
    Number(text.size(), 4);
    bytes_ += text;
  }
  void Integer(int64_t value) {
    if (value <= std::numeric_limits<int32_t>::max()) {
      bytes_ += 'J';  // BININT
      Number(static_cast<uint64_t>(value), 4);
    } else {
      bytes_ += "\x8a\x08";  // LONG1
      Number(static_cast<uint64_t>(value), 8);
    }
  }
  void Tuple(const std::vector<int64_t>& values) {
    bytes_ += '(';  // MARK
    for (const int64_t value : values) {
      Integer(value);
    }
    bytes_ += 't';  // TUPLE
  }
  void EmptyOrderedDict() {
    Global("collections", "OrderedDict");
    bytes_ += ")R";  // EMPTY_TUPLE, REDUCE
  }
  const std::string& bytes() const { return bytes_; }

 private:
  void Number(uint64_t value, int size_bytes) {
    for (int i = 0; i < size_bytes; ++i) {
      bytes_ += static_cast<char>(value >> (8 * i));
    }
  }

  std::string bytes_;
};

std::vector<int64_t> ContiguousStrides(const std::vector<int64_t>& shape) {
  std::vector<int64_t> strides(shape.size(), 1);
  for (size_t axis = shape.size(); axis > 1; --axis) {
    strides[axis - 2] = strides[axis - 1] * std::max<int64_t>(1, shape[axis - 1]);
  }
  return strides;
}

int64_t CountValues(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (const int64_t extent : shape) {
    count *= extent;
  }
  return count;
}

// Appends a call of _rebuild_tensor_v2(storage, offset, size, stride, requires_grad,
// backward_hooks).
void AppendTensor(Pickler* pickler, const SafetensorsEntry& tensor, size_t key) {
  pickler->Global("torch._utils", "_rebuild_tensor_v2");
  pickler->Opcodes("((");  // MARK of the arguments, MARK of the storage's description
  pickler->Text("storage");
  pickler->Global("torch", fmt::format("{}Storage", TypeOf(tensor).storage));
  pickler->Text(std::to_string(key));
  pickler->Text("cpu");
  pickler->Integer(CountValues(tensor.shape));
  pickler->Opcodes("tQ");  // TUPLE, BINPERSID
  pickler->Integer(0);
  pickler->Tuple(tensor.shape);
  pickler->Tuple(ContiguousStrides(tensor.shape));
  pickler->Opcodes("\x89");  // NEWFALSE
  pickler->EmptyOrderedDict();
  pickler->Opcodes("tR");  // TUPLE, REDUCE
}

// Throws a usage error on names that our own reader would refuse.
void RequirePlain(const std::string& name) {
  if (!IsPlainName(name)) {
    throw UsageError(fmt::format(
        "a tensor's name has more than {} characters or others than printable ASCII, which reel3d "
        "does not put into .pth files: write .safetensors instead",
        kMaxNameBytes));
  }
}

void AppendStateDict(Pickler* pickler, const std::vector<SafetensorsEntry>& tensors) {
  pickler->EmptyOrderedDict();
  pickler->Opcodes("(");  // MARK
  for (size_t i = 0; i < tensors.size(); ++i) {
    RequirePlain(tensors[i].name);
    pickler->Text(tensors[i].name);
    AppendTensor(pickler, tensors[i], i);
  }
  pickler->Opcodes("u");  // SETITEMS
}

std::string PickleOf(const std::vector<SafetensorsEntry>& tensors,
                     const std::optional<PthCheckpoint>& checkpoint) {
  Pickler pickler;
  pickler.Opcodes("\x80\x02");  // PROTO
  if (checkpoint) {
    pickler.Opcodes("}(");  // EMPTY_DICT, MARK
    pickler.Text("epoch");
    pickler.Integer(checkpoint->epoch);
    pickler.Text("arch");
    pickler.Text(checkpoint->arch);
    pickler.Text("state_dict");
  }
  AppendStateDict(&pickler, tensors);
  pickler.Opcodes(checkpoint ? "u." : ".");  // SETITEMS, STOP
  return pickler.bytes();
}

}  // namespace

void WritePth(const std::filesystem::path& file, const std::vector<SafetensorsEntry>& tensors,
              const std::function<const void*(size_t)>& bytes_of,
              const std::optional<PthCheckpoint>& checkpoint) {
  // This is the archive's folder. torch.save uses the file's name, but here that name is temporary.
  const std::string folder = "weights/";
  ZipWriter zip(file);
  zip.Add(folder + "data.pkl", PickleOf(tensors, checkpoint));
  zip.Add(folder + "byteorder", "little");
  for (size_t i = 0; i < tensors.size(); ++i) {
    const auto size_bytes =
        static_cast<uint64_t>(CountValues(tensors[i].shape)) * TypeOf(tensors[i]).size_bytes;
    zip.Add(fmt::format("{}data/{}", folder, i),
            {static_cast<const char*>(bytes_of(i)), size_bytes});
  }
  zip.Add(folder + "version", "3\n");
  zip.Finish();
}

}  // namespace reel3d

// Pieces from which tests make hostile .pth files, and functions that return a file's refusal.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "lib/base/error.h"
#include "lib/weights/pth.h"
#include "lib/weights/zip_writer.h"

namespace reel3d::test {

inline void Write(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

inline std::string Number(int64_t value, int size_bytes) {
  std::string bytes;
  for (int i = 0; i < size_bytes; ++i) {
    bytes += static_cast<char>(value >> (8 * i));
  }
  return bytes;
}

inline std::string Integer(int64_t value) { return "\x8a\x08" + Number(value, 8); }

inline std::string Text(const std::string& text) {
  return "X" + Number(static_cast<int64_t>(text.size()), 4) + text;
}

inline std::string Tuple(const std::vector<int64_t>& values) {
  std::string bytes = "(";
  for (const int64_t value : values) {
    bytes += Integer(value);
  }
  return bytes + "t";
}

// Returns the pickle of a tensor: a view into storage 0, which has `num_stored` float values.
inline std::string Tensor(int64_t num_stored, int64_t first, const std::vector<int64_t>& shape,
                          const std::vector<int64_t>& strides) {
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + Text("storage") + "ctorch\nFloatStorage\n" +
         Text("0") + Text("cpu") + Integer(num_stored) + "tQ" + Integer(first) + Tuple(shape) +
         Tuple(strides) + "\x89)tR";
}

inline std::string Dict(const std::string& items) { return "}(" + items + "u"; }

// A Python object that checkpoints hold beside their weights, as Python pickles it.
struct PythonObject {
  std::string name;  // named in the refusal; empty: plain data, which is accepted
  std::string pickle;
};

inline std::vector<PythonObject> PythonObjects() {
  const std::string zero = "K" + std::string(1, '\0');
  const std::string dtype = "cnumpy\ndtype\n" + Text("f8") + "\x89\x88\x87R(K\3" + Text("<") +
                            "NNN" + Integer(-1) + Integer(-1) + zero + "tb";
  const std::string bytes = "c_codecs\nencode\n" + Text("12345678") + Text("latin1") + "\x86R";
  return {
      {"argparse.Namespace", "cargparse\nNamespace\n)\x81}(" + Text("lr") + "G" +
                                 std::string(8, '\x3f') + Text("data") + "cpathlib\nPosixPath\n(" +
                                 Text("/") + Text("data") + "tRub"},
      {"numpy._core.multiarray.scalar",
       "cnumpy._core.multiarray\nscalar\n" + dtype + bytes + "\x86R"},
      {"numpy._core.multiarray._reconstruct",
       "cnumpy._core.multiarray\n_reconstruct\ncnumpy\nndarray\n" + zero + "\x85" + bytes +
           "\x87R(K\1K\1\x85" + dtype + "\x89" + bytes + "tb"},
      {"torch.device", "ctorch\ndevice\n" + Text("cpu") + "\x85R"},
      {"torch.float32", "ctorch\nfloat32\n"},
      {"__builtin__.set", "c__builtin__\nset\n](K\1K\2e\x85R"},
      {"builtins.set", "\x8f(K\1K\2\x90"},  // this and the next in protocol 4
      {"builtins.frozenset", "(K\1K\2\x91"},
      {"collections.defaultdict",
       "ccollections\ndefaultdict\nc__builtin__\nlist\n\x85R" + Text("a") + "]s"},
      {"collections.deque", "ccollections\ndeque\n)R(K\1K\2e"},
      {"datetime.datetime", "cdatetime\ndatetime\n" + bytes + "\x85R"},
      {"functools.partial", "cfunctools\npartial\ncmodels\nact\n\x85R(cmodels\nact\n)}Nt\x62"},
      {"models.Colour", "cmodels\nColour\nK\1\x85R"},  // an enum
      {"models.Config", "cmodels\nConfig\n)}" + Text("a") + "K\1s\x92}b"},
      {"models.AttrDict", "cmodels\nAttrDict\n)R" + Text("b") + "K\2s}b"},
      {"models.Old", "(cmodels\nOld\nK\1o}b"},  // this and the next from Python 2
      {"models.Old", "(K\1imodels\nOld\n}b"},
      {"posix.system", "cposix\nsystem\n" + Text("exit") + "\x85R"},
      {"", "\x96" + Number(3, 8) + "abc"},  // a bytearray
      {"", "I140735340871680\n"},           // the address of a parameter, in Python 2
      {"", "(K\1K\2\x31N0N"},               // values that the pickler takes back
  };
}

// Writes an archive with this pickle, and four float values as storage 0.
inline void WriteZip(const std::filesystem::path& file, const std::string& pickle) {
  ZipWriter zip(file);
  zip.Add("x/data.pkl", "\x80\x02" + pickle + ".");
  zip.Add("x/data/0", std::string(16, '\0'));
  zip.Finish();
}

inline std::string Refusal(const std::filesystem::path& file) {
  try {
    const PthReader reader(file);
    for (const PthTensor& tensor : reader.header().tensors) {
      std::string bytes(reader.StorageBytes(tensor.storage), '\0');
      reader.ReadStorage(tensor.storage, bytes.data());
    }
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput) << error.what();
    EXPECT_THAT(error.what(), testing::HasSubstr(file.string()));
    EXPECT_THAT(error.what(), testing::Not(testing::HasSubstr("\n")));
    EXPECT_LT(std::string(error.what()).size(), 500U);
    return error.what();
  }
  return "accepted";
}

}  // namespace reel3d::test

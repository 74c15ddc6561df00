// The pieces of which tests make .pth files that mean harm, and what is said of one.
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
#include "lib/model/pth.h"
#include "lib/model/zip_writer.h"

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

// A view into storage 0, of `num_stored` float values.
inline std::string Tensor(int64_t num_stored, int64_t first, const std::vector<int64_t>& shape,
                          const std::vector<int64_t>& strides) {
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + Text("storage") + "ctorch\nFloatStorage\n" +
         Text("0") + Text("cpu") + Integer(num_stored) + "tQ" + Integer(first) + Tuple(shape) +
         Tuple(strides) + "\x89)tR";
}

inline std::string Dict(const std::string& items) { return "}(" + items + "u"; }

// Of a pickle, and four float values as storage 0.
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

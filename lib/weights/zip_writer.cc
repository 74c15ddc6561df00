// Formats: PKWARE's APPNOTE.TXT, sections 4.3.7, 4.3.12 and 4.3.16.
// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/zip_writer.h"

#include <cerrno>
#include <utility>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/weights/zip_format.h"

namespace reel3d {
namespace {

constexpr uint64_t kAlignment = 64;
constexpr uint64_t kExtraHeaderBytes = 4;
constexpr uint64_t kMaxBytes = 0xffffffff;
constexpr uint64_t kMaxFiles = 0xfffe;
constexpr uint64_t kReservedBytes = uint64_t{1} << 20;  // for headers
constexpr uint64_t kFirstOfJanuary1980 = 0x21;

// Appends little-endian fields of 2 and 4 bytes.
void Append(std::string* bytes, std::initializer_list<std::pair<int, uint64_t>> fields) {
  for (const auto& [size_bytes, value] : fields) {
    for (int i = 0; i < size_bytes; ++i) {
      *bytes += static_cast<char>(value >> (8 * i));
    }
  }
}

// Appends the part that the local and the central header have in common.
void AppendDescription(std::string* bytes, uint32_t crc, uint64_t size_bytes, uint64_t name_bytes) {
  Append(bytes, {{2, 20},  // version 2.0 is enough
                 {2, 0},
                 {2, 0},  // stored
                 {2, 0},
                 {2, kFirstOfJanuary1980},
                 {4, crc},
                 {4, size_bytes},
                 {4, size_bytes},
                 {2, name_bytes}});
}

}  // namespace

ZipWriter::ZipWriter(std::filesystem::path archive)
    : path_(std::move(archive)), file_(std::fopen(path_.c_str(), "wb"), &std::fclose) {
  if (!file_) {
    throw WriteError("cannot open " + path_.string(), errno);
  }
}

void ZipWriter::Write(std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size()) {
    throw WriteError("cannot write " + path_.string(), errno);
  }
  position_ += bytes.size();
}

void ZipWriter::Add(const std::string& name, std::string_view bytes) {
  if (position_ + bytes.size() + directory_.size() > kMaxBytes - kReservedBytes ||
      num_files_ == kMaxFiles) {
    throw UsageError(path_.string() +
                     ": more than 4 GB or 65,534 tensors: write .safetensors instead");
  }
  const uint32_t crc = Crc32(bytes.data(), bytes.size());
  const uint64_t unpadded = position_ + kZipLocalHeaderBytes + name.size() + kExtraHeaderBytes;
  const uint64_t padding = (kAlignment - unpadded % kAlignment) % kAlignment;

  directory_ += "PK\1\2";
  Append(&directory_, {{2, 20}});
  AppendDescription(&directory_, crc, bytes.size(), name.size());
  Append(&directory_, {{2, 0}, {2, 0}, {2, 0}, {2, 0}, {4, 0}, {4, position_}});
  directory_ += name;
  ++num_files_;

  std::string header = "PK\3\4";
  AppendDescription(&header, crc, bytes.size(), name.size());
  Append(&header, {{2, kExtraHeaderBytes + padding}});
  header += name + "FB";  // torch's own mark of a padding
  Append(&header, {{2, padding}});
  header.append(padding, 'Z');
  Write(header);
  Write(bytes);
}

void ZipWriter::Finish() {
  const uint64_t offset = position_;
  Write(directory_);
  std::string end = "PK\5\6";
  Append(&end, {{2, 0},
                {2, 0},
                {2, num_files_},
                {2, num_files_},
                {4, directory_.size()},
                {4, offset},
                {2, 0}});
  Write(end);
  if (std::fclose(file_.release()) != 0) {
    throw WriteError("cannot write " + path_.string(), errno);
  }
}

}  // namespace reel3d

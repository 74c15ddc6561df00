// SPDX-License-Identifier: Apache-2.0
#include "lib/weights/safetensors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <set>
#include <string_view>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/weights/tensor_shape.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

using Json = nlohmann::ordered_json;
using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

constexpr const char* kMetadata = "__metadata__";
constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // as in the format's own reader
constexpr size_t kMaxTensors = 100'000;
constexpr size_t kMaxHeaderValues = 20 * kMaxTensors;  // in all its lists and objects
constexpr size_t kLengthBytes = 8;

const std::map<std::string, uint64_t>& TypeBytes() {
  static const std::map<std::string, uint64_t> bytes = {
      {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1},
      {"U16", 2},  {"I16", 2}, {"F16", 2}, {"BF16", 2},    {"U32", 4},
      {"I32", 4},  {"F32", 4}, {"U64", 8}, {"I64", 8},     {"F64", 8}};
  return bytes;
}

Error MalformedSafetensors(const fs::path& file, const std::string& why) {
  return InputError(fmt::format("{}: not a sound safetensors file: {}", file.string(), why));
}

File Open(const fs::path& file, const char* mode) {
  File handle(std::fopen(file.c_str(), mode), &std::fclose);
  if (!handle) {
    const std::string what = "cannot open " + file.string();
    throw *mode == 'r' ? ReadError(what, errno) : WriteError(what, errno);
  }
  return handle;
}

void ReadExactly(const fs::path& file, std::FILE* handle, void* bytes, size_t size_bytes) {
  if (std::fread(bytes, 1, size_bytes, handle) != size_bytes) {
    throw std::ferror(handle) != 0 ? ReadError("cannot read " + file.string(), errno)
                                   : MalformedSafetensors(file, "it ends early");
  }
}

void WriteExactly(const fs::path& file, std::FILE* handle, const void* bytes, size_t size_bytes) {
  if (std::fwrite(bytes, 1, size_bytes, handle) != size_bytes) {
    throw WriteError("cannot write " + file.string(), errno);
  }
}

// Returns the header's length, which the file stores before the header, little-endian on every
// machine.
uint64_t DecodeLength(const std::array<unsigned char, kLengthBytes>& bytes) {
  uint64_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    length |= uint64_t{bytes[i]} << (8 * i);
  }
  return length;
}

std::array<unsigned char, kLengthBytes> EncodeLength(uint64_t length) {
  std::array<unsigned char, kLengthBytes> bytes{};
  for (size_t i = 0; i < kLengthBytes; ++i) {
    bytes[i] = static_cast<unsigned char>(length >> (8 * i));
  }
  return bytes;
}

// A header is a JSON object of objects of arrays. Deeper nesting is refused while parsing, before
// it costs memory. Names that occur twice are refused, too, because the JSON object would silently
// keep only one of them.
nlohmann::json ParseHeader(const fs::path& file, const std::string& text) {
  std::set<std::string> names;
  size_t num_values = 0;
  std::string trouble;
  using Json = nlohmann::json;  // unlike ordered_json, finds a name without a search of all
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth >= 3 &&
        (event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start)) {
      trouble = "its header nests too deep";
    } else if (depth == 1 && event == Json::parse_event_t::key &&
               !names.insert(parsed.get<std::string>()).second) {
      trouble = "its header names " + parsed.dump() + " twice";
    } else if (names.size() > kMaxTensors || ++num_values > kMaxHeaderValues) {
      trouble = "its header describes more than any weights";
    }
    return trouble.empty();
  };
  Json header = Json::parse(text, watch, /*allow_exceptions=*/false);
  if (!trouble.empty() || !header.is_object()) {
    throw MalformedSafetensors(file, trouble.empty() ? "its header is not JSON" : trouble);
  }
  return header;
}

// Returns the list `key` of `tensor` if it has at most `max_size` numbers, which must be whole and
// not negative; nothing for other values.
std::optional<std::vector<int64_t>> Counts(const nlohmann::json& tensor, const char* key,
                                           size_t max_size) {
  const auto list = tensor.find(key);
  if (list == tensor.end() || !list->is_array() || list->size() > max_size) {
    return std::nullopt;
  }
  std::vector<int64_t> counts;
  for (const auto& value : *list) {
    if (!value.is_number_unsigned() ||
        value.get<uint64_t>() > uint64_t{std::numeric_limits<int64_t>::max()}) {
      return std::nullopt;
    }
    counts.push_back(value.get<int64_t>());
  }
  return counts;
}

// Returns the size of a tensor in bytes; nothing if it is beyond 64 bits.
std::optional<uint64_t> SizeBytes(const std::vector<int64_t>& shape, uint64_t type_bytes) {
  uint64_t size_bytes = type_bytes;
  for (const int64_t count : shape) {
    if (__builtin_mul_overflow(size_bytes, static_cast<uint64_t>(count), &size_bytes)) {
      return std::nullopt;
    }
  }
  return size_bytes;
}

SafetensorsEntry ParseEntry(const fs::path& file, const std::string& name,
                            const nlohmann::json& tensor) {
  const std::string where = "tensor " + Json(name).dump();
  if (std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < ' ' || c == 127; })) {
    throw MalformedSafetensors(file, where + " has a control character in its name");
  }
  if (!tensor.is_object() || !tensor.contains("dtype") || !tensor["dtype"].is_string()) {
    throw MalformedSafetensors(file, where + " has no type");
  }
  const auto type = TypeBytes().find(tensor["dtype"].get<std::string>());
  if (type == TypeBytes().end()) {
    throw MalformedSafetensors(file, where + " is of unknown type " + tensor["dtype"].dump());
  }
  const auto shape = Counts(tensor, "shape", kMaxDimensions);
  const auto offsets = Counts(tensor, "data_offsets", 2);
  if (!shape || !IsAddressable(*shape) || !offsets || offsets->size() != 2 ||
      offsets->at(1) < offsets->at(0)) {
    throw MalformedSafetensors(file, where + " has no shape or no offsets that make sense");
  }
  const auto size_bytes = static_cast<uint64_t>(offsets->at(1) - offsets->at(0));
  if (SizeBytes(*shape, type->second) != size_bytes) {
    throw MalformedSafetensors(file,
                               fmt::format("{} is of shape ({}) in {}, but of {} bytes", where,
                                           fmt::join(*shape, ", "), type->first, size_bytes));
  }
  return {name, type->first, *shape, size_bytes, static_cast<uint64_t>(offsets->at(0))};
}

std::map<std::string, std::string> ParseMetadata(const fs::path& file,
                                                 const nlohmann::json& object) {
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : object.items()) {
    if (!value.is_string()) {
      throw MalformedSafetensors(file, "its metadata are not texts");
    }
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

// Returns the text of one member of a JSON object.
std::string Member(const std::string& name, const Json& value) {
  return Json(name).dump() + ":" + value.dump();
}

// Throws unless the entries follow each other without gaps from byte 0 to `data_bytes`.
void CheckCoverage(const fs::path& file, const SafetensorsHeader& header, uint64_t data_bytes) {
  uint64_t end = 0;
  for (const SafetensorsEntry& entry : header.entries) {
    if (entry.offset != end) {
      throw MalformedSafetensors(
          file, fmt::format("tensor {} begins at byte {}, the one before ends at {}", entry.name,
                            entry.offset, end));
    }
    end += entry.size_bytes;
  }
  if (end != data_bytes) {
    throw MalformedSafetensors(
        file, fmt::format("its tensors are of {} bytes, and it holds {}", end, data_bytes));
  }
}

}  // namespace

SafetensorsReader::SafetensorsReader(fs::path file) : path_(std::move(file)), file_(nullptr, {}) {
  RequireFile(path_, "a safetensors file");
  file_ = Open(path_, "rb");
  const uint64_t file_bytes = fs::file_size(path_);
  std::array<unsigned char, kLengthBytes> length_bytes{};
  ReadExactly(path_, file_.get(), length_bytes.data(), kLengthBytes);
  const uint64_t header_bytes = DecodeLength(length_bytes);
  if (header_bytes > kMaxHeaderBytes || header_bytes > file_bytes - kLengthBytes) {
    throw MalformedSafetensors(path_,
                               fmt::format("a header of {} bytes does not fit", header_bytes));
  }
  std::string text(header_bytes, '\0');
  ReadExactly(path_, file_.get(), text.data(), text.size());
  const nlohmann::json header = ParseHeader(path_, text);
  for (const auto& [name, value] : header.items()) {
    if (name == kMetadata) {
      header_.metadata = ParseMetadata(path_, value);
    } else {
      header_.entries.push_back(ParseEntry(path_, name, value));
    }
  }
  // The order is also by size, because an empty tensor comes before the tensor that begins at the
  // same byte.
  std::sort(header_.entries.begin(), header_.entries.end(), [](const auto& a, const auto& b) {
    return std::tie(a.offset, a.size_bytes) < std::tie(b.offset, b.size_bytes);
  });
  first_byte_ = kLengthBytes + header_bytes;
  CheckCoverage(path_, header_, file_bytes - first_byte_);
}

void SafetensorsReader::Read(const SafetensorsEntry& entry, void* bytes) {
  if (fseeko(file_.get(), static_cast<off_t>(first_byte_ + entry.offset), SEEK_SET) != 0) {
    throw ReadError("cannot read " + path_.string(), errno);
  }
  ReadExactly(path_, file_.get(), bytes, entry.size_bytes);
}

void WriteSafetensors(const fs::path& file, const SafetensorsHeader& header,
                      const std::function<const void*(size_t)>& bytes_of) {
  std::vector<size_t> order(header.entries.size());
  std::iota(order.begin(), order.end(), 0);
  const auto type_bytes = [&](size_t index) { return TypeBytes().at(header.entries[index].type); };
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return type_bytes(a) > type_bytes(b); });
  // The text is composed by hand, because an ordered JSON object compares each new name with all
  // others.
  std::vector<std::string> members;
  if (!header.metadata.empty()) {
    members.push_back(Member(kMetadata, header.metadata));
  }
  std::set<std::string_view> names;
  std::vector<uint64_t> sizes_bytes;
  uint64_t end = 0;
  for (const size_t index : order) {
    const SafetensorsEntry& entry = header.entries[index];
    if (entry.name == kMetadata) {
      throw UsageError(fmt::format(
          "a tensor is named {}, which .safetensors files keep for themselves: write .pth instead",
          kMetadata));
    }
    REEL3D_CHECK(names.insert(entry.name).second);
    sizes_bytes.push_back(SizeBytes(entry.shape, type_bytes(index)).value());
    members.push_back(Member(entry.name, {{"dtype", entry.type},
                                          {"shape", entry.shape},
                                          {"data_offsets", {end, end + sizes_bytes.back()}}}));
    end += sizes_bytes.back();
  }
  std::string text = fmt::format("{{{}}}", fmt::join(members, ","));
  text.append((8 - text.size() % 8) % 8, ' ');  // the tensors begin aligned

  File handle = Open(file, "wb");
  WriteExactly(file, handle.get(), EncodeLength(text.size()).data(), kLengthBytes);
  WriteExactly(file, handle.get(), text.data(), text.size());
  for (size_t i = 0; i < order.size(); ++i) {
    WriteExactly(file, handle.get(), bytes_of(order[i]), sizes_bytes[i]);
  }
  if (std::fclose(handle.release()) != 0) {
    throw WriteError("cannot write " + file.string(), errno);
  }
}

}  // namespace reel3d

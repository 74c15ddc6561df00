// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/run_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <sstream>
#include <string_view>

#include "lib/base/error.h"
#include "lib/base/json.h"

namespace reel3d {
namespace fs = std::filesystem;

using Json = nlohmann::ordered_json;

namespace {

double Seconds(const timespec& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// A regular file that is open for reading.
class OpenFile {
 public:
  // A pipe would block the opening without O_NONBLOCK.
  explicit OpenFile(const fs::path& file)
      : descriptor_(open(file.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)) {
    struct stat status {};
    if (descriptor_ >= 0 && fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode)) {
      size_bytes_ = static_cast<size_t>(status.st_size);
    }
  }
  ~OpenFile() {
    if (descriptor_ >= 0) {
      close(descriptor_);
    }
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  // Is 0 also for what is no regular file.
  size_t size_bytes() const { return size_bytes_; }

  // Returns fewer bytes if the file has become shorter meanwhile, or cannot be read.
  std::string Read(size_t begin, size_t count) const {
    std::string bytes(count, '\0');
    size_t done = 0;
    while (done < count) {
      const ssize_t now =
          pread(descriptor_, bytes.data() + done, count - done, static_cast<off_t>(begin + done));
      if (now <= 0) {
        break;
      }
      done += static_cast<size_t>(now);
    }
    bytes.resize(done);
    return bytes;
  }

 private:
  int descriptor_;
  size_t size_bytes_ = 0;
};

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  const size_t end = text.find_last_not_of(" \t\r");
  return begin == std::string_view::npos ? "" : text.substr(begin, end - begin + 1);
}

// Returns field number `column` of a line, from 0.
std::string_view Field(std::string_view line, size_t column) {
  for (; column > 0; --column) {
    const size_t tab = line.find('\t');
    if (tab == std::string_view::npos) {
      return {};
    }
    line.remove_prefix(tab + 1);
  }
  return line.substr(0, line.find('\t'));
}

std::optional<size_t> ColumnNamed(std::string_view header, const std::string& name) {
  const auto num_columns = static_cast<size_t>(std::count(header.begin(), header.end(), '\t')) + 1;
  for (size_t column = 0; column < num_columns; ++column) {
    if (Trimmed(Field(header, column)) == name) {
      return column;
    }
  }
  return std::nullopt;
}

// Calls `use` with the beginning of each line, so that a file of one endless line costs no memory.
void ForEachLine(const fs::path& file, const std::function<void(const std::string&)>& use) {
  constexpr size_t kBlock = size_t{1} << 20, kMostOfLine = size_t{1} << 16;
  const OpenFile open_file(file);
  std::string line, block;
  bool has_begun = false;
  for (size_t begin = 0; begin < open_file.size_bytes(); begin += block.size()) {
    block = open_file.Read(begin, std::min(kBlock, open_file.size_bytes() - begin));
    if (block.empty()) {
      break;  // the file has become shorter
    }
    for (size_t place = 0; place < block.size();) {
      const size_t end = std::min(block.find('\n', place), block.size());
      line.append(block, place, std::min(end - place, kMostOfLine - line.size()));
      has_begun = end == block.size();
      if (!has_begun) {
        use(line);
        line.clear();
      }
      place = end + 1;
    }
  }
  if (has_begun) {
    use(line);
  }
}

std::optional<int64_t> CountRows(const fs::path& table, const std::string& column,
                                 const std::string& value) {
  std::optional<size_t> place;
  bool is_header = true;
  int64_t count = 0;
  ForEachLine(table, [&](const std::string& line) {
    if (is_header) {
      place = column.empty() ? 0 : ColumnNamed(line, column);
      is_header = false;
    } else if (place && !line.empty() && (column.empty() || Field(line, *place) == value)) {
      ++count;
    }
  });
  return is_header ? std::nullopt : std::optional(count);
}

}  // namespace

std::optional<double> ChangedAt(const fs::path& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) {
    return std::nullopt;
  }
  return Seconds(status.st_mtim);
}

std::string ReadIfThere(const fs::path& file, size_t max_bytes) {
  const OpenFile open_file(file);
  const size_t size_bytes = open_file.size_bytes();
  return size_bytes > max_bytes ? "" : open_file.Read(0, size_bytes);
}

std::string ReadHead(const fs::path& file, size_t max_bytes) {
  const OpenFile open_file(file);
  return open_file.Read(0, std::min(max_bytes, open_file.size_bytes()));
}

Json ReadJsonIfThere(const fs::path& file, size_t max_bytes) {
  const std::string text = ReadIfThere(file, max_bytes);
  try {
    return text.empty() ? Json::object() : ParseJsonObject(text, file.string());
  } catch (const Error&) {
    return Json::object();  // half written, or damaged
  }
}

std::string ReadTail(const fs::path& file, size_t max_bytes) {
  const OpenFile open_file(file);
  const size_t size_bytes = open_file.size_bytes();
  const bool is_cut = size_bytes > max_bytes;
  std::string text =
      is_cut ? open_file.Read(size_bytes - max_bytes, max_bytes) : open_file.Read(0, size_bytes);
  const size_t end = text.rfind('\n');
  const size_t begin = is_cut ? text.find('\n') : std::string::npos;
  if (end == std::string::npos || (is_cut && begin == end)) {
    return "";
  }
  return text.substr(is_cut ? begin + 1 : 0, is_cut ? end - begin : end + 1);
}

std::vector<Json> LastJsonLines(const fs::path& file, size_t count) {
  constexpr size_t kFirst = size_t{1} << 16;
  constexpr size_t kMost = size_t{1} << 24;
  std::vector<Json> lines;
  for (size_t max_bytes = kFirst; max_bytes <= kMost; max_bytes *= 16) {
    lines.clear();
    const std::string tail = ReadTail(file, max_bytes);
    std::istringstream text(tail);
    for (std::string line; std::getline(text, line);) {
      Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
      if (json.is_object()) {
        lines.push_back(std::move(json));
      }
    }
    if (lines.size() >= count || OpenFile(file).size_bytes() <= max_bytes) {
      break;
    }
  }
  lines.erase(lines.begin(),
              lines.end() - static_cast<std::ptrdiff_t>(std::min(count, lines.size())));
  return lines;
}

std::string SettingIn(const std::string& config, const std::string& key) {
  std::istringstream text(config);
  for (std::string line; std::getline(text, line);) {
    const size_t equals = line.find('=');
    if (equals != std::string::npos && Trimmed(std::string_view(line).substr(0, equals)) == key) {
      return std::string(Trimmed(std::string_view(line).substr(equals + 1)));
    }
  }
  return "";
}

std::optional<int64_t> IntegerWithin(const std::string& config, const std::string& key, int64_t low,
                                     int64_t high) {
  const std::string text = SettingIn(config, key);
  int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return read.ec == std::errc() && value >= low && value <= high ? std::optional(value)
                                                                 : std::nullopt;
}

std::optional<double> NumberWithin(const Json& json, const char* key, double low, double high) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number()) {
    return std::nullopt;
  }
  const auto value = found->get<double>();
  return value >= low && value <= high ? std::optional(value) : std::nullopt;
}

std::optional<int64_t> RowCounter::Count(const fs::path& table, const std::string& column,
                                         const std::string& value) {
  const std::optional<double> changed_s = ChangedAt(table);
  std::error_code error;
  if (!changed_s || !fs::is_regular_file(table, error)) {
    return std::nullopt;
  }
  const std::string key = table.string() + '\n' + column + '\n' + value;
  const auto known = counted_.find(key);
  if (known != counted_.end() && known->second.changed_s == *changed_s) {
    return known->second.num_rows;
  }
  const std::optional<int64_t> num_rows = CountRows(table, column, value);
  if (num_rows) {
    counted_[key] = {*changed_s, *num_rows};
  }
  return num_rows;
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "lib/data/other_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <vector>

#include "lib/data/names.h"

namespace reel3d {
namespace {

bool IsPicture(const std::string& extension) {
  static const std::set<std::string> pictures = {"avif", "bmp", "cr2",  "dng", "heic", "heif",
                                                 "jp2",  "jpe", "jpeg", "jpg", "nef",  "pgm",
                                                 "png",  "ppm", "tga",  "tif", "tiff", "webp"};
  return pictures.count(extension) != 0;
}

bool IsArchive(const std::string& extension) {
  static const std::set<std::string> archives = {"7z",  "bz2", "gz",  "rar", "tar",
                                                 "tgz", "xz",  "zip", "zst"};
  return archives.count(extension) != 0;
}

// Returns true for extensions that no video has. No advice is given to read such files as videos.
bool IsNoVideo(const std::string& extension) {
  static const std::set<std::string> others = {
      "ass",  "cfg", "csv",  "db",  "doc",  "docx", "h5",   "hdf5", "html", "ini",
      "json", "log", "mat",  "md",  "npy",  "npz",  "part", "pdf",  "pkl",  "pth",
      "pt",   "py",  "rtf",  "sh",  "srt",  "sub",  "toml", "tsv",  "txt",  "url",
      "vtt",  "xls", "xlsx", "xml", "yaml", "yml",  "?",    ""};
  return others.count(extension) != 0 || IsPicture(extension) || IsArchive(extension);
}

// Returns true if `extension` can stand in the option --extensions, a list with commas.
bool CanBeNamed(const std::string& extension) {
  return std::all_of(extension.begin(), extension.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
}

}  // namespace

std::string ListExtensions(const ExtensionCounts& counts) {
  std::vector<std::string> parts;
  for (const auto& [extension, count] : counts) {
    parts.push_back(
        fmt::format("{} {}", count, extension.empty() ? "without extension" : "." + extension));
  }
  return NameSome(parts, parts.size());
}

std::string AdviceOnExtensions(const ExtensionCounts& counts) {
  std::vector<std::string> pictures;
  std::vector<std::string> archives;
  std::vector<std::string> takeable;
  for (const auto& [extension, count] : counts) {
    if (IsPicture(extension)) {
      pictures.push_back("." + extension);
    } else if (IsArchive(extension)) {
      archives.push_back("." + extension);
    } else if (!IsNoVideo(extension) && CanBeNamed(extension)) {
      takeable.push_back(extension);
    }
  }
  std::vector<std::string> advice;
  if (!takeable.empty()) {
    std::string list;
    for (const std::string& extension : takeable) {
      list += (list.empty() ? "" : ",") + extension;
    }
    advice.push_back(fmt::format("--extensions {} takes them as videos", list));
  }
  if (!pictures.empty()) {
    advice.push_back(NameSome(pictures) +
                     " are pictures: the videos themselves are wanted, not their frames");
  }
  if (!archives.empty()) {
    advice.push_back("unpack " + NameSome(archives));
  }
  std::string text;
  for (const std::string& part : advice) {
    text += (text.empty() ? "" : "; ") + part;
  }
  return text;
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "tests/pipeline/annotated_folder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>

#include "lib/base/error.h"
#include "lib/data/manifest.h"
#include "lib/data/missing_files.h"

namespace reel3d::test {
namespace fs = std::filesystem;

AnnotatedFolder::AnnotatedFolder() {
  options.manifest = (folder / "out/videos.tsv").string();
  options.sources = {(folder / "videos").string()};
}

void AnnotatedFolder::Annotate(const std::string& name, const std::string& text) {
  const fs::path path = folder / ("annotations/" + name);
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
  annotations_.push_back(path.string());
}

void AnnotatedFolder::Touch(const std::vector<std::string>& names, const std::string& bytes) {
  for (const std::string& name : names) {
    const fs::path path = folder / ("videos/" + name);
    fs::create_directories(path.parent_path());
    std::ofstream(path) << bytes;
  }
}

ListVideosReport AnnotatedFolder::List() {
  options.annotated.annotations =
      by_folder ? std::vector<std::string>{(folder / "annotations").string()} : annotations_;
  return RunListVideos(options);
}

std::vector<std::string> AnnotatedFolder::Rows() const {
  const auto number = [](const std::optional<double>& value) {
    return value ? fmt::format("{}", *value) : "";
  };
  std::vector<std::string> rows;
  for (const VideoRow& row : ReadManifest(options.manifest).videos) {
    EXPECT_EQ(row.path.substr(0, 10), "../videos/");
    rows.push_back(fmt::format("{} | {} | {} | {} | {} | {}", row.id, row.path.substr(10),
                               row.label, SubsetName(row.subset), number(row.begin_s),
                               number(row.end_s)));
  }
  return rows;
}

std::vector<std::string> AnnotatedFolder::Missing() const {
  std::vector<std::string> rows;
  for (const MissingFile& row : ReadMissingFiles(options.manifest)) {
    rows.push_back(
        fmt::format("{} | {} | {} | {}", row.id, row.label, SubsetName(row.subset), row.reason));
  }
  return rows;
}

std::vector<std::string> AnnotatedFolder::Classes() const {
  return ReadClasses(folder / "out/classes.txt");
}

std::string AnnotatedFolder::Refusal() {
  try {
    List();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInput);
    EXPECT_FALSE(fs::exists(options.manifest));
    EXPECT_FALSE(fs::exists(folder / "out/classes.txt"));
    const std::string text = error.what();
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    return text;
  }
  return "";
}

}  // namespace reel3d::test

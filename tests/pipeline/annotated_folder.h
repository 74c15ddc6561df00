// A small data set in the layout of a published one: annotation files, and files of one byte as
// videos, because list-videos opens no video.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/stages/list_videos.h"
#include "tests/test_support.h"

namespace reel3d::test {

class AnnotatedFolder {
 public:
  AnnotatedFolder();

  // Writes an annotation file below `annotations`, and adds its name to the files for List().
  void Annotate(const std::string& name, const std::string& text);
  // Makes videos below `videos`.
  void Touch(const std::vector<std::string>& names, const std::string& bytes = "x");

  // Lists the videos by the annotation files, or by the folder that holds them if `by_folder`.
  ListVideosReport List();
  // Returns the rows of the manifest: "id | path below videos | label | subset | begin | end".
  std::vector<std::string> Rows() const;
  // Returns the rows of the table of missing videos: "id | label | subset | reason".
  std::vector<std::string> Missing() const;
  std::vector<std::string> Classes() const;
  // Lists the videos and returns the input error; "" if there is none.
  std::string Refusal();

  ListVideosOptions options;
  bool by_folder = false;
  TemporaryFolder folder;

 private:
  std::vector<std::string> annotations_;
};

}  // namespace reel3d::test

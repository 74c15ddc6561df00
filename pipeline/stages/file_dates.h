// Counts the files that a stage has made, and tells how fast it makes them from the dates of the
// files. The cost of looking again does not grow with the number of files: a folder that has not
// changed is not listed again, and dates are read of a sample only.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace reel3d {

// A file of the sample. It stands for `weight` files of its folder.
struct DatedFile {
  double changed_s = 0;  // seconds since 1970
  double size_bytes = 0;
  double weight = 1;
};

struct MadeFiles {
  int64_t count = 0;
  std::vector<DatedFile> sample;
  // The last change of one of the folders, or of a temporary file in them. 0: there is no folder.
  double changed_s = 0;

  // Returns about how many of the files were made after this moment.
  double CountSince(double begin_s) const;
  // Returns about how many bytes all files have.
  double SizeBytes() const;
};

class FolderLook {
 public:
  // Returns the files of `folder`, and of its sub-folders, whose names begin and end with these
  // texts and are not hidden. An absent folder has none.
  MadeFiles Look(const std::filesystem::path& folder, const std::string& beginning,
                 const std::string& ending);

 private:
  struct Listed {
    double changed_s = 0, looked_at_s = 0;
    int64_t count = 0;
    std::vector<DatedFile> sample;
    std::vector<std::string> temporaries;
    std::vector<std::string> folders;
  };
  const Listed& List(const std::filesystem::path& folder, double changed_s,
                     const std::string& beginning, const std::string& ending, size_t most_dates);
  void Add(const std::filesystem::path& folder, const std::string& beginning,
           const std::string& ending, int depth, MadeFiles* made);

  std::map<std::string, Listed> listed_;  // by folder
};

// Measures a rate from numbers that were seen at different moments of the last five minutes.
class RateMeter {
 public:
  // Notes that `done` items were done at `now_s`. A number that falls starts the measurement again.
  void Note(double now_s, double done);
  // Returns items per second; 0 if the moments are less than 15 s apart.
  double PerSecond() const;

 private:
  std::deque<std::pair<double, double>> seen_;  // moment, done
};

}  // namespace reel3d

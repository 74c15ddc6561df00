// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/file_dates.h"

#include <sys/stat.h>

#include <algorithm>

#include "lib/base/wall_clock.h"
#include "pipeline/stages/run_files.h"

namespace reel3d {
namespace fs = std::filesystem;
namespace {

constexpr size_t kSample = 256;         // files of a folder whose dates are read
constexpr size_t kSubfolderSample = 4;  // the same in each sub-folder, of which there are many
constexpr size_t kMostFolders = 4096;
constexpr size_t kMostTemporaries = 64;

bool HasEnds(const std::string& name, const std::string& beginning, const std::string& ending) {
  return name.size() >= beginning.size() + ending.size() && name.front() != '.' &&
         name.compare(0, beginning.size(), beginning) == 0 &&
         name.compare(name.size() - ending.size(), ending.size(), ending) == 0;
}

// Returns the files at equal distances in `names`. The order of a folder is not that of the dates.
std::vector<DatedFile> SampleOf(const fs::path& folder, const std::vector<std::string>& names,
                                size_t most) {
  std::vector<DatedFile> sample;
  const size_t count = std::min(most, names.size());
  for (size_t i = 0; i < count; ++i) {
    struct stat status {};
    if (stat((folder / names[i * names.size() / count]).c_str(), &status) == 0) {
      sample.push_back({static_cast<double>(status.st_mtim.tv_sec) +
                            static_cast<double>(status.st_mtim.tv_nsec) / 1e9,
                        static_cast<double>(status.st_size), 1});
    }
  }
  for (DatedFile& file : sample) {
    file.weight = static_cast<double>(names.size()) / static_cast<double>(sample.size());
  }
  return sample;
}

}  // namespace

double MadeFiles::CountSince(double begin_s) const {
  double count = 0;
  for (const DatedFile& file : sample) {
    count += file.changed_s > begin_s ? file.weight : 0;
  }
  return count;
}

double MadeFiles::SizeBytes() const {
  double size_bytes = 0;
  for (const DatedFile& file : sample) {
    size_bytes += file.weight * file.size_bytes;
  }
  return size_bytes;
}

const FolderLook::Listed& FolderLook::List(const fs::path& folder, double changed_s,
                                           const std::string& beginning, const std::string& ending,
                                           size_t most_dates) {
  constexpr double kClockTick_s = 2;  // a change so soon after another may leave the same date
  Listed& listed = listed_[folder.string()];
  if (listed.looked_at_s > 0 && listed.changed_s == changed_s &&
      listed.looked_at_s > changed_s + kClockTick_s) {
    return listed;
  }
  listed = {};
  listed.changed_s = changed_s;
  listed.looked_at_s = SecondsSince1970();
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    std::string name = entry->path().filename().string();
    std::error_code unknown;
    if (HasEnds(name, beginning, ending)) {
      names.push_back(std::move(name));
    } else if (name.front() == '.') {
      listed.temporaries.push_back(std::move(name));
    } else if (listed.folders.size() < kMostFolders && entry->is_directory(unknown)) {
      listed.folders.push_back(std::move(name));
    }
  }
  listed.temporaries.resize(std::min(listed.temporaries.size(), kMostTemporaries));
  listed.count = static_cast<int64_t>(names.size());
  listed.sample = SampleOf(folder, names, most_dates);
  return listed;
}

void FolderLook::Add(const fs::path& folder, const std::string& beginning,
                     const std::string& ending, int depth, MadeFiles* made) {
  const std::optional<double> changed_s = ChangedAt(folder);
  if (!changed_s) {
    return;
  }
  const Listed& listed =
      List(folder, *changed_s, beginning, ending, depth > 0 ? kSample : kSubfolderSample);
  made->count += listed.count;
  made->sample.insert(made->sample.end(), listed.sample.begin(), listed.sample.end());
  made->changed_s = std::max(made->changed_s, *changed_s);
  for (const std::string& name : listed.temporaries) {
    made->changed_s = std::max(made->changed_s, ChangedAt(folder / name).value_or(0));
  }
  for (const std::string& name : std::vector<std::string>(listed.folders)) {
    if (depth > 0) {
      Add(folder / name, beginning, ending, depth - 1, made);
    }
  }
}

MadeFiles FolderLook::Look(const fs::path& folder, const std::string& beginning,
                           const std::string& ending) {
  MadeFiles made;
  Add(folder, beginning, ending, /*depth=*/1, &made);
  return made;
}

void RateMeter::Note(double now_s, double done) {
  constexpr double kWindow_s = 300;
  if (!seen_.empty() && done < seen_.back().second) {
    seen_.clear();
  }
  seen_.emplace_back(now_s, done);
  while (seen_.size() > 2 && seen_.front().first < now_s - kWindow_s) {
    seen_.pop_front();
  }
}

double RateMeter::PerSecond() const {
  constexpr double kShortest_s = 15;
  if (seen_.empty() || seen_.back().first - seen_.front().first < kShortest_s) {
    return 0;
  }
  return (seen_.back().second - seen_.front().second) / (seen_.back().first - seen_.front().first);
}

}  // namespace reel3d

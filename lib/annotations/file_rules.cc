// SPDX-License-Identifier: Apache-2.0
#include "lib/annotations/file_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <functional>
#include <tuple>
#include <unordered_map>

#include "lib/annotations/file_index.h"
#include "lib/annotations/folder_roles.h"
#include "lib/annotations/path_match.h"
#include "lib/base/error.h"
#include "lib/data/names.h"

namespace reel3d {
namespace {

constexpr size_t kYoutubeIdBytes = 11;

// A name that a row's file may have.
struct NameRule {
  std::string words;  // "<id>_<begin>_<end>"
  std::string stem;
  bool is_part;
};

int64_t WholeSeconds(const std::optional<double>& time) {
  return static_cast<int64_t>(time.value_or(0));
}

std::string VideoId(const AnnotationSet& set, const AnnotationRow& row) {
  return set.naming == FileNaming::kNamedPart ? row.source.substr(0, kYoutubeIdBytes) : row.source;
}

// Returns the names to look for if a row is not a path. MatchClip() looks for names with times.
std::vector<NameRule> NameRules(const AnnotationSet& set, const AnnotationRow& row) {
  const std::string id = VideoId(set, row);
  std::vector<NameRule> rules;
  if (set.naming == FileNaming::kNamedPart) {
    rules.push_back({"<name>", row.source, true});
  }
  rules.push_back({"v_<id>", "v_" + id, false});
  rules.push_back({"<id>", id, false});
  if (id.size() == kYoutubeIdBytes + 2 && id.compare(0, 2, "v_") == 0) {
    rules.push_back({"<id> without v_", id.substr(2), false});
  }
  return rules;
}

// Returns whether `text` is "<begin>_<end>", with any number of leading zeros. If `begin_s` is
// below 0, all times fit.
bool IsTimes(std::string_view text, int64_t begin_s, int64_t end_s) {
  const auto take = [&](int64_t* number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return error == std::errc();
  };
  int64_t begin = 0;
  int64_t end = 0;
  if (text.empty() || std::isdigit(static_cast<unsigned char>(text[0])) == 0 || !take(&begin) ||
      text.size() < 2 || text[0] != '_') {
    return false;
  }
  text.remove_prefix(1);
  return std::isdigit(static_cast<unsigned char>(text[0])) != 0 && take(&end) && text.empty() &&
         (begin_s < 0 || (begin == begin_s && end == end_s));
}

class Matcher {
 public:
  Matcher(const VideoTree& tree, const AnnotationSet& set)
      : tree_(tree), set_(set), index_(tree), roles_(set.labels) {}

  FileMatches Match() {
    result_.matches.resize(set_.rows.size());
    if (set_.naming == FileNaming::kClip) {
      FindReplacements();
    }
    for (size_t i = 0; i < set_.rows.size(); ++i) {
      if (set_.naming == FileNaming::kPath) {
        MatchPath(i);
      } else {
        MatchName(i);
      }
    }
    SettleNamesAlone();
    return std::move(result_);
  }

 private:
  void Settle(size_t row, int64_t file, bool is_part, const std::string& rule) {
    const auto [known, is_new] =
        number_of_rule_.emplace(rule, static_cast<int32_t>(result_.rules.size()));
    if (is_new) {
      result_.rules.push_back(rule);
    }
    result_.matches[row] = {file, known->second, is_part};
  }

  void SettleMissing(size_t row, int64_t empty_file) {
    Settle(row, -1, true, empty_file < 0 ? "there is no such file" : "the file is empty");
  }

  // Adds the files that are not empty to `files`. Sets `empty_file` to one of the empty files.
  void Collect(FileIndex::Files found, std::vector<uint32_t>* files, int64_t* empty_file) const {
    for (const uint32_t* file = found.first; file != found.second; ++file) {
      if (tree_.videos[*file].size_bytes > 0) {
        files->push_back(*file);
      } else {
        *empty_file = *file;
      }
    }
  }

  // Returns how well the folders above a file suit a row: by class, then by subset.
  std::tuple<bool, bool> Suits(uint32_t file, const AnnotationRow& row) {
    const FolderRole& role = roles_.Of(tree_.videos[file].below);
    const bool of_class =
        std::find(row.labels.begin(), row.labels.end(), role.label) != row.labels.end();
    return {of_class, role.subset == row.subset};
  }

  uint32_t BestOf(const std::vector<uint32_t>& files, const AnnotationRow& row) {
    uint32_t best = files.front();
    for (const uint32_t file : files) {
      if (Suits(file, row) > Suits(best, row)) {
        best = file;
      }
    }
    return best;
  }

  // Returns words such as ", in its class's folder".
  std::string PlaceOf(uint32_t file, const AnnotationRow& row) {
    const FolderRole& role = roles_.Of(tree_.videos[file].below);
    return role.label < 0 || row.labels.empty() ? ", in no folder of a class"
           : std::get<0>(Suits(file, row))      ? ", in its class's folder"
                                                : ", in another class's folder";
  }

  bool SettleBest(size_t i, const std::vector<uint32_t>& files, bool is_part,
                  const std::string& words) {
    if (files.empty()) {
      return false;
    }
    const uint32_t best = BestOf(files, set_.rows[i]);
    Settle(i, best, is_part, words + PlaceOf(best, set_.rows[i]));
    return true;
  }

  void MatchName(size_t i) {
    const AnnotationRow& row = set_.rows[i];
    int64_t empty_file = -1;
    if (set_.naming == FileNaming::kClip && MatchClip(i, &empty_file)) {
      return;
    }
    for (const NameRule& rule : NameRules(set_, row)) {
      std::vector<uint32_t> files;
      Collect(index_.WithStem(rule.stem), &files, &empty_file);
      if (SettleBest(i, files, rule.is_part, rule.words)) {
        return;
      }
    }
    SettleMissing(i, empty_file);
  }

  bool MatchClip(size_t i, int64_t* empty_file) {
    const AnnotationRow& row = set_.rows[i];
    std::vector<uint32_t> files;
    if (const auto found = replacements_.find(row.source); found != replacements_.end()) {
      for (const uint32_t file : found->second) {
        if (row.number == 0 || IsClip(file, row)) {
          files.push_back(file);
        }
      }
    }
    if (SettleBest(i, files, true, "replacement/<id>...")) {
      return true;
    }
    if (row.begin_s) {
      Collect(index_.WithStem(NameOfRow(set_, row)), &files, empty_file);
    }
    if (files.empty()) {
      CollectClips(row, &files, empty_file);
    }
    return SettleBest(i, files, true, row.begin_s ? "<id>_<begin>_<end>" : "<id>_<any times>");
  }

  // Collects the clips of a video if their times have another number of zeros, or are not known.
  void CollectClips(const AnnotationRow& row, std::vector<uint32_t>* files, int64_t* empty_file) {
    constexpr std::ptrdiff_t kMostClips = 1000;  // of one video
    FileIndex::Files found = index_.WithPrefix(row.source + "_");
    found.second = found.first + std::min(found.second - found.first, kMostClips);
    Collect(found, files, empty_file);
    files->erase(std::remove_if(files->begin(), files->end(),
                                [&](uint32_t file) { return !IsClip(file, row); }),
                 files->end());
  }

  // Returns whether a file is the row's clip. Its name must begin with the row's id.
  bool IsClip(uint32_t file, const AnnotationRow& row) const {
    const std::string_view rest = Stem(tree_.videos[file].below).substr(row.source.size());
    return rest.substr(0, 1) == "_" &&
           IsTimes(rest.substr(1), row.begin_s ? WholeSeconds(row.begin_s) : -1,
                   WholeSeconds(row.end_s));
  }

  void FindReplacements() {
    for (size_t i = 0; i < tree_.videos.size(); ++i) {
      const FoundVideo& video = tree_.videos[i];
      if (video.size_bytes > 0 && roles_.Of(video.below).is_replacement) {
        const std::string_view id = Stem(video.below).substr(0, kYoutubeIdBytes);
        replacements_[std::string(id)].push_back(static_cast<uint32_t>(i));
      }
    }
  }

  void MatchPath(size_t i) {
    const AnnotationRow& row = set_.rows[i];
    std::vector<uint32_t> files;
    int64_t empty_file = -1;
    Collect(index_.WithAnyCase(Stem(row.source)), &files, &empty_file);
    if (FileName(row.source) != Stem(row.source)) {
      // If the row gives no extension, a dot in its name does not begin one.
      Collect(index_.WithAnyCase(FileName(row.source)), &files, &empty_file);
    }
    if (files.empty()) {
      SettleMissing(i, empty_file);
      return;
    }
    PathFit best = PathFit::kName;
    for (const uint32_t file : files) {
      best = std::max(best, FitOfPaths(row.source, tree_.videos[file].below));
    }
    files.erase(std::remove_if(files.begin(), files.end(),
                               [&](uint32_t file) {
                                 return FitOfPaths(row.source, tree_.videos[file].below) != best;
                               }),
                files.end());
    SettleBestPath(i, files, best);
  }

  void SettleBestPath(size_t i, const std::vector<uint32_t>& files, PathFit fit) {
    const AnnotationRow& row = set_.rows[i];
    const uint32_t best = BestOf(files, row);
    for (const uint32_t file : files) {
      if (file != best && Suits(file, row) == Suits(best, row)) {
        Settle(i, -1, true, "several files have that name");
        return;
      }
    }
    if (fit == PathFit::kName) {
      names_alone_.emplace_back(i, best);
      return;
    }
    const char* words = fit == PathFit::kExact  ? "the path as listed"
                        : fit == PathFit::kForm ? "the path but for spelling or extension"
                                                : "the end of the path";
    Settle(i, best, false, words);
    ++num_rows_of_file_[best];
  }

  // A match of the file name alone counts only if no other video of the list matches the same file.
  void SettleNamesAlone() {
    std::unordered_map<uint32_t, std::string_view> claimant;
    for (const auto& [i, file] : names_alone_) {
      const std::string_view source = set_.rows[i].source;
      const auto [first, is_new] = claimant.emplace(file, source);
      if (!is_new && first->second != source) {
        ++num_rows_of_file_[file];
      }
    }
    for (const auto& [i, file] : names_alone_) {
      if (num_rows_of_file_.count(file) == 0) {
        Settle(i, file, false, "the file name alone");
      } else {
        Settle(i, -1, true, "the only file of that name belongs to another row");
      }
    }
  }

  const VideoTree& tree_;
  const AnnotationSet& set_;
  FileIndex index_;
  FolderRoles roles_;
  FileMatches result_;
  std::unordered_map<std::string, std::vector<uint32_t>> replacements_;  // by YouTube id
  std::unordered_map<std::string, int32_t> number_of_rule_;
  std::vector<std::pair<size_t, uint32_t>> names_alone_;
  std::unordered_map<uint32_t, int> num_rows_of_file_;  // matched by path, or claimed twice
};

}  // namespace

FileMatches MatchFiles(const VideoTree& tree, const AnnotationSet& set) {
  return Matcher(tree, set).Match();
}

std::string NameOfRow(const AnnotationSet& set, const AnnotationRow& row) {
  return set.naming == FileNaming::kClip && row.begin_s
             ? fmt::format("{}_{:06d}_{:06d}", row.source, WholeSeconds(row.begin_s),
                           WholeSeconds(row.end_s))
             : row.source;
}

std::vector<std::string> TriedPaths(const AnnotationSet& set, const AnnotationRow& row) {
  if (set.naming == FileNaming::kPath) {
    const std::string stem(Stem(row.source));
    return {row.source, fmt::format(".../{}.* in any spelling of its folders", stem)};
  }
  std::vector<std::string> paths;
  if (set.naming == FileNaming::kClip) {
    paths.push_back(row.begin_s ? fmt::format(".../{}.*", NameOfRow(set, row))
                                : fmt::format(".../{}_*_*.*", row.source));
    paths.push_back(fmt::format(".../replacement*/{}*", row.source));
  }
  for (const NameRule& rule : NameRules(set, row)) {
    paths.push_back(fmt::format(".../{}.*", rule.stem));
  }
  return paths;
}

}  // namespace reel3d

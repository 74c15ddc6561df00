// UCF-101: classInd.txt, and for each of three splits trainlist0N.txt and testlist0N.txt. Networks
// are compared on the test videos, which have labels: these become the subset `validation`.
// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <map>
#include <regex>

#include "lib/annotations/annotation_builder.h"
#include "lib/annotations/annotation_format.h"
#include "lib/annotations/delimited_text.h"
#include "lib/annotations/label_forms.h"
#include "lib/annotations/numbered_classes.h"
#include "lib/base/error.h"
#include "lib/data/names.h"

namespace reel3d::annotation_formats::ucf101 {
namespace {

// Matches "trainlist01.txt"; the groups are the part and the split.
bool IsList(const AnnotationFile& file, std::smatch* match, std::string* name) {
  static const std::regex form(R"((train|test)list0?(\d)\.txt)");
  *name = file.lower_name();
  return std::regex_match(*name, *match, form);
}

bool IsClassList(const AnnotationFile& file) { return file.lower_name() == "classind.txt"; }

bool Recognises(const AnnotationFile& file) {
  std::smatch match;
  std::string name;
  return IsClassList(file) || IsList(file, &match, &name);
}

class Reader {
 public:
  AnnotationSet Read(const AnnotationRequest& request) {
    std::vector<int> splits;
    std::smatch match;
    std::string name;
    for (const AnnotationFile& file : request.files) {
      if (IsClassList(file)) {
        ReadClassList(file);
      } else if (IsList(file, &match, &name)) {
        splits.push_back(std::stoi(match[2]));
      } else {
        throw InputError(file.path.string() +
                         ": is neither classInd.txt nor a list such as trainlist01.txt");
      }
    }
    const int split = ChosenSplit(request, splits);
    for (const AnnotationFile& file : request.files) {
      if (IsList(file, &match, &name) && std::stoi(match[2]) == split) {
        ReadList(file, match[1] == "train" ? Subset::kTraining : Subset::kValidation);
      }
    }
    return builder_.Take();
  }

 private:
  void ReadClassList(const AnnotationFile& file) {
    std::vector<std::string> classes = ReadNumberThenName(file);
    for (size_t i = 0; i < classes.size(); ++i) {
      number_of_form_[NormalForm(classes[i])] = static_cast<int64_t>(i) + 1;
    }
    classes_ = classes;
    builder_.SetOfficialClasses(std::move(classes), file.name());
  }

  void ReadList(const AnnotationFile& file, Subset subset) {
    const std::string text = file.Read();
    DelimitedText lines(text, file.path.string(), {'\n', false, false, true});
    builder_.BeginFile(file);
    while (lines.NextRow()) {
      // The index is cut from the right, so that a path may hold blanks.
      std::string_view path = lines.fields().front();
      const size_t blank = path.rfind(' ');
      std::string_view index;
      if (blank != std::string_view::npos && path.find('.', blank) == std::string_view::npos) {
        index = path.substr(blank + 1);
        path = path.substr(0, path.find_last_not_of(' ', blank) + 1);
      }
      const size_t slash = path.rfind('/');
      if (slash == std::string_view::npos) {
        lines.Fail(fmt::format("'{}' is not <Class>/<file>.avi", Escaped(path.substr(0, 200))));
      }
      AnnotationBuilder::Row row;
      row.source = path;
      row.labels = {LabelOf(path.substr(0, slash), index, lines)};
      row.subset = subset;
      builder_.Add(lines.line(), row);
    }
  }

  // Returns the class name as classInd.txt writes it; the folder may be written with other
  // capitals. Without classInd.txt, returns the folder.
  std::string_view LabelOf(std::string_view folder, std::string_view index,
                           const DelimitedText& lines) const {
    folder = folder.substr(folder.rfind('/') + 1);
    if (classes_.empty()) {
      return folder;
    }
    const auto known = number_of_form_.find(NormalForm(folder));
    if (known == number_of_form_.end()) {
      lines.Fail(fmt::format("folder '{}' is none of the {} classes of classInd.txt",
                             Escaped(folder), classes_.size()));
    }
    if (!index.empty() && lines.Integer(index, "index", 0, 1 << 20) != known->second) {
      lines.Fail(fmt::format("index {} is not that of the folder '{}', which is {} in classInd.txt",
                             index, Escaped(folder), known->second));
    }
    return classes_[static_cast<size_t>(known->second) - 1];
  }

  AnnotationBuilder builder_{FileNaming::kPath, SameVideo::kOnce};
  std::vector<std::string> classes_;
  std::map<std::string, int64_t> number_of_form_;
};

AnnotationSet Read(const AnnotationRequest& request) { return Reader().Read(request); }

}  // namespace

extern const AnnotationFormat kFormat = {
    "ucf101", "UCF-101: the folder ucfTrainTestlist, with --split 1, 2 or 3", Recognises, Read};

}  // namespace reel3d::annotation_formats::ucf101

// One format of annotation files: its name, how its files are recognised, and how they are read.
// Each format is one source in lib/annotations/formats, which defines one AnnotationFormat, and one
// line in lib/annotations/CMakeLists.txt, from which the table of all formats is made.
// docs/develop/add_an_annotation_format.md shows how to add one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/annotations/annotation_files.h"
#include "lib/annotations/annotation_set.h"

namespace reel3d {

struct AnnotationRequest {
  std::vector<AnnotationFile> files;
  int split = 0;  // of formats that have several splits; 0: not said
  // The names of classes that a format numbers from 0, and the file that they stand in; empty: the
  // format's own list, or the numbers themselves.
  std::vector<std::string> class_names;
  std::string class_source;
  double frames_per_second = 0;  // of frame numbers in the files; 0: not said
};

struct AnnotationFormat {
  const char* name;         // what --format takes
  const char* description;  // a sentence
  // Returns whether the file can be one of this format. It looks at the name and the first bytes.
  bool (*recognises)(const AnnotationFile& file);
  AnnotationSet (*read)(const AnnotationRequest& request);
};

// All formats, in the order in which they are shown.
const std::vector<const AnnotationFormat*>& AnnotationFormats();

// Returns the names of all formats, for --format.
std::vector<std::string> AnnotationFormatNames();

// Returns the only format that all these files can be of. Throws a usage error that names the
// choices where there are several, and that names all formats where there is none.
const AnnotationFormat& GuessFormat(const std::vector<AnnotationFile>& files);

// Reads the files. `format` may be empty: the guess then. Files of a folder that the format does
// not recognise are passed over. Throws input errors that name file and line, and usage errors
// where a choice is missing.
AnnotationSet ReadAnnotations(const std::string& format, AnnotationRequest request);

// Returns the split that was said, or the only one there is. Throws a usage error if neither is so;
// `splits` are those that the files hold.
int ChosenSplit(const AnnotationRequest& request, const std::vector<int>& splits);

}  // namespace reel3d

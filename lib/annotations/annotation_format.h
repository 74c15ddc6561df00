// Describes one format of annotation files: its name, how its files are recognised, and how they
// are read. Each format is one source in lib/annotations/formats, which defines one
// AnnotationFormat, and one line in lib/annotations/CMakeLists.txt, from which the table of all
// formats is made. docs/develop/add_an_annotation_format.md shows how to add one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "lib/annotations/annotation_files.h"
#include "lib/annotations/annotation_set.h"

namespace reel3d {

struct AnnotationRequest {
  std::vector<AnnotationFile> files;
  int split = 0;  // for formats that have several splits; 0: not given
  // Names of the classes that a format numbers from 0, and the file that holds the names. If empty,
  // the names are the format's own list, or the numbers.
  std::vector<std::string> class_names;
  std::string class_source;
  double frames_per_second = 0;  // for frame numbers in the files; 0: not given
};

struct AnnotationFormat {
  const char* name;         // the value of --format
  const char* description;  // a sentence
  // Returns whether the file can be one of this format. It looks at the name and the first bytes.
  bool (*recognises)(const AnnotationFile& file);
  AnnotationSet (*read)(const AnnotationRequest& request);
};

// All formats, in the order in which they are shown.
const std::vector<const AnnotationFormat*>& AnnotationFormats();

// Returns the names of all formats, for --format.
std::vector<std::string> AnnotationFormatNames();

// Returns the only format that fits all these files. Throws a usage error that lists the formats
// that fit, or all formats if none fits.
const AnnotationFormat& GuessFormat(const std::vector<AnnotationFile>& files);

// Reads the files. If `format` is empty, GuessFormat() chooses the format. Files of a folder that
// the format does not recognise are passed over. Throws input errors that name file and line, and
// usage errors if a choice is missing.
AnnotationSet ReadAnnotations(const std::string& format, AnnotationRequest request);

// Returns request.split if it is one of `splits`, which are the splits in the files. If
// request.split is 0, returns the only split. Otherwise throws a usage error.
int ChosenSplit(const AnnotationRequest& request, const std::vector<int>& splits);

}  // namespace reel3d

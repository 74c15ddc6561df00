// Annotation files as inputs of fuzz targets: the bytes of one file, and the format that reads it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace reel3d::fuzz {

struct AnnotationInput {
  std::string format;
  std::string name;  // of the file; some formats recognise files by name
  std::string text;
};

// Each target defines this function. annotation_inputs.cc makes seeds from these inputs, and reads
// the variants that a fuzzer makes from them.
const std::vector<AnnotationInput>& AnnotationInputs();

}  // namespace reel3d::fuzz

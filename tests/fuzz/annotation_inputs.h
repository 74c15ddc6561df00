// Annotation files as inputs of fuzz targets: the bytes of one file, and which format reads it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace reel3d::fuzz {

struct AnnotationInput {
  std::string format;
  std::string name;  // of the file: some formats tell their files by it
  std::string text;
};

// Each target defines its inputs. annotation_inputs.cc makes its seeds of them, and reads what a
// fuzzer made of one of them.
const std::vector<AnnotationInput>& AnnotationInputs();

}  // namespace reel3d::fuzz

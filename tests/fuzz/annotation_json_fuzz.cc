// Fuzzes the readers of annotation files in JSON.
// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/annotation_inputs.h"

namespace reel3d::fuzz {

const std::vector<AnnotationInput>& AnnotationInputs() {
  static const std::vector<AnnotationInput> inputs = {
      {"kinetics-json", "train.json",
       R"({"-A0bCdEfGhI": {"annotations": {"label": "a", "segment": [17.0, 27.0]},
           "duration": 10.0, "subset": "train", "url": "u"}})"},
      {"activitynet", "activity_net.json",
       R"({"version": "1.3", "database": {"-1aB2cD3eF4": {"duration": 20.0, "subset": "training",
           "annotations": [{"label": "A", "segment": [2.5, 9.0]}, {"label": "B", "segment": [1, 99]},
           {"label": "A", "segment": [3, 2]}]}}, "taxonomy": [{"nodeName": "Root"}]})"},
      {"hacs-segments", "HACS_segments.json",
       R"({"database": {"a": {"duration": "20.5", "subset": "testing", "annotations": []}}})"},
      {"something-v2", "train.json",
       R"([{"id": "101", "template": "Holding [something]", "placeholders": ["cup"]}])"},
      {"something-v2", "labels.json", R"({"Holding something": "0", "Moving": "1"})"},
      {"diving48", "Diving48_V2_train.json", R"([{"vid_name": "x_00012", "label": 7}])"},
      {"diving48", "Diving48_vocab.json", R"([["Back", "15som"], ["Forward", "15som"]])"},
      {"finegym", "annotation_info.json",
       R"({"a": {"E_1_2": {"timestamps": [[1, 2]], "segments": {"A_1_2": {"timestamps":
           [[0.5, 1.5]], "stages": 1}}}}})"},
      {"reference-json", "ucf101_01.json",
       R"({"labels": ["run"], "database": {"a": {"subset": "training", "annotations":
           {"label": "run", "segment": [1, 51]}}, "b": {"subset": "testing", "annotations": {}}}})"},
      {"mmaction2-json", "train.json", R"([{"filename": "a.mp4", "label": [1, 0]}])"}};
  return inputs;
}

}  // namespace reel3d::fuzz

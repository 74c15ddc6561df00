// Fuzzes the readers of annotation files with lines and fields.
// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/annotation_inputs.h"

namespace reel3d::fuzz {

const std::vector<AnnotationInput>& AnnotationInputs() {
  static const std::vector<AnnotationInput> inputs = {
      {"kinetics-csv", "train.csv",
       "label,youtube_id,time_start,time_end,split\n\"air "
       "\"\"drumming\",-A0bCdEfGhI,17,27.0,train\n"},
      {"ucf101", "trainlist01.txt", "Archery/v_Archery_g08_c01.avi 2\r\n"},
      {"ucf101", "classInd.txt", "1 ApplyEyeMakeup\n2 Archery\n"},
      {"hmdb51", "brush_hair_test_split1.txt", "a_brush_hair_0.avi 1 \nb_brush_hair_1.avi 0 \n"},
      {"moments", "trainingSet.csv", "clapping/yt-aB3dE5f_12.mp4,clapping,3,0\n"},
      {"moments", "moments_categories.txt", "clapping,0\nyawning,1\n"},
      {"multi-moments", "trainingSet.csv", "a.mp4,1,0\n"},
      {"jester", "jester-v1-train.csv", "34870;Drumming Fingers\n"},
      {"hacs-clips", "HACS_clips.csv",
       "classname,youtube_id,subset,start,end,label\nArchery,a2Xb3Yc4Zd5,training,15.5,17.5,1\n"},
      {"finegym", "gym99_train.txt", "aB3dE5fG7h9_E_002407_002435_A_0003_0005 12\n"},
      {"sports1m", "train_partition.txt", "https://www.youtube.com/watch?v=aB3dE5fG7h9 168,169\n"},
      {"mmaction2-rawframes-offset", "train.txt", "some dir 3 50 1 2\n"},
      {"slowfast", "train.csv", "some/a.mp4,3\nb 2\n"},
      {"csv", "train.csv", "path,label,begin_s,end_s,subset\n\"a, b.mp4\",run,1,2.5,val\n"},
      {"tsv", "train.tsv", "id\tlabel\na\trun\n"}};
  return inputs;
}

}  // namespace reel3d::fuzz

// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/stage_progress.h"

namespace reel3d {

const char* NameOf(StageState state) {
  switch (state) {
    case StageState::kQueued:
      return "queued";
    case StageState::kAtWork:
      return "at work";
    case StageState::kQuiet:
      return "quiet";
    case StageState::kStopped:
      return "stopped";
    case StageState::kFailed:
      return "failed";
    case StageState::kDone:
      return "done";
    case StageState::kOutdated:
      return "outdated";
    case StageState::kNotBegun:
      break;
  }
  return "not begun";
}

bool IsComplete(const StageProgress& stage) {
  return stage.state == StageState::kDone || stage.state == StageState::kOutdated;
}

void MarkOutdated(std::vector<StageProgress>* stages) {
  const StageProgress* newest = nullptr;
  for (StageProgress& stage : *stages) {
    if (stage.state == StageState::kDone && newest != nullptr && newest->made_s > stage.made_s) {
      stage.state = StageState::kOutdated;
      stage.note = "older than " + newest->name + (stage.note.empty() ? "" : "; " + stage.note);
    }
    if (newest == nullptr || stage.made_s > newest->made_s) {
      newest = &stage;
    }
  }
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include "pipeline/support/work_notes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace reel3d {

void WorkNotes::Begin(const std::string& id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  at_work_.insert(id);
  Write();
}

void WorkNotes::End(const std::string& id) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto place = at_work_.find(id);
  if (place != at_work_.end()) {
    at_work_.erase(place);
  }
  Write();
}

void WorkNotes::CountFinished() {
  const std::lock_guard<std::mutex> lock(mutex_);
  ++num_finished_;
  Write();
}

void WorkNotes::Write() {
  if (lease_ != nullptr) {
    lease_->Note(fmt::format("{}", fmt::join(at_work_, ", ")), num_finished_, at_once_);
  }
}

bool WorkNotes::IsOurs() const { return lease_ == nullptr || lease_->IsOurs(); }

}  // namespace reel3d

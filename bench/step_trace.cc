// SPDX-License-Identifier: Apache-2.0
#include "bench/step_trace.h"

#include <torch/csrc/autograd/profiler_kineto.h>

#include <memory>
#include <set>
#include <string>

namespace reel3d::bench {

void WriteTrace(const std::filesystem::path& file, bool with_gpu,
                const std::function<void()>& work) {
  namespace profiler = torch::autograd::profiler;
  const profiler::ProfilerConfig config(profiler::ProfilerState::KINETO,
                                        /*report_input_shapes=*/true);
  std::set<torch::profiler::impl::ActivityType> activities = {
      torch::profiler::impl::ActivityType::CPU};
  if (with_gpu) {
    activities.insert(torch::profiler::impl::ActivityType::CUDA);
  }
  profiler::prepareProfiler(config, activities);
  profiler::enableProfiler(config, activities);
  work();
  const std::unique_ptr<profiler::ProfilerResult> result = profiler::disableProfiler();
  result->save(file.string());
}

}  // namespace reel3d::bench

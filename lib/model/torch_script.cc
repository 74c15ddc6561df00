// SPDX-License-Identifier: Apache-2.0
#include "lib/model/torch_script.h"

#include <fmt/format.h>
#include <torch/csrc/jit/frontend/tracer.h>
#include <torch/csrc/jit/passes/shape_analysis.h>
#include <torch/script.h>

#include <memory>
#include <sstream>
#include <vector>

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/model/conv_unit.h"
#include "lib/model/weights.h"

namespace reel3d {
namespace {

namespace jit = torch::jit;
using Graph = std::shared_ptr<jit::Graph>;

// Returns a module that shares the tensors of `module`, so that the tracer recognises them.
jit::Module Mirror(const torch::nn::Module& module,
                   const std::shared_ptr<jit::CompilationUnit>& unit) {
  jit::Module mirror(c10::QualifiedName("__torch__.reel3d.Module"), unit, /*shouldMangle=*/true);
  mirror.register_attribute("training", c10::BoolType::get(), false);  // Python reads this
  for (const auto& parameter : module.named_parameters(/*recurse=*/false)) {
    mirror.register_parameter(parameter.key(), parameter.value(), /*is_buffer=*/false);
  }
  for (const auto& buffer : module.named_buffers(/*recurse=*/false)) {
    mirror.register_buffer(buffer.key(), buffer.value());
  }
  for (const auto& child : module.named_children()) {
    mirror.register_module(child.key(), Mirror(*child.value(), unit));
  }
  return mirror;
}

// Removes casts. All values are float32, so casts do nothing, but would break half() and double()
// of the program.
void RemoveCasts(jit::Block* block) {
  for (auto node = block->nodes().begin(); node != block->nodes().end(); ++node) {
    if (node->kind() == c10::aten::to) {
      node->output()->replaceAllUsesWith(node->input(0));
      node.destroyCurrent();
    }
  }
}

Graph Trace(Network& network, jit::Module& mirror, const ScriptClip& clip, int64_t channels) {
  const at::NoGradGuard no_gradient;
  const at::Tensor clips = at::zeros({1, channels, clip.frames, clip.size, clip.size});
  const auto forward = [&](jit::Stack inputs) {
    return jit::Stack{network->forward(inputs.at(0).toTensor())};
  };
  const auto name_of = [](const at::Tensor& /*variable*/) { return std::string(); };
  Graph graph = jit::tracer::trace({clips}, forward, name_of, /*strict=*/true,
                                   /*force_outplace=*/false, &mirror, {"clips"})
                    .first->graph;
  RemoveCasts(graph->block());
  // The recording notes the sizes of each value, and the program would assume these sizes.
  jit::EraseShapeInformation(graph);
  return graph;
}

// Returns true if the same program is recorded with clips of other sizes, which are odd where those
// of `clip` are even.
bool SameForOtherSizes(Network& network, jit::Module& mirror, const ScriptClip& clip,
                       const NetworkOptions& options, const Graph& graph) {
  const ScriptClip other = {clip.frames + 1, clip.size + 1};
  try {
    options.CheckClips(other.frames, other.size, other.size);
  } catch (const Error&) {
    return false;
  }
  return Trace(network, mirror, other, options.channels)
             ->toString(/*print_source_locations=*/false) ==
         graph->toString(/*print_source_locations=*/false);
}

// Returns the text of forward(). Unless `any_size`, it first checks the sizes of the clips.
std::string ForwardProgram(const ScriptClip& clip, bool any_size) {
  std::string text = "def forward(self, clips: Tensor) -> Tensor:\n";
  if (!any_size) {
    const std::string shape = fmt::format("{0}, {1}, {1}", clip.frames, clip.size);
    text += fmt::format(
        "    assert list(clips.shape[2:]) == [{0}], \"clips must be (N, C, {0})\"\n", shape);
  }
  return text + "    return self.logits_of(clips)\n";
}

}  // namespace

bool SaveTorchScript(const std::filesystem::path& file, const NetworkOptions& options,
                     const NamedTensors& tensors, const ScriptClip& clip,
                     const std::string& source) {
  options.CheckClips(clip.frames, clip.size, clip.size);
  Network network = MakeNetworkOf(options, tensors, source);
  network->eval();
  for (at::Tensor& parameter : network->parameters()) {
    parameter.requires_grad_(false);
  }
  UseEveryTap(*network);
  const auto unit = std::make_shared<jit::CompilationUnit>();
  jit::Module mirror = Mirror(*network, unit);
  const Graph graph = Trace(network, mirror, clip, options.channels);
  const bool any_size = SameForOtherSizes(network, mirror, clip, options, graph);
  const c10::QualifiedName name(*mirror.type()->name(), "logits_of");
  mirror.type()->addMethod(unit->create_function(name, graph));
  mirror.define(ForwardProgram(clip, any_size));
  std::ostringstream bytes;
  mirror.save(bytes);
  WriteFileAtomically(file, bytes.str());  // reports a full disk, which save() does not
  return any_size;
}

}  // namespace reel3d

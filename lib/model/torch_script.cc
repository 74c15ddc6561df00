// SPDX-License-Identifier: Apache-2.0
#include "lib/model/torch_script.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/script.h>

#include <map>
#include <set>
#include <sstream>

#include "lib/base/file.h"
#include "lib/model/weights.h"

namespace reel3d {
namespace {

// An attribute of a module within modules. Blocks are called 0, 1, ..., which the language only
// reads by getattr.
std::string Attribute(const std::string& path) {
  std::string code = "self";
  size_t begin = 0;
  while (begin <= path.size()) {
    const size_t end = std::min(path.find('.', begin), path.size());
    const std::string name = path.substr(begin, end - begin);
    code = std::isdigit(static_cast<unsigned char>(name[0])) != 0
               ? fmt::format("getattr({}, \"{}\")", code, name)
               : code + "." + name;
    begin = end + 1;
  }
  return code;
}

// Writes forward() line by line.
class Program {
 public:
  explicit Program(const NamedTensors& tensors) : tensors_(tensors.begin(), tensors.end()) {}

  void Line(const std::string& code) { text_ += "    " + code + "\n"; }

  void Convolution(const std::string& out, const std::string& in, const std::string& name,
                   const std::vector<int64_t>& strides, const std::vector<int64_t>& padding) {
    Line(fmt::format("{} = torch.conv3d({}, {}, None, [{}], [{}])", out, in,
                     Attribute(name + ".weight"), fmt::join(strides, ", "),
                     fmt::join(padding, ", ")));
  }
  void BatchNorm(const std::string& in_out, const std::string& name) {
    Line(fmt::format("{0} = torch.batch_norm({0}, {1}, {2}, {3}, {4}, False, 0.1, 1e-05, False)",
                     in_out, Attribute(name + ".weight"), Attribute(name + ".bias"),
                     Attribute(name + ".running_mean"), Attribute(name + ".running_var")));
  }
  void Relu(const std::string& in_out) { Line(fmt::format("{0} = torch.relu({0})", in_out)); }

  // x -> x, through the block's two or three convolutions and its shortcut.
  void Block(const std::string& block, int64_t stride) {
    const bool bottleneck = Has(block + ".conv3.weight");
    const int last = bottleneck ? 3 : 2;
    for (int i = 1; i <= last; ++i) {
      const std::string convolution = fmt::format("{}.conv{}", block, i);
      const int64_t own_stride = i == (bottleneck ? 2 : 1) ? stride : 1;
      const int64_t padding = Size(convolution + ".weight", 2) / 2;
      Convolution("y", i == 1 ? "x" : "y", convolution, std::vector<int64_t>(3, own_stride),
                  std::vector<int64_t>(3, padding));
      BatchNorm("y", fmt::format("{}.bn{}", block, i));
      if (i < last) {
        Relu("y");
      }
    }
    const int64_t in = Size(block + ".conv1.weight", 1);
    const int64_t out = Size(fmt::format("{}.conv{}.weight", block, last), 0);
    if (Has(block + ".downsample.0.weight")) {
      Convolution("x", "x", block + ".downsample.0", std::vector<int64_t>(3, stride), {0, 0, 0});
      BatchNorm("x", block + ".downsample.1");
    } else {
      if (stride != 1) {
        Line(fmt::format("x = x[:, :, ::{0}, ::{0}, ::{0}]", stride));
      }
      if (in != out) {
        Line(fmt::format("x = torch.constant_pad_nd(x, [0, 0, 0, 0, 0, 0, 0, {}])", out - in));
      }
    }
    Line("x = torch.relu(x + y)");
  }

  bool Has(const std::string& name) const { return tensors_.count(name) > 0; }
  int64_t Size(const std::string& name, int64_t axis) const { return tensors_.at(name).size(axis); }
  const std::string& text() const { return text_; }

 private:
  std::map<std::string, at::Tensor> tensors_;
  std::string text_ = "def forward(self, clips: Tensor) -> Tensor:\n";
};

std::string R3dProgram(const NetworkOptions& options, const NamedTensors& tensors) {
  Program program(tensors);
  program.Convolution("x", "clips", "conv1", {options.stem_stride, 2, 2},
                      {options.stem_frames / 2, 3, 3});
  program.BatchNorm("x", "bn1");
  program.Relu("x");
  if (options.max_pool) {
    program.Line("x = torch.max_pool3d(x, [3, 3, 3], [2, 2, 2], [1, 1, 1])");
  }
  for (int layer = 1; layer <= 4; ++layer) {
    for (int block = 0; program.Has(fmt::format("layer{}.{}.conv1.weight", layer, block));
         ++block) {
      program.Block(fmt::format("layer{}.{}", layer, block), layer > 1 && block == 0 ? 2 : 1);
    }
  }
  program.Line("x = torch.mean(x, [2, 3, 4])");
  program.Line("return torch.linear(x, self.fc.weight, self.fc.bias)");
  return program.text();
}

// A module with the tensors whose names begin with `prefix`, and those below it.
torch::jit::Module MakeModule(const std::string& prefix, const NamedTensors& tensors,
                              const std::set<std::string>& buffers,
                              const std::shared_ptr<torch::jit::CompilationUnit>& unit) {
  torch::jit::Module module(c10::QualifiedName("__torch__.reel3d.Module"), unit,
                            /*shouldMangle=*/true);
  module.register_attribute("training", c10::BoolType::get(), false);  // Python asks for it
  std::set<std::string> children;
  for (const auto& [name, tensor] : tensors) {
    if (name.compare(0, prefix.size(), prefix) != 0) {
      continue;
    }
    const std::string rest = name.substr(prefix.size());
    const size_t dot = rest.find('.');
    if (dot != std::string::npos) {
      children.insert(rest.substr(0, dot));
    } else if (buffers.count(name) > 0) {
      module.register_buffer(rest, tensor.contiguous());
    } else {
      module.register_parameter(rest, tensor.contiguous(), /*is_buffer=*/false);
    }
  }
  for (const std::string& child : children) {
    module.register_module(child, MakeModule(prefix + child + ".", tensors, buffers, unit));
  }
  return module;
}

}  // namespace

void SaveTorchScript(const std::filesystem::path& file, const NetworkOptions& options,
                     const NamedTensors& tensors, const std::string& source) {
  Network network = MakeNetwork(options);
  LoadStateDict(*network, tensors, source);  // from here on they are known to fit
  std::set<std::string> buffers;
  for (const auto& buffer : network->named_buffers()) {
    buffers.insert(buffer.key());
  }
  const auto unit = std::make_shared<torch::jit::CompilationUnit>();
  torch::jit::Module module = MakeModule("", tensors, buffers, unit);
  module.define(R3dProgram(options, tensors));
  module.eval();
  std::ostringstream bytes;
  module.save(bytes);
  WriteFileAtomically(file, bytes.str());  // says it when the disk is full, which save() does not
}

}  // namespace reel3d

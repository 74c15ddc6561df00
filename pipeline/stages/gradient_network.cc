// SPDX-License-Identifier: Apache-2.0
#include "pipeline/stages/gradient_network.h"

#include <fmt/format.h>

#include <set>

#include "lib/base/log.h"
#include "lib/cluster/checks.h"
#include "lib/cluster/run_checks.h"

namespace reel3d {

void NameTransport(const std::optional<NcclNetwork>& nccl, ClusterProbe* probe) {
  probe->uses_nccl = nccl.has_value();
  probe->network = nccl ? nccl->name : "";
  probe->transport = nccl ? "NCCL" : "MPI " + MpiVersion();
  if (!probe->network.empty()) {
    probe->transport += " over " + nccl->name + " " + nccl->devices;
  }
}

NetworkNote DescribeNetwork(const ClusterProbe& probe) {
  const std::vector<std::string> hosts = probe.gather(probe.host);
  const size_t num_hosts = std::set<std::string>(hosts.begin(), hosts.end()).size();
  const Finding found = RunCheck(TransportCheck(), probe, {});
  if (num_hosts < 2) {
    return {};
  }
  if (found.verdict == Verdict::kWarn) {
    return {fmt::format("gradients travel between {} hosts more slowly than they could: {}; {}",
                        num_hosts, found.text, found.remedy),
            true};
  }
  return {fmt::format("gradients travel between {} hosts by {}", num_hosts, found.text), false};
}

GradientNetwork::GradientNetwork(const World& world, bool has_gpu) : world_(world) {
  if (has_gpu) {
    log_.emplace();
  }
}

void GradientNetwork::Say() {
  ClusterProbe probe;
  probe.host = world_.host();
  probe.gather = [this](const std::string& text) { return world_.Gather(text); };
  NameTransport(log_ ? std::optional(log_->Network()) : std::nullopt, &probe);
  log_.reset();
  const NetworkNote note = DescribeNetwork(probe);
  if (!world_.is_main() || note.text.empty()) {
    return;
  }
  if (note.is_warning) {
    LogWarn(note.text);
  } else {
    LogInfo(note.text);
  }
}

}  // namespace reel3d

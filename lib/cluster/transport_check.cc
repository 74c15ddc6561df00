// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <strings.h>

#include <cstdlib>

#include "lib/cluster/checks.h"
#include "lib/cluster/host_ports.h"
#include "lib/cluster/rank_groups.h"

namespace reel3d::transport_check {
namespace {

constexpr const char* kTcp = "Socket";  // NCCL's name

std::string Variable(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? "" : text;
}

// NCCL does not tell upper and lower case in its networks' names.
bool IsTcp(const std::string& network) { return strcasecmp(network.c_str(), kTcp) == 0; }

// Returns the setting of the environment that keeps gradients on TCP; "" if there is none. MPI does
// not read NCCL's settings, nor NCCL those of MPI.
std::string KeptOnTcp(bool uses_nccl) {
  if (uses_nccl) {
    return Variable("NCCL_IB_DISABLE") == "1" ? "NCCL_IB_DISABLE=1"
           : IsTcp(Variable("NCCL_NET"))      ? "NCCL_NET=Socket"
                                              : "";
  }
  const std::string btl = Variable("OMPI_MCA_btl");
  const std::string pml = Variable("OMPI_MCA_pml");
  if (btl.find("tcp") != std::string::npos && btl.front() != '^' && pml != "ucx" && pml != "cm") {
    return "OMPI_MCA_btl=" + btl;
  }
  return "";
}

nlohmann::json Observe(const ClusterProbe& probe, const ClusterNeeds& /*needs*/) {
  return {{"devices", FastDevices(probe.root)},
          {"kept_on_tcp", KeptOnTcp(probe.uses_nccl)},
          {"network", probe.network},
          {"named", Variable("NCCL_NET")},
          {"transport", probe.transport}};
}

// Finds the first rank whose NCCL uses TCP, although its host has a fast network, or NCCL_NET names
// another one. Returns whether there is one.
bool FindFallBack(const Observations& ranks, Finding* finding) {
  for (size_t rank = 0; rank < ranks.size(); ++rank) {
    const std::vector<std::string> devices = ranks[rank].at("devices");
    const std::string named = ranks[rank].at("named");
    const bool is_faster_there = named.empty() ? !devices.empty() : !IsTcp(named);
    if (ranks[rank].at("network") != kTcp || !is_faster_there) {
      continue;
    }
    const std::string fast = named.empty() ? fmt::format("there is {}", fmt::join(devices, ", "))
                                           : fmt::format("NCCL_NET names {}", named);
    *finding = {
        Verdict::kWarn,
        fmt::format("{}: {}: that is TCP, although {}", NameRank(ranks, static_cast<int>(rank)),
                    ranks[rank].at("transport").get<std::string>(), fast),
        "load the module of NCCL's plugin for this network, or start the container with it; "
        "NCCL_DEBUG=INFO shows why NCCL does not take it",
        {},
        {}};
    return true;
  }
  return false;
}

Finding Judge(const Observations& ranks, const ClusterNeeds& /*needs*/) {
  Finding finding;
  std::vector<int> slow;
  bool some_have = false;
  std::vector<int> without;
  for (size_t rank = 0; rank < ranks.size(); ++rank) {
    const bool has = !ranks[rank].at("devices").empty();
    some_have = some_have || has;
    if (!has) {
      without.push_back(static_cast<int>(rank));
    } else if (!ranks[rank].at("kept_on_tcp").get<std::string>().empty()) {
      slow.push_back(static_cast<int>(rank));
    }
  }
  const std::string transport = ranks.front().at("transport");
  finding.text =
      fmt::format("{}; {}", transport,
                  some_have ? "the hosts have a fast network" : "no fast network was found");
  const bool has_hosts = RanksByHost(ranks).size() > 1;
  if (has_hosts && !slow.empty()) {
    const std::string setting = ranks[static_cast<size_t>(slow.front())].at("kept_on_tcp");
    finding = {Verdict::kWarn,
               fmt::format("{}: {} keeps the traffic on TCP, although there is a fast network",
                           NameRanks(ranks, slow), setting),
               fmt::format("unset {}", setting.substr(0, setting.find('='))),
               {},
               {}};
  } else if (has_hosts && FindFallBack(ranks, &finding)) {
    return finding;
  } else if (some_have && !without.empty()) {
    finding = {Verdict::kWarn,
               fmt::format("no fast network for {}, though other hosts have one",
                           NameRanks(ranks, without)),
               ExcludeOption(ranks, without),
               {},
               {}};
  }
  return finding;
}

}  // namespace
}  // namespace reel3d::transport_check

namespace reel3d {

ClusterCheck TransportCheck() {
  return {"transport", transport_check::Observe, transport_check::Judge};
}

}  // namespace reel3d

// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdlib>
#include <system_error>

#include "lib/cluster/checks.h"
#include "lib/cluster/rank_groups.h"

namespace reel3d {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> FastDevices(const fs::path& root) {
  std::vector<std::string> names;
  for (const char* folder : {"sys/class/infiniband", "sys/class/cxi"}) {
    std::error_code failed;
    for (fs::directory_iterator file(root / folder, failed), end; !failed && file != end;
         file.increment(failed)) {
      names.push_back(file->path().filename());
    }
  }
  return names;
}

// Returns the setting of the environment that keeps traffic on TCP; "" if there is none.
std::string KeptOnTcp() {
  const auto value = [](const char* name) {
    const char* text = std::getenv(name);
    return std::string(text == nullptr ? "" : text);
  };
  if (value("NCCL_IB_DISABLE") == "1") {
    return "NCCL_IB_DISABLE=1";
  }
  if (value("NCCL_NET") == "Socket") {
    return "NCCL_NET=Socket";
  }
  const std::string btl = value("OMPI_MCA_btl");
  const std::string pml = value("OMPI_MCA_pml");
  if (btl.find("tcp") != std::string::npos && btl.front() != '^' && pml != "ucx" && pml != "cm") {
    return "OMPI_MCA_btl=" + btl;
  }
  return "";
}

nlohmann::json Observe(const ClusterProbe& probe, const ClusterNeeds& /*needs*/) {
  return {{"devices", FastDevices(probe.root)},
          {"kept_on_tcp", KeptOnTcp()},
          {"transport", probe.transport}};
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
  if (RanksByHost(ranks).size() > 1 && !slow.empty()) {
    const std::string setting = ranks[static_cast<size_t>(slow.front())].at("kept_on_tcp");
    finding = {Verdict::kWarn,
               fmt::format("{}: {} keeps the traffic on TCP, although there is a fast network",
                           NameRanks(ranks, slow), setting),
               fmt::format("unset {}", setting.substr(0, setting.find('='))),
               {},
               {}};
  } else if (some_have && !without.empty()) {
    finding = {
        Verdict::kWarn,
        fmt::format("{} have no fast network, the other hosts have one", NameRanks(ranks, without)),
        ExcludeOption(ranks, without),
        {},
        {}};
  }
  return finding;
}

}  // namespace

ClusterCheck TransportCheck() {
  return {"transport", "Looks for a fast network, and for settings that do not use it.", Observe,
          Judge};
}

}  // namespace reel3d

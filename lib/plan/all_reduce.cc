// SPDX-License-Identifier: Apache-2.0
#include "lib/plan/all_reduce.h"

#include <algorithm>
#include <cmath>

namespace reel3d::plan {

double RingAllReduceSeconds(double size_bytes, double num_members, const Link& link) {
  if (num_members <= 1) {
    return 0;
  }
  return 2 * (num_members - 1) * (link.latency_s + size_bytes / num_members / link.bytes_per_s);
}

double TreeAllReduceSeconds(double size_bytes, double num_members, const Link& link) {
  if (num_members <= 1) {
    return 0;
  }
  return 2 * (std::ceil(std::log2(num_members)) * link.latency_s + size_bytes / link.bytes_per_s);
}

AllReduceTime AllReduceSeconds(double size_bytes, double num_ranks, const Topology& topology) {
  const double per_node = std::min(num_ranks, topology.ranks_per_node);
  const double num_nodes = std::ceil(num_ranks / per_node);
  const double ring_s = RingAllReduceSeconds(size_bytes, num_nodes, topology.between);
  const double tree_s = TreeAllReduceSeconds(size_bytes, num_nodes, topology.between);
  const double inside_s = RingAllReduceSeconds(size_bytes, per_node, topology.inside);
  return {inside_s + std::min(ring_s, tree_s), tree_s < ring_s};
}

}  // namespace reel3d::plan

// Computes the time in which ranks add up their gradients.
//
// Each message costs a latency, and each byte the inverse of the bandwidth (Hockney's model).
// Ring: P. Patarasuk, X. Yuan, "Bandwidth optimal all-reduce algorithms for clusters of
// workstations", J. Parallel Distrib. Comput. 69 (2009). Tree: P. Sanders, J. Speck, J. L. Träff,
// "Two-tree algorithms for full bandwidth broadcast, reduction and scan", Parallel Computing 35
// (2009), which NCCL uses between nodes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace reel3d::plan {

struct Link {
  double latency_s = 0;
  double bytes_per_s = 0;  // in each direction
};

// Returns 2 (n - 1) latency + 2 (n - 1) / n bytes / bandwidth for n members; 0 for one.
double RingAllReduceSeconds(double size_bytes, double num_members, const Link& link);

// Returns 2 ceil(log2 n) latency + 2 bytes / bandwidth for n members; 0 for one.
double TreeAllReduceSeconds(double size_bytes, double num_members, const Link& link);

struct Topology {
  double ranks_per_node = 1;
  Link inside, between;  // within a node; between nodes, shared by a node's ranks
};

struct AllReduceTime {
  double seconds = 0;
  bool by_tree = false;  // whether a tree is used between nodes
};

// The ranks of a node first add up their gradients, and each keeps one part of the sum. The nodes
// add up these parts, by ring or tree, whichever is faster. Then the ranks of a node exchange the
// results. The two steps within a node take as long as a ring there.
AllReduceTime AllReduceSeconds(double size_bytes, double num_ranks, const Topology& topology);

}  // namespace reel3d::plan

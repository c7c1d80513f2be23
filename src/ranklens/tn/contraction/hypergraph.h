#pragma once

#include "ranklens/tn/contraction/network.h"

namespace ranklens::tn {

/// Vertices with weights, and nets of vertices with weights.
struct Hypergraph {
  std::vector<double> vertex_weights;
  std::vector<std::vector<std::int32_t>> nets;  ///< each with at least two vertices
  std::vector<double> net_weights;

  std::size_t vertices() const { return vertex_weights.size(); }
  /// The nets of each vertex.
  std::vector<std::vector<std::int32_t>> nets_of_vertices() const;
};

/// Moves single vertices between two sides while that makes the cut lighter, also through states
/// with a heavier one, until a pass over all gains nothing. No side becomes heavier than `heaviest`
/// unless it was. Returns the weight of the cut.
double improve_sides(const Hypergraph& graph, double heaviest, std::vector<char>& sides,
                     Random& random);

/// Two sides of a hypergraph, neither above `heaviest` where vertices allow.
std::vector<char> split_in_two(const Hypergraph& graph, double heaviest, Random& random);

}  // namespace ranklens::tn

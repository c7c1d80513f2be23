#pragma once

#include <limits>
#include <vector>

#include "ranklens/tn/diagram/net.h"

namespace ranklens::tn::diagram {

/// Where a search for the smallest or largest place begins.
inline constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Where the nodes of a net stand, in units of the grid (neighbours are 1 apart; y downwards).
/// Connected parts stand side by side. Each part is put on a grid where it fits (chains, ladders,
/// grids, rings of four and six), else as a tree, a ring, or by stress. Deterministic.
std::vector<Point> place(const Net& net);

/// Pieces of place(), each for one connected part: `links[n]` are the neighbours of node n, in the
/// order of its legs.
struct Part {
  std::vector<int> nodes;               ///< numbers in the net, in the order of writing
  std::vector<std::vector<int>> links;  ///< neighbours by number in `nodes`, without repetition
  std::vector<std::optional<Point>> fixed;
  int links_total = 0;  ///< pairs of neighbours
};

/// On the grid, so that every wire joins two nodes that are 1 apart; empty where that was not
/// found.
std::vector<Point> place_on_grid(const Part& part);
/// As a tree below its middle, leaves in order; the part must be a tree.
std::vector<Point> place_as_tree(const Part& part);
/// On a circle in the order of the ring, or in the order of writing where it is none.
std::vector<Point> place_on_ring(const Part& part);
/// By stress majorisation (Gansner, Koren and North 2004, equations 6 and 7): distances in the
/// picture approach distances in the graph. Keeps nodes that have a fixed place there.
std::vector<Point> place_by_stress(const Part& part);

/// How an open leg leaves its tensor: a unit vector, and which of the legs on that side it is.
struct Leaving {
  Point direction = {};
  int rank = 0;
  int count = 1;
  bool parallel = false;  ///< beside the others rather than in a fan: the tensor is wide
};

/// One for each wire of the net; means nothing for those that are not open.
std::vector<Leaving> open_directions(const Net& net, const std::vector<Point>& places);

}  // namespace ranklens::tn::diagram

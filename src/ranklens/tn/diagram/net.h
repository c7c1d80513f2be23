#pragma once

#include <string>
#include <vector>

#include "ranklens/tn/diagram/document.h"
#include "ranklens/tn/diagram/scene.h"

namespace ranklens::tn::diagram {

/// What is drawn at one place.
struct Node {
  Form form = Form::Circle;
  bool hidden = false;  ///< the middle of a bare line
  std::string label = {};
  bool conjugate = false;
  double half_width = 16, half_height = 16;
  std::optional<Point> at = {};  ///< the author's hint
  Scene inside = {};             ///< of a Frame
};

/// One end of a wire: the node, which of its legs, and whether that leg stands behind ';'.
struct End {
  int node = -1;  ///< -1: the end is open
  int leg = 0;
  bool behind = false;
};

struct Wire {
  End a, b;
  std::string name;
  std::int64_t size = 1;
  int order = -1;  ///< among the open legs; -1: none
  Side side = Side::Any;
  bool bent = false;
  int identities = 0;  ///< how many lines of identity it has taken in

  bool open() const { return b.node < 0; }
  bool loop() const { return a.node == b.node; }
};

struct Cluster {
  std::string label;
  std::vector<int> nodes;
};

/// A product as a graph: nodes in the order in which they are written, and wires.
struct Net {
  std::vector<Node> nodes = {};
  std::vector<Wire> wires = {};
  std::vector<Cluster> clusters = {};
  Arrangement arrangement = Arrangement::Auto;
  bool show_sizes = false;  ///< what the wires are labelled with

  std::string label(const Wire& wire) const {
    return show_sizes ? std::to_string(wire.size) : wire.name;
  }
};

/// The graph of a term of `diagram`, whose open legs are `open`. A function of a product becomes a
/// node that the legs pass through, a sum in brackets a frame with the sum drawn inside; lines of
/// identity become part of what they join.
Net net_of(const Diagram& diagram, const Term& term, const std::vector<OpenLeg>& open);

}  // namespace ranklens::tn::diagram

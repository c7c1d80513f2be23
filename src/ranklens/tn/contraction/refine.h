#pragma once

#include "ranklens/tn/contraction/clock.h"
#include "ranklens/tn/contraction/tree.h"

namespace ranklens::tn {

/// Replaces the tree above each node's nearest `width` descendants by the best one, again and again
/// until that changes nothing, the deadline passes or `rounds` are done. Returns whether it became
/// better.
bool reconfigure(Tree& tree, Minimize minimize, int width, int rounds, Random& random,
                 const Deadline& deadline = {});

struct Annealing {
  double hottest = 2, coldest = 0.05;  ///< temperatures, in units of log2 of a step's weight
  int sweeps = 1000;                   ///< passes over the tree, each one rotation a node
  double seconds = 0;                  ///< in place of sweeps, if positive
};

/// Rotates pairs of steps at random, accepting what makes the two dearer with probability
/// exp(-growth / temperature) (Kalachev, Panteleev and Yung 2021, "Multi-tensor contraction for XEB
/// verification of quantum circuits", section 4). Leaves the last tree, not the best one.
void anneal(Tree& tree, Minimize minimize, const Annealing& annealing, Random& random,
            const Deadline& deadline = {});

}  // namespace ranklens::tn

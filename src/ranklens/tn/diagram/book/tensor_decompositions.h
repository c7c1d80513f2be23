#pragma once

#include <vector>

#include "ranklens/tn/diagram/book/item.h"

/// The parts of the group `tensor_decompositions`.
namespace ranklens::tn::diagram::book {

/// CP, Tucker.
std::vector<Item> sums_and_cores();
/// Matrix product states.
std::vector<Item> trains();
/// Operators, gauges, trees.
std::vector<Item> other_networks();

}  // namespace ranklens::tn::diagram::book

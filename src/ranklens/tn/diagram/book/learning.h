#pragma once

#include <vector>

#include "ranklens/tn/diagram/book/item.h"

/// The parts of the group `learning` that have a file of their own.
namespace ranklens::tn::diagram::book {

/// Riemannian descent on trains: tangent space, step and retraction, with their cores.
std::vector<Item> descent_on_trains();

}  // namespace ranklens::tn::diagram::book

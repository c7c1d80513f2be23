#pragma once

#include <cstdint>
#include <vector>

namespace ranklens::tn {

/// Memory that is needed from the instruction `first` to the instruction `last`, both included.
struct Block {
  std::int64_t size = 0;  ///< elements
  std::int64_t first = 0, last = 0;
  std::int64_t offset = 0;  ///< where place_blocks() put it
};

/// Gives blocks offsets so that none overlaps another that is needed at the same time: the largest
/// first, each as low as it fits (Pisarchyk, Lee 2020, "greedy by size"). How many elements all
/// together take; at least the most that are needed at once.
std::int64_t place_blocks(std::vector<Block>& blocks);

}  // namespace ranklens::tn

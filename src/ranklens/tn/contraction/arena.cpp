#include "ranklens/tn/contraction/arena.h"

#include <algorithm>
#include <numeric>

namespace ranklens::tn {
namespace {

/// Offsets are multiples of this, so that blocks begin at cache lines in every dtype.
constexpr std::int64_t kGrain = 16;

bool needed_together(const Block& a, const Block& b) {
  return a.first <= b.last && b.first <= a.last;
}

}  // namespace

std::int64_t place_blocks(std::vector<Block>& blocks) {
  std::vector<std::size_t> by_size(blocks.size());
  std::iota(by_size.begin(), by_size.end(), std::size_t{0});
  std::stable_sort(by_size.begin(), by_size.end(),
                   [&](std::size_t a, std::size_t b) { return blocks[a].size > blocks[b].size; });
  std::vector<std::size_t> placed;  // by offset
  std::int64_t total = 0;
  for (const auto number : by_size) {
    auto& block = blocks[number];
    block.offset = 0;
    for (const auto other : placed) {
      const auto& there = blocks[other];
      if (!needed_together(block, there)) continue;
      if (block.offset + block.size <= there.offset) break;
      const auto end = (there.offset + there.size + kGrain - 1) / kGrain * kGrain;
      block.offset = std::max(block.offset, end);
    }
    const auto at = std::upper_bound(
        placed.begin(), placed.end(), block.offset,
        [&](std::int64_t offset, std::size_t other) { return offset < blocks[other].offset; });
    placed.insert(at, number);
    total = std::max(total, block.offset + block.size);
  }
  return total;
}

}  // namespace ranklens::tn

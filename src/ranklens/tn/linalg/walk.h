#pragma once

#include <cstdint>
#include <vector>

namespace ranklens::tn {

/// Modes of a tensor that are walked as one index, the last one fastest.
struct Walk {
  std::vector<std::int64_t> sizes, strides;

  /// How many values the index has; 1 without modes.
  std::int64_t count() const;
  /// Whether it is one mode, or none: offsets are multiples of stride().
  bool even() const { return sizes.size() < 2; }
  std::int64_t stride() const { return strides.empty() ? 1 : strides.back(); }
  /// Where values begin..begin+count-1 lie: offsets in elements.
  void place(std::int64_t begin, std::int64_t count, std::int64_t* offsets) const;
};

/// The same index with as few modes as can be: without those of size 1, neighbours that lie as one
/// joined.
Walk joined(const Walk& walk);

/// Offsets of a stretch of an index that is asked for again and again.
class WalkTable {
 public:
  explicit WalkTable(const Walk& walk) : walk_(walk) {}
  const std::int64_t* at(std::int64_t begin, std::int64_t count);

 private:
  const Walk& walk_;
  std::int64_t begin_ = 0, count_ = 0;
  std::vector<std::int64_t> offsets_;
};

}  // namespace ranklens::tn

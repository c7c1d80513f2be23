#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <ATen/core/Tensor.h>

#include "ranklens/base/philox.h"

namespace ranklens::base {

/// A random stream with a name. What it yields depends on (seed, purpose, name, step) and on the
/// position in the stream, on nothing else: not on the number of threads, not on what other streams
/// have drawn. So two networks share the initial value of every layer of the same name, a dropout
/// mask can be drawn again, and a resumed run needs no generator state.
///
/// Purposes in use: "init", "dropout", "order", "augment", "noise", "data", "study".
///
/// Every draw, scalar or element of a tensor, takes one position; so a tensor drawn in two halves
/// has the values of one drawn at once. Values have 32 bits of randomness and are the same number
/// in every dtype up to its rounding. Tensors are on the CPU.
class Stream {
 public:
  explicit Stream(std::uint64_t seed, std::string_view purpose, std::string_view name = {},
                  std::uint64_t step = 0);

  /// The stream of a part: as independent of this one and of its other children as two seeds are.
  /// Depends on this stream's identity, not on its position.
  Stream child(std::string_view name, std::uint64_t step = 0) const;

  std::uint32_t next_u32();
  /// In [0, 1).
  double uniform();
  /// Standard normal.
  double normal();
  /// Uniform over 0 .. n - 1, without bias (Lemire 2019). Needs n > 0; may take several positions.
  std::uint64_t below(std::uint64_t n);

  /// Uniform over [low, high).
  at::Tensor uniform(at::IntArrayRef sizes, double low, double high,
                     at::ScalarType dtype = at::kFloat);
  at::Tensor normal(at::IntArrayRef sizes, double mean = 0, double standard_deviation = 1,
                    at::ScalarType dtype = at::kFloat);
  /// bool; each element true with probability `keep`, to 2^-32.
  at::Tensor bernoulli_mask(at::IntArrayRef sizes, double keep);
  /// int64 [n]: a uniform permutation of 0 .. n - 1.
  at::Tensor permutation(std::int64_t n);
  /// int64, uniform over 0 .. n - 1 (bias below n 2^-32). Needs 0 < n <= 2^32.
  at::Tensor integers(at::IntArrayRef sizes, std::int64_t n);

  /// Draws taken so far; seek() goes to any position at no cost.
  std::uint64_t position() const { return position_; }
  void seek(std::uint64_t position) { position_ = position; }

 private:
  explicit Stream(PhiloxStream identity) : identity_(identity) {}
  const std::array<std::uint32_t, philox_chunk>& chunk();

  PhiloxStream identity_;
  std::uint64_t position_ = 0;
  std::uint64_t cached_ = ~std::uint64_t{0};  // the chunk that words_ holds
  std::array<std::uint32_t, philox_chunk> words_{};
};

}  // namespace ranklens::base

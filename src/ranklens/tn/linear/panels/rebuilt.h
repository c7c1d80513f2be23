#pragma once

#include <cstdint>

#include "ranklens/tn/linear/panels/table.h"
#include "ranklens/tn/linear/panels/two_steps.h"

/// A dense layer whose matrix is the product of two halves of a train,
///
///     W[(a b), (c d)] = sum_r left[a, c, r] right[r, b, d],
///
/// formed a strip at a time, as wide as two registers, as the panel that the product wants next:
/// the strip is used while it lies in the cache, and the matrix is never in memory. b and d are
/// multiples of a register's numbers.
namespace ranklens::tn::panels {

struct Rebuilt {
  std::int64_t a, b, c, d, r;

  std::int64_t outs() const { return a * b; }
  std::int64_t ins() const { return c * d; }
};

bool takes(const Table& kernels, const Rebuilt& sizes);

/// Packed halves: `left` for each a (or each c) its rows (c, or a), `right` as panels.
struct Halves {
  const float* left;
  const float* right;
};
/// `outputs`: for strips of outputs, as y = W x takes them; else of inputs, for dx = W^T dy. `left`
/// is [a, c, r], `right` [r, b, d], contiguous.
Halves pack_halves(const Table& kernels, const Rebuilt& sizes, const float* left,
                   const float* right, bool outputs, const Room& room);

/// How many strips there are, for outputs or inputs: shares of one call are independent.
std::int64_t strip_count(const Table& kernels, const Rebuilt& sizes, bool outputs);

/// Strips begin..end-1 of y [rows, outs] = x W^T (or of dx [rows, ins] = dy W: `outputs` false).
void apply_strips(const Table& kernels, const Rebuilt& sizes, const Halves& halves, bool outputs,
                  const float* x, std::int64_t rows, float* y, std::int64_t begin, std::int64_t end,
                  const Room& room);

/// dy [rows, outs] as gradient_strips() takes it.
const float* pack_gradient(const Table& kernels, const Rebuilt& sizes, const float* dy,
                           std::int64_t rows, const Room& room);

/// Strips begin..end-1 of inputs of dy^T x, where the product of the halves has them:
/// [(a c), (b d)].
void gradient_strips(const Table& kernels, const Rebuilt& sizes, const float* x,
                     const float* packed_dy, std::int64_t rows, float* gradient, std::int64_t begin,
                     std::int64_t end, const Room& room);

}  // namespace ranklens::tn::panels

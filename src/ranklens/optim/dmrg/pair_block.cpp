#include "ranklens/optim/dmrg/pair_block.h"

#include <algorithm>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>

#include "ranklens/optim/dmrg/side.h"
#include "ranklens/tn/linalg/row_sets.h"
#include "ranklens/tn/linalg/tall.h"

namespace ranklens::optim {
namespace {

/// Numbers of the largest intermediate result of a part of the samples.
constexpr std::int64_t kPartNumbers = 1 << 20;

/// Calls `part(from, length)` for so many samples at a time as have `columns` numbers each.
template <class Part>
void in_parts(std::int64_t samples, std::int64_t columns, const Part& part) {
  const auto rows = std::max<std::int64_t>(32, kPartNumbers / std::max<std::int64_t>(1, columns));
  for (std::int64_t from = 0; from < samples; from += rows) {
    part(from, std::min(rows, samples - from));
  }
}

bool labelled(const at::Tensor& side) { return side.dim() == 3; }

/// The side that has the label, the other one, and which of them is the left.
struct Sides {
  const at::Tensor& with_label;
  const at::Tensor& plain;
  bool left;
};

Sides sides_of(const PairBlock& block) {
  if (labelled(block.left)) return {block.left, block.right, true};
  return {block.right, block.left, false};
}

void values_beyond(const Sides& sides, const at::Tensor& matrix, at::Tensor& found) {
  const auto towards = sides.left ? matrix.t() : matrix;
  in_parts(found.size(0), sides.with_label.size(1) * sides.with_label.size(2),
           [&](std::int64_t from, std::int64_t length) {
             const auto met = tn::tall_times(sides.plain.narrow(0, from, length), towards);
             found.narrow(0, from, length)
                 .copy_(tn::set_products(sides.with_label.narrow(0, from, length), met));
           });
}

at::Tensor adjoint_beyond(const Sides& sides, const at::Tensor& values) {
  const auto width = sides.with_label.size(2), other = sides.plain.size(1);
  auto sum = at::zeros({width, other}, values.options());
  in_parts(values.size(0), sides.with_label.size(1) * width,
           [&](std::int64_t from, std::int64_t length) {
             const auto met = tn::set_sums(sides.with_label.narrow(0, from, length),
                                           values.narrow(0, from, length));
             sum.add_(tn::tall_gram(met, sides.plain.narrow(0, from, length)));
           });
  return sides.left ? sum : sum.t();
}

}  // namespace

void values_into(const PairBlock& block, const at::Tensor& pair, at::Tensor found) {
  if (labelled(block.left) || labelled(block.right)) {
    values_beyond(sides_of(block), pair.squeeze(1), found);
    return;
  }
  const auto p = pair.size(0), classes = pair.size(1), q = pair.size(2);
  const auto matrix = pair.reshape({p, classes * q});
  in_parts(found.size(0), classes * q, [&](std::int64_t from, std::int64_t length) {
    const auto met = at::matmul(block.left.narrow(0, from, length), matrix);
    found.narrow(0, from, length)
        .copy_(
            tn::set_products(met.view({length, classes, q}), block.right.narrow(0, from, length)));
  });
}

at::Tensor adjoint(const PairBlock& block, const at::Tensor& values) {
  if (labelled(block.left) || labelled(block.right)) {
    return adjoint_beyond(sides_of(block), values).unsqueeze(1);
  }
  const auto p = block.left.size(1), classes = values.size(1), q = block.right.size(1);
  auto sum = at::zeros({p, classes * q}, values.options());
  in_parts(values.size(0), classes * q, [&](std::int64_t from, std::int64_t length) {
    const auto spread =
        row_products(values.narrow(0, from, length), block.right.narrow(0, from, length));
    sum.addmm_(block.left.narrow(0, from, length).t(), spread);
  });
  return sum.view({p, classes, q});
}

double operations(const PairBlock& block, std::int64_t classes) {
  const auto samples = static_cast<double>(block.left.size(0));
  const auto p = static_cast<double>(block.left.size(-1)),
             q = static_cast<double>(block.right.size(-1)), c = static_cast<double>(classes);
  if (labelled(block.left)) return 2 * samples * (p * q + c * p);
  if (labelled(block.right)) return 2 * samples * (p * q + c * q);
  return 2 * samples * c * p * q;
}

}  // namespace ranklens::optim

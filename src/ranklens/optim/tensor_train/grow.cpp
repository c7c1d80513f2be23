#include "ranklens/optim/tensor_train/grow.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/mm.h>

#include "ranklens/base/error.h"
#include "ranklens/optim/low_rank/orthonormalise.h"
#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::optim {
namespace {

/// Columns of a sketch beyond the directions that are wanted.
constexpr std::int64_t kOversampling = 8;

/// The basis [r n, r'] of a core to the left of a bond.
at::Tensor left_basis(const tn::TangentSpace& space, std::size_t bond) {
  const auto& core = space.left[bond];
  return core.reshape({-1, core.size(2)});
}

/// The basis [n' r'', r'] of the core to the right of it.
at::Tensor right_basis(const tn::TangentSpace& space, std::size_t bond) {
  const auto& core = space.right[bond + 1];
  return core.reshape({core.size(0), -1}).t();
}

/// Directions free beside the core to the left of a bond, and beside the one to its right.
std::pair<std::int64_t, std::int64_t> free_on_sides(const tn::TangentSpace& space,
                                                    std::size_t bond) {
  const auto left = left_basis(space, bond), right = right_basis(space, bond);
  return {left.size(0) - left.size(1), right.size(0) - right.size(1)};
}

std::int64_t free_beside(const tn::TangentSpace& space, std::size_t bond) {
  const auto [left, right] = free_on_sides(space, bond);
  return std::min(left, right);
}

/// The gradient with respect to b[bond], the last rows and the first columns of core bond + 1.
at::Tensor gradient_of_b(const tn::TangentSpace& space, const std::vector<at::Tensor>& gradients,
                         std::size_t bond, std::int64_t count) {
  const auto& like = space.right[bond + 1];
  const auto& gradient = gradients[bond + 1];
  if (!gradient.defined()) return like.new_zeros({count, like.size(1), like.size(2)});
  return gradient.narrow(0, gradient.size(0) - count, count).narrow(2, 0, like.size(2));
}

/// With respect to a[bond], the last columns of core `bond` in the rows of left[bond].
at::Tensor gradient_of_a(const tn::TangentSpace& space, const std::vector<at::Tensor>& gradients,
                         std::size_t bond, std::int64_t count) {
  const auto& like = space.left[bond];
  const auto& gradient = gradients[bond];
  if (!gradient.defined()) return like.new_zeros({like.size(0), like.size(1), count});
  return gradient.narrow(0, bond == 0 ? 0 : like.size(0), like.size(0))
      .narrow(2, gradient.size(2) - count, count);
}

}  // namespace

tn::Shape free_directions(const tn::TangentSpace& space, std::int64_t most, std::int64_t cap) {
  tn::Shape counts;
  for (std::size_t bond = 0; bond + 1 < space.left.size(); ++bond) {
    const auto below_cap = std::max<std::int64_t>(0, cap - space.left[bond].size(2));
    counts.push_back(std::min({most, free_beside(space, bond), below_cap}));
  }
  return counts;
}

std::vector<at::Tensor> with_normal(std::vector<at::Tensor> cores, const NormalPart& part) {
  base::require(part.a.size() + 1 == cores.size() && part.b.size() == part.a.size(),
                "a normal part of {} bonds for a train of {} cores", part.a.size(), cores.size());
  for (std::size_t k = 0; k < cores.size(); ++k) {
    auto& core = cores[k];
    if (k + 1 < cores.size()) {
      const auto& a = part.a[k];
      const auto above = a.new_zeros({core.size(0) - a.size(0), a.size(1), a.size(2)});
      core = at::cat({core, at::cat({above, a}, 0)}, 2);
    }
    if (k > 0) {
      const auto& b = part.b[k - 1];
      const auto beside = b.new_zeros({b.size(0), b.size(1), core.size(2) - b.size(2)});
      core = at::cat({core, at::cat({b, beside}, 2)}, 0);
    }
  }
  return cores;
}

NormalPart random_left(const tn::TangentSpace& space, const tn::Shape& wanted,
                       base::Stream stream) {
  NormalPart part;
  for (std::size_t bond = 0; bond < wanted.size(); ++bond) {
    const auto& core = space.left[bond];
    const auto& next = space.right[bond + 1];
    const auto basis = left_basis(space, bond);
    const auto width =
        wanted[bond] > 0 ? std::min(wanted[bond] + kOversampling, free_beside(space, bond)) : 0;
    auto columns = basis.new_empty({basis.size(0), 0});
    if (width > 0) {
      const auto noise = stream.normal({basis.size(0), width}, 0, 1, at::kDouble);
      columns = complement(basis, noise.to(basis.options()));
    }
    part.a.push_back(columns.reshape({core.size(0), core.size(1), width}));
    part.b.push_back(next.new_zeros({width, next.size(1), next.size(2)}));
  }
  return part;
}

NormalPart spanned_right(const tn::TangentSpace& space, const NormalPart& sketch,
                         const std::vector<at::Tensor>& gradients) {
  NormalPart part;
  for (std::size_t bond = 0; bond < sketch.a.size(); ++bond) {
    const auto& b = sketch.b[bond];
    const auto count = b.size(0);
    part.a.push_back(sketch.a[bond].new_zeros(sketch.a[bond].sizes()));
    if (count == 0) {
      part.b.push_back(b);
      continue;
    }
    const auto rows = gradient_of_b(space, gradients, bond, count).reshape({count, -1});
    const auto columns = complement(right_basis(space, bond), rows.t());
    part.b.push_back(columns.t().reshape(b.sizes()));
  }
  return part;
}

NormalPart leading_normal(const tn::TangentSpace& space, const NormalPart& right,
                          const std::vector<at::Tensor>& gradients, const tn::Shape& wanted) {
  NormalPart part;
  for (std::size_t bond = 0; bond < wanted.size(); ++bond) {
    const auto& a = right.a[bond];
    const auto& b = right.b[bond];
    const auto count = b.size(0);
    if (count == 0) {
      part.a.push_back(a);
      part.b.push_back(b);
      continue;
    }
    const auto basis = left_basis(space, bond);
    auto merged = gradient_of_a(space, gradients, bond, count).reshape({-1, count});
    merged = merged - at::mm(basis, at::mm(basis.t(), merged));
    const auto found = tn::factorise(merged);
    const auto kept = std::min(wanted[bond], found.s.size(0));
    const auto rows = found.s.narrow(0, 0, kept).unsqueeze(1) * found.vh.narrow(0, 0, kept);
    part.a.push_back(found.u.narrow(1, 0, kept).reshape({a.size(0), a.size(1), kept}));
    part.b.push_back(at::mm(rows, b.reshape({count, -1})).reshape({kept, b.size(1), b.size(2)}));
  }
  return part;
}

NormalPart operator*(double factor, const NormalPart& part) {
  NormalPart out{part.a, {}};
  for (const auto& b : part.b) out.b.push_back(factor * b);
  return out;
}

double squared_norm(const NormalPart& part) {
  double sum = 0;
  for (const auto& b : part.b) sum += std::pow(tn::frobenius(b), 2);
  return sum;
}

std::int64_t dimension(const tn::TangentSpace& space, const NormalPart& part) {
  std::int64_t sum = 0;
  for (std::size_t bond = 0; bond < part.a.size(); ++bond) {
    const auto [left, right] = free_on_sides(space, bond);
    const auto gained = part.a[bond].size(2);
    sum += gained * (left + right - gained);
  }
  return sum;
}

}  // namespace ranklens::optim

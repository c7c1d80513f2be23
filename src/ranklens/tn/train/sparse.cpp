#include "ranklens/tn/train/sparse.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/_unique2.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/linalg/sketch.h"

namespace ranklens::tn {
namespace {

/// The distinct tails (i_k, ..., i_d) of the coordinates: the first index of each, and the number
/// of its tail without it.
struct Tails {
  at::Tensor first, rest;  // int64 [count]
  std::int64_t count = 1;
};

struct Suffixes {
  std::vector<Tails> tails;  // of mode k and after
  at::Tensor of_entry;       // the number of each coordinate's whole tail
};

Suffixes suffixes(const at::Tensor& indices, const Shape& shape) {
  Suffixes result;
  result.tails.resize(shape.size());
  auto number = at::zeros({indices.size(0)}, indices.options());
  std::int64_t count = 1;
  for (auto k = shape.size(); k > 0; --k) {
    const auto key = indices.select(1, static_cast<std::int64_t>(k) - 1) * count + number;
    const auto [keys, inverse, counts] = at::_unique2(key, true, true, false);
    result.tails[k - 1] = {keys.floor_divide(count), keys.remainder(count), keys.size(0)};
    number = inverse;
    count = keys.size(0);
  }
  result.of_entry = std::move(number);
  return result;
}

/// An unfolding [(r, n), tails of the next mode], of which only some columns (per index i of the
/// mode) are not zero: `values` [r, tails of this mode].
struct SparseUnfolding {
  const at::Tensor& values;
  std::vector<at::Tensor> columns, targets;  // for each used i: columns of values; their tails
  std::vector<std::int64_t> used;            // the i
  std::int64_t modes = 0, tails = 0;

  SparseUnfolding(const at::Tensor& from, const Tails& now, std::int64_t n, std::int64_t next)
      : values(from), modes(n), tails(next) {
    // Sorted by the key, so by the first index: each i has one run of columns.
    const auto [first, inverse, counts] = at::_unique2(now.first, true, false, true);
    std::int64_t at = 0;
    for (std::int64_t i = 0; i < first.size(0); ++i) {
      const auto length = counts[i].item<std::int64_t>();
      used.push_back(first[i].item<std::int64_t>());
      columns.push_back(from.narrow(1, at, length));
      targets.push_back(now.rest.narrow(0, at, length));
      at += length;
    }
  }

  std::int64_t rows() const { return values.size(0) * static_cast<std::int64_t>(used.size()); }

  /// The unfolding's rows that are not zero, [used, r] slow to fast, times omega [tails, width].
  at::Tensor times(const at::Tensor& omega) const {
    std::vector<at::Tensor> parts;
    for (std::size_t i = 0; i < used.size(); ++i) {
      parts.push_back(at::mm(columns[i], omega.index_select(0, targets[i])));
    }
    return at::cat(parts, 0);
  }

  /// q^H times the unfolding, q [rows, width].
  at::Tensor projected(const at::Tensor& q) const {
    const auto r = values.size(0);
    auto result = at::zeros({q.size(1), tails}, values.options());
    for (std::size_t i = 0; i < used.size(); ++i) {
      const auto part = q.narrow(0, static_cast<std::int64_t>(i) * r, r);
      result.index_add_(1, targets[i], at::mm(part.mH(), columns[i]));
    }
    return result;
  }

  /// q [used r, width] as a core [r, n, width].
  at::Tensor core(const at::Tensor& q) const {
    const auto r = values.size(0), width = q.size(1);
    auto result = at::zeros({r, modes, width}, values.options());
    const auto places = at::tensor(used, at::kLong).to(values.device());
    result.index_copy_(1, places, q.reshape({-1, r, width}).transpose(0, 1));
    return result;
  }
};

/// An orthonormal basis of the columns up to `tolerance`, not of the lowest rank.
at::Tensor rough_basis(const SparseUnfolding& matrix, double tolerance, std::int64_t bound) {
  base::Stream stream(0, "noise", "tn.sparse");
  const auto most = std::min(matrix.rows(), matrix.tails);
  bound = std::min(bound, most);
  const double norm = frobenius(matrix.values);
  std::int64_t width = bound < most ? std::min(most, bound + 8) : std::min<std::int64_t>(most, 32);
  while (true) {
    if (width >= matrix.rows()) return at::eye(matrix.rows(), matrix.values.options());
    auto q = std::get<0>(at::linalg_qr(
        matrix.times(gaussian(stream, {matrix.tails, width}, matrix.values.options())), "reduced"));
    const double kept = frobenius(matrix.projected(q));
    if (width >= most || norm * norm - kept * kept <= 0.25 * tolerance * tolerance) return q;
    if (width >= bound + 8) {  // bound by the rank: a power step brings the best directions in
      return std::get<0>(at::linalg_qr(matrix.times(matrix.projected(q).mH()), "reduced"));
    }
    width = std::min(2 * width, most);
  }
}

}  // namespace

Approximation from_coordinates(const at::Tensor& indices, const at::Tensor& values,
                               const Shape& shape, const Closeness& closeness) {
  const auto d = shape.size();
  base::require(!shape.empty(), "a tensor train needs at least one mode");
  base::require(indices.defined() && indices.dim() == 2 && indices.scalar_type() == at::kLong &&
                    indices.size(1) == static_cast<std::int64_t>(d),
                "coordinates must be int64 [count, {}]", d);
  base::require(values.defined() && values.dim() == 1 && values.size(0) == indices.size(0),
                "{} coordinates need as many values", indices.size(0));
  check_values(values, "the list of values");
  for (const auto n : shape) base::require(n >= 1, "modes must be at least 1, not {}", n);
  const auto limits = at::tensor(shape, at::kLong).to(indices.device());
  base::require((indices.ge(0) & indices.lt(limits)).all().item<bool>(),
                "a coordinate lies outside the shape {}", text(shape));
  const auto bounds = rank_bounds(closeness, shape);
  const auto known = suffixes(indices, shape);
  auto rest = at::zeros({1, known.tails[0].count}, values.options());
  rest.index_add_(1, known.of_entry, values.unsqueeze(0));
  const double norm = frobenius(rest);
  const double eps = std::max(closeness.eps, 4 * machine_epsilon(values.scalar_type()));
  Budget budget{std::pow(eps * norm, 2), static_cast<std::int64_t>(d) - 1};
  Approximation result;
  for (std::size_t k = 0; k + 1 < d; ++k) {
    const SparseUnfolding matrix(rest, known.tails[k], shape[k], known.tails[k + 1].count);
    const double before = frobenius(rest);
    const auto basis = rough_basis(matrix, budget.next(), bounds[k]);
    const auto inside = matrix.projected(basis);
    const double kept = frobenius(inside);
    const double lost = std::max(0.0, before * before - kept * kept);
    const bool whole = basis.size(0) == basis.size(1);
    const double spent = whole ? 0 : lost;
    const double left = std::sqrt(std::max(0.0, std::pow(budget.next(), 2) - spent));
    auto found = split(inside, {left, bounds[k]}, closeness.factoriser);
    result.train.cores.push_back(matrix.core(at::mm(basis, found.q)));
    const double discarded = std::sqrt(spent + found.discarded * found.discarded);
    budget.spend(discarded);
    result.cuts.push_back({static_cast<std::int64_t>(k), found.q.size(1), discarded, found.values,
                           found.discarded_values});
    rest = found.rest;
  }
  auto last = at::zeros({rest.size(0), shape.back()}, values.options());
  last.index_add_(1, known.tails.back().first, rest);
  result.train.cores.push_back(last.unsqueeze(2));
  result.train.centre = static_cast<std::int64_t>(d) - 1;
  double squared = 0;
  for (const auto& cut : result.cuts) squared += cut.discarded * cut.discarded;
  result.error = norm > 0 ? std::sqrt(squared) / norm : 0;
  return result;
}

}  // namespace ranklens::tn

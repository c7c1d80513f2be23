#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_cholesky_ex.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/real.h>
#include <ATen/ops/tensor.h>

#include "ranklens/tn/linalg/kernels.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/round_methods.h"

namespace ranklens::tn::rounding {
namespace {

at::Tensor rows_of(const at::Tensor& core) { return core.reshape({-1, core.size(2)}); }
at::Tensor columns_of(const at::Tensor& core) { return core.reshape({core.size(0), -1}); }

void to_unit(at::Tensor& tensor) {
  const double norm = frobenius(tensor);
  if (norm > 0) tensor = tensor / norm;
}

/// grams[k] = V V^H up to a factor, V [r, ...] being the product of cores k and after.
std::vector<at::Tensor> right_grams(const std::vector<at::Tensor>& cores) {
  const auto wide = widened(cores[0].scalar_type());
  std::vector<at::Tensor> grams(cores.size() + 1);
  grams.back() = at::ones({1, 1}, cores[0].options().dtype(wide));
  for (auto k = cores.size() - 1; k > 0; --k) {
    const auto core = cores[k].to(wide);
    const auto product = at::mm(rows_of(core), grams[k + 1]).reshape({core.size(0), -1});
    grams[k] = at::mm(product, columns_of(core).mH());
    to_unit(grams[k]);
  }
  return grams;
}

/// The left singular vectors of c V, given g = V V^H: those of c g c^H, or by way of a root of g
/// where c has many rows.
struct LeftGram {
  at::Tensor square;  // c g c^H, or its equal on the other side
  at::Tensor root;    // c times a root of g, if on the other side
};

LeftGram left_gram(const at::Tensor& c, const at::Tensor& g) {
  if (c.size(0) <= 2 * c.size(1)) return {at::mm(at::mm(c, g), c.mH()), {}};
  auto [factor, info] = at::linalg_cholesky_ex(g);
  if (info.item<int>() != 0) {
    const auto inside = kernels::eigen(g);
    factor = inside.vectors * at::tensor(inside.values, at::kDouble).sqrt().to(c.device());
  }
  const auto root = at::mm(c, factor);
  return {at::mm(root.mH(), root), root};
}

/// What one bond keeps, with the squared norm before it counting as `kept`.
struct Kept {
  at::Tensor basis;
  double discarded = 0;  // squared
  at::Tensor values;     // all singular values, where they were computed
};

std::optional<Kept> keep(const LeftGram& gram, const Truncation& truncation, double kept) {
  const auto finish = [&](const at::Tensor& vectors) {
    if (!gram.root.defined()) return vectors;
    return std::get<0>(at::linalg_qr(at::mm(gram.root, vectors), "reduced"));
  };
  const bool resolved = truncation.tolerance >= kernels::gram_floor;
  const auto all = gram.square.diagonal().sum();
  const double trace = (all.is_complex() ? at::real(all) : all).item<double>();
  if (!(trace > 0)) return std::nullopt;  // zero, or lost below the range
  const bool bound = truncation.max_rank < gram.square.size(0);
  if (!resolved && bound) {
    if (const auto found = kernels::leading(gram.square, truncation.max_rank)) {
      return Kept{finish(found->basis), found->rest * kept / trace, {}};
    }
  }
  auto [squares, vectors] = kernels::eigen(gram.square);
  for (auto& square : squares) square *= kept / trace;
  const auto rank = kernels::rank_for(squares, truncation);
  const bool whole = rank == static_cast<std::int64_t>(squares.size());
  const double least = kernels::gram_floor * kernels::gram_floor * squares[0];
  const bool small = squares[static_cast<std::size_t>(rank - 1)] < least;
  if (!resolved && !whole && (small || rank < truncation.max_rank)) return std::nullopt;
  double discarded = 0;
  for (auto i = static_cast<std::size_t>(rank); i < squares.size(); ++i) discarded += squares[i];
  return Kept{finish(vectors.narrow(1, 0, rank)), discarded,
              at::tensor(squares, at::kDouble).sqrt()};
}

}  // namespace

std::optional<Approximation> by_gram(const TensorTrain& train, const Bounds& bounds) {
  const auto bonds = static_cast<std::int64_t>(train.cores.size()) - 1;
  auto work = train;
  for (std::size_t k = 0; k < work.cores.size(); ++k) {
    normalise_core(work, static_cast<std::int64_t>(k));
  }
  const auto grams = right_grams(work.cores);
  Approximation result{{{}, bonds, work.log_scale}, 0, {}};
  Budget budget{bounds.eps * bounds.eps, bonds};  // the norm counts as 1 all along
  auto centre = work.cores[0];
  double kept = 1;
  double log_norm = 0;  // of the train, in units of `centre`, as found at the first bond
  for (std::int64_t k = 0; k < bonds; ++k) {
    const auto c = rows_of(centre);
    const auto gram = left_gram(c.to(grams[k + 1].scalar_type()), grams[k + 1]);
    const auto found = keep(gram, {budget.next(), bounds.ranks[k]}, kept);
    if (!found) return std::nullopt;
    const auto q = found->basis.to(centre.scalar_type());
    const auto rank = q.size(1);
    Cut cut{k, rank, std::sqrt(found->discarded), {}, {}};
    if (found->values.defined()) {
      cut.values = found->values.narrow(0, 0, rank);
      cut.discarded_values = found->values.narrow(0, rank, found->values.size(0) - rank);
    }
    budget.spend(cut.discarded);
    kept -= found->discarded;
    result.cuts.push_back(std::move(cut));
    result.train.cores.push_back(q.reshape({centre.size(0), centre.size(1), rank}));
    const auto& next = work.cores[k + 1];
    centre = at::mm(at::mm(q.mH(), c), columns_of(next)).reshape({rank, next.size(1), -1});
    const double norm = frobenius(centre);
    if (!(norm > 0)) return std::nullopt;
    centre = centre / norm;
    log_norm += std::log(norm);
  }
  // In units in which the norm before rounding is 1.
  const double remaining = std::sqrt(std::max(kept, 0.0));
  result.train.cores.push_back(centre * remaining);
  result.train.log_scale += log_norm - std::log(remaining);
  result.error = relative_error(result.cuts, 1);
  return result;
}

}  // namespace ranklens::tn::rounding

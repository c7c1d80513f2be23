#include "ranklens/tn/train/decompose.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/mm.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/linalg/kernels.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/make.h"
#include "ranklens/tn/train/rank_bounds.h"

namespace ranklens::tn {
namespace {

// Leading modes are taken together up to this size: eigenvectors of a matrix this small cost less
// than another pass over the tensor.
constexpr std::int64_t kGroup = 64;

/// A tensor on its way to a train: what is split off so far, and the rest, [rank, remaining modes].
struct Peeling {
  std::vector<at::Tensor> cores;
  at::Tensor rest;
  Shape modes;   // of all cores
  Shape bounds;  // d - 1 ranks
  Budget budget;
  Factoriser factoriser = Factoriser::automatic;
  std::vector<Cut> cuts;

  std::size_t next() const { return cores.size(); }
};

/// Splits one mode off the rest.
void peel(Peeling& state) {
  const auto k = state.next();
  const auto left = state.rest.size(0);
  const auto found = split(state.rest.reshape({left * state.modes[k], -1}),
                           {state.budget.next(), state.bounds[k]}, state.factoriser);
  const auto rank = found.q.size(1);
  state.cores.push_back(found.q.reshape({left, state.modes[k], rank}));
  state.rest = found.rest;
  state.budget.spend(found.discarded);
  state.cuts.push_back(
      {static_cast<std::int64_t>(k), rank, found.discarded, found.values, found.discarded_values});
}

/// How many leading modes to treat together.
std::size_t group_size(const Peeling& state) {
  std::int64_t rows = 1;
  std::size_t count = 0;
  while (count + 1 < state.modes.size() && rows * state.modes[count] <= kGroup &&
         rows * state.modes[count] * rows * state.modes[count] <= state.rest.numel()) {
    rows *= state.modes[count++];
  }
  return count;
}

/// A square matrix w with w w^H = a a^H, accurate enough for the tolerance and for singular vectors
/// up to the bound.
at::Tensor condensed(const at::Tensor& matrix, double tolerance, std::int64_t bound) {
  const auto accurate = [&] { return std::get<1>(at::linalg_qr(matrix.mH(), "r")).mH(); };
  const bool resolved = tolerance >= kernels::gram_floor * frobenius(matrix);
  if (!resolved && bound >= matrix.size(0)) return accurate();
  const auto [squares, vectors] = kernels::eigen(kernels::gram(matrix));
  const double least = kernels::gram_floor * kernels::gram_floor * squares.front();
  if (!resolved && squares[static_cast<std::size_t>(bound - 1)] < least) return accurate();
  auto w = vectors.clone();
  for (std::size_t i = 0; i < squares.size(); ++i) {
    w.select(1, static_cast<std::int64_t>(i)).mul_(std::sqrt(squares[i]));
  }
  return w;
}

/// Left singular vectors do not change when a matrix is replaced by one of the same Gram matrix: so
/// the leading modes are peeled off a small tensor, and the large one is read twice, not once a
/// mode.
void peel_group(Peeling& state, std::size_t count) {
  std::int64_t rows = 1;
  for (std::size_t k = 0; k < count; ++k) rows *= state.modes[k];
  const auto matrix = state.rest.reshape({rows, -1});
  const auto dtype = matrix.scalar_type();
  auto small = state;
  small.rest = condensed(matrix, state.budget.next(), state.bounds[count - 1]).reshape({1, -1});
  while (small.next() < count) peel(small);
  at::Tensor basis;
  for (auto& core : small.cores) {
    const auto flat = core.reshape({core.size(0), -1});
    basis = basis.defined() ? at::mm(basis, flat) : flat;
    basis = basis.reshape({-1, core.size(2)});
    core = core.to(dtype);
  }
  state = std::move(small);
  state.rest = at::mm(basis.to(dtype).mH(), matrix);
}

bool from_right(const at::Tensor& tensor, const Shape& bounds) {
  const auto shrink = [](std::int64_t mode, std::int64_t bound) {
    return static_cast<double>(std::min(mode, bound)) / static_cast<double>(mode);
  };
  const double left = shrink(tensor.size(0), bounds.front());
  const double right = shrink(tensor.size(-1), bounds.back());
  return right < left || (right == left && tensor.size(-1) < tensor.size(0));
}

/// The train of the tensor with its modes in reverse order, turned round.
void reverse(Peeling& state) {
  std::reverse(state.cores.begin(), state.cores.end());
  for (auto& core : state.cores) core = core.permute({2, 1, 0}).contiguous();
  std::reverse(state.cuts.begin(), state.cuts.end());
  const auto last = static_cast<std::int64_t>(state.cores.size()) - 2;
  for (auto& cut : state.cuts) cut.bond = last - cut.bond;
}

void peel_all(Peeling& state) {
  const auto count = state.rest.requires_grad() ? 0 : group_size(state);
  if (count > 1 && state.factoriser == Factoriser::automatic) peel_group(state, count);
  while (state.next() + 1 < state.modes.size()) peel(state);
  state.cores.push_back(state.rest.reshape({state.rest.size(0), state.modes.back(), 1}));
}

/// From what the cuts discarded, whose squares add up. Below the floor of Gram matrices these are
/// differences that rounding has eaten: there the residual is written out.
double error_of(const Approximation& found, const at::Tensor& tensor, double norm) {
  double squared = 0;
  for (const auto& cut : found.cuts) squared += cut.discarded * cut.discarded;
  const double error = std::sqrt(squared) / norm;
  if (error > kernels::gram_floor) return error;
  const at::NoGradGuard no_gradients;
  return frobenius(full(found.train) - tensor) / norm;
}

}  // namespace

Shape rank_bounds(const Closeness& closeness, const Shape& modes) {
  base::require(closeness.eps >= 0 && std::isfinite(closeness.eps),
                "eps must be a number not below 0, not {}", closeness.eps);
  const auto& asked = closeness.ranks;
  base::require(asked.size() <= 1 || asked.size() + 1 == modes.size(),
                "{} cores have {} bonds, but {} ranks are given", modes.size(), modes.size() - 1,
                asked.size());
  return bounds_within(asked, most_bond_ranks(modes), "bond");
}

Approximation decompose(const at::Tensor& tensor, const Closeness& closeness) {
  check_values(tensor, "the tensor");
  base::require(tensor.dim() >= 1, "a tensor without modes has no tensor train");
  const auto modes = tensor.sizes().vec();
  auto bounds = rank_bounds(closeness, modes);
  const double norm = frobenius(tensor);
  if (modes.size() == 1) return {{{tensor.reshape({1, -1, 1})}, 0, 0}, 0, {}};
  if (norm == 0) return {zeros(modes, tensor.options()), 0, {}};
  const bool turned = from_right(tensor, bounds);
  Peeling state{{}, tensor, modes, std::move(bounds), {}, closeness.factoriser, {}};
  if (turned) {
    Shape order;
    for (auto k = tensor.dim(); k > 0; --k) order.push_back(k - 1);
    state.rest = tensor.permute(order);
    std::reverse(state.modes.begin(), state.modes.end());
    std::reverse(state.bounds.begin(), state.bounds.end());
  }
  // The last core takes the norm; entries whose squares leave the range come as a scale.
  const bool extreme = norm > 0 && (norm > 1e140 || norm < 1e-140);
  const double unit = extreme ? norm : 1;
  state.rest = (extreme ? state.rest / unit : state.rest).reshape({1, -1});
  const double eps = std::max(closeness.eps, 4 * machine_epsilon(tensor.scalar_type()));
  state.budget = {std::pow(eps * norm / unit, 2), static_cast<std::int64_t>(modes.size()) - 1};
  peel_all(state);
  if (turned) reverse(state);
  const auto centre = turned ? 0 : static_cast<std::int64_t>(modes.size()) - 1;
  Approximation out{{std::move(state.cores), centre, 0}, 0, std::move(state.cuts)};
  out.error = error_of(out, extreme ? tensor / unit : tensor, norm / unit);
  out.train.log_scale = std::log(unit);
  return out;
}

at::Tensor interleaved(const at::Tensor& matrix, const Shape& rows, const Shape& columns) {
  base::require(matrix.defined() && matrix.dim() == 2, "only a matrix has row and column modes");
  base::require(!rows.empty() && rows.size() == columns.size(),
                "{} row modes and {} column modes: a TT matrix needs as many of each", rows.size(),
                columns.size());
  const auto d = static_cast<std::int64_t>(rows.size());
  double m = 1, n = 1;  // products that integers need not hold
  for (std::int64_t k = 0; k < d; ++k) {
    base::require(rows[k] > 0 && columns[k] > 0, "modes must be at least 1");
    m *= static_cast<double>(rows[k]);
    n *= static_cast<double>(columns[k]);
  }
  base::require(
      m == static_cast<double>(matrix.size(0)) && n == static_cast<double>(matrix.size(1)),
      "modes {} and {} do not give a matrix of shape {}", text(rows), text(columns),
      text(matrix.sizes().vec()));
  Shape sizes = rows, order, joined;
  sizes.insert(sizes.end(), columns.begin(), columns.end());
  for (std::int64_t k = 0; k < d; ++k) {
    order.insert(order.end(), {k, d + k});
    joined.push_back(rows[k] * columns[k]);
  }
  return matrix.reshape(sizes).permute(order).reshape(joined);
}

MatrixApproximation decompose(const at::Tensor& matrix, const Shape& rows, const Shape& columns,
                              const Closeness& closeness) {
  auto found = decompose(interleaved(matrix, rows, columns), closeness);
  return {split(found.train, rows, columns), found.error, std::move(found.cuts)};
}

}  // namespace ranklens::tn

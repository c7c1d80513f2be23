#include "ranklens/optim/dmrg/local_problem.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cholesky_inverse.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_cholesky_ex.h>
#include <ATen/ops/log.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/nonzero.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::optim {
namespace {

/// [samples] bool: whether a feature is its first number alone.
at::Tensor first_alone(const at::Tensor& feature) {
  if (feature.size(1) == 1) return at::ones({feature.size(0)}, feature.options().dtype(at::kBool));
  return feature.narrow(1, 1, feature.size(1) - 1).eq(0).all(1);
}

/// The part of a pair that a block's samples meet.
at::Tensor met_part(const at::Tensor& pair, bool whole_first, bool whole_second) {
  auto part = pair;
  if (!whole_second) part = part.narrow(3, 0, 1);
  if (!whole_first) part = part.narrow(1, 0, 1);
  return part;
}

/// Features over their largest number, whose logarithm is added to `logs`.
at::Tensor of_size_one(const at::Tensor& feature, at::Tensor& logs) {
  auto size = feature.abs().amax(1);
  size = at::where(size > 0, size, at::ones({}, size.options()));
  logs = logs + at::log(size.to(at::kDouble));
  return feature / size.unsqueeze(1);
}

/// Second moments of a block's rows, [width, width], times how many rows stand for one that is
/// looked at: of `samples` rows (or rows and classes) of all blocks about kLooked are.
at::Tensor some_moments(const at::Tensor& side, std::int64_t samples) {
  constexpr std::int64_t kLooked = 16384;
  const auto each = side.dim() == 3 ? side.size(1) : 1;
  const auto step = std::max<std::int64_t>(1, samples * each / kLooked);
  const auto rows = side.slice(0, 0, at::nullopt, step).flatten(0, -2).to(at::kDouble);
  return at::mm(rows.t(), rows) * static_cast<double>(step);
}

}  // namespace

LocalProblem::LocalProblem(const Side& before, const at::Tensor& first_feature,
                           const at::Tensor& second_feature, const Side& behind,
                           const at::Tensor& targets, double log_scale)
    : sizes_{before.vectors.size(-1), first_feature.size(1),
             is_labelled(before) || is_labelled(behind) ? 1 : targets.size(1),
             second_feature.size(1), behind.vectors.size(-1)} {
  auto logs = before.logs + behind.logs;
  const auto first = of_size_one(first_feature, logs), second = of_size_one(second_feature, logs);
  const double size = at::logsumexp(2 * logs, 0).item<double>() / 2 -
                      std::log(static_cast<double>(targets.size(0))) / 2;
  log_scale_ = log_scale + size;
  const auto scales = at::exp(logs - size).to(first.scalar_type());
  const auto alone_first = first_alone(first), alone_second = first_alone(second);
  std::vector<at::Tensor> order;
  for (const bool whole_first : {false, true}) {
    for (const bool whole_second : {false, true}) {
      const auto rows =
          at::nonzero(alone_first.ne(whole_first) & alone_second.ne(whole_second)).squeeze(1);
      if (rows.size(0) == 0) continue;
      add_block(before, first, second, behind, scales,
                {.left = {}, .right = {}, .whole_first = whole_first, .whole_second = whole_second},
                rows);
      order.push_back(rows);
    }
  }
  targets_ = targets.index_select(0, at::cat(order));
  norm_ = std::sqrt(norm_);
}

void LocalProblem::add_block(const Side& before, const at::Tensor& first, const at::Tensor& second,
                             const Side& behind, const at::Tensor& scales, const PairBlock& kind,
                             const at::Tensor& rows) {
  const auto seen = [&](const at::Tensor& feature, bool whole) {
    const auto chosen = feature.index_select(0, rows);
    return whole ? chosen : chosen.narrow(1, 0, 1);
  };
  const auto left = seen(first, kind.whole_first) * scales.index_select(0, rows).unsqueeze(1);
  PairBlock block{.left = products_before(before.vectors.index_select(0, rows), left),
                  .right = products_behind(seen(second, kind.whole_second),
                                           behind.vectors.index_select(0, rows)),
                  .whole_first = kind.whole_first,
                  .whole_second = kind.whole_second};
  const auto squares = [](const at::Tensor& x) {
    return x.square().flatten(1).sum(1).to(at::kDouble);
  };
  norm_ += (squares(block.left) * squares(block.right)).sum().item<double>();
  blocks_.push_back(std::move(block));
}

at::Tensor LocalProblem::values(const at::Tensor& pair) const {
  auto found = at::empty_like(targets_);
  std::int64_t place = 0;
  for (const auto& block : blocks_) {
    const auto count = block.left.size(0);
    const auto part = met_part(pair, block.whole_first, block.whole_second);
    values_into(block, part.reshape({block.left.size(-1), sizes_[2], block.right.size(-1)}),
                found.narrow(0, place, count));
    place += count;
  }
  return found;
}

at::Tensor LocalProblem::adjoint(const at::Tensor& values) const {
  auto found = at::zeros(sizes_, values.options());
  std::int64_t place = 0;
  for (const auto& block : blocks_) {
    const auto count = block.left.size(0);
    auto part = met_part(found, block.whole_first, block.whole_second);
    part.add_(optim::adjoint(block, values.narrow(0, place, count)).reshape(part.sizes()));
    place += count;
  }
  return found;
}

double LocalProblem::operations() const {
  double sum = 0;
  for (const auto& block : blocks_) sum += optim::operations(block, targets_.size(1));
  return sum;
}

LocalProblem::Moments LocalProblem::moments() const {
  const auto r = sizes_[0], d = sizes_[1], e = sizes_[3], t = sizes_[4];
  const auto options = targets_.options().dtype(at::kDouble);
  auto left = at::zeros({r, d, r, d}, options), right = at::zeros({e, t, e, t}, options);
  const auto samples = targets_.size(0);
  for (const auto& block : blocks_) {
    const auto i = block.whole_first ? d : 1, j = block.whole_second ? e : 1;
    left.narrow(1, 0, i).narrow(3, 0, i).add_(some_moments(block.left, samples).view({r, i, r, i}));
    right.narrow(0, 0, j).narrow(2, 0, j).add_(
        some_moments(block.right, samples).view({j, t, j, t}));
  }
  return {left.view({r * d, r * d}), right.view({e * t, e * t})};
}

double half_mean_square(const at::Tensor& residual) {
  const double norm = tn::frobenius(residual);
  return norm * norm / (2 * static_cast<double>(residual.size(0)));
}

namespace {

/// (moments + damping)^-1, in the type that is worked in.
at::Tensor damped_inverse(const at::Tensor& moments, double damping, at::ScalarType type) {
  const auto size = moments.size(0);
  const double mean = moments.trace().item<double>() / static_cast<double>(size);
  if (!(mean > 0)) return at::eye(size, moments.options().dtype(type));
  const auto even = moments / mean + damping * at::eye(size, moments.options());
  const auto [lower, info] = at::linalg_cholesky_ex(even);
  if (info.item<int>() != 0) return at::eye(size, moments.options().dtype(type));
  return at::cholesky_inverse(lower).to(type);
}

/// What gradients are multiplied by.
class Preconditioner {
 public:
  Preconditioner(const LocalProblem::Moments& moments, double damping, at::ScalarType type) {
    if (!std::isfinite(damping)) return;
    left_ = damped_inverse(moments.left, damping, type);
    right_ = damped_inverse(moments.right, damping, type);
  }
  at::Tensor operator()(const at::Tensor& gradient) const {
    if (!left_.defined()) return gradient;
    const auto half = at::matmul(left_, gradient.reshape({left_.size(0), -1}));
    return at::matmul(half.view({-1, right_.size(0)}), right_).view(gradient.sizes());
  }

 private:
  at::Tensor left_, right_;
};

double product(const at::Tensor& a, const at::Tensor& b) {
  return (a * b).sum(at::kDouble).item<double>();
}

}  // namespace

LocalSolution solve_least_squares(const LocalProblem& problem, const LocalProblem::Moments& moments,
                                  const at::Tensor& start, const LocalOptions& options) {
  const auto values = problem.values(start);
  auto residual = problem.targets() - values;
  LocalSolution found{.pair = start.clone(), .before = half_mean_square(residual)};
  if (found.before > half_mean_square(problem.targets())) {
    const double multiple = product(values, problem.targets()) / std::pow(tn::frobenius(values), 2);
    found.pair.mul_(multiple);
    residual = problem.targets() - multiple * values;
  }
  const Preconditioner preconditioned(moments, options.damping, start.scalar_type());
  at::Tensor direction;
  double size = 0;  // of the last gradient, in the preconditioner's metric, squared
  for (int k = 0; k < options.iterations; ++k) {
    const auto gradient = problem.adjoint(residual);
    if (tn::frobenius(gradient) <= options.tolerance * problem.norm() * tn::frobenius(residual))
      break;
    const auto way = preconditioned(gradient);
    const double next = product(gradient, way);
    direction = k == 0 ? way : way + (next / size) * direction;
    size = next;
    const auto image = problem.values(direction);
    const double length = tn::frobenius(image);
    if (!(length > 0)) break;
    const double step = size / (length * length);
    found.pair.add_(direction, step);
    residual.sub_(image, step);
  }
  found.after = half_mean_square(residual);
  return found;
}

}  // namespace ranklens::optim

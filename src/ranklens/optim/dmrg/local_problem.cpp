#include "ranklens/optim/dmrg/local_problem.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/log.h>
#include <ATen/ops/logsumexp.h>
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

double half_mean_square(const at::Tensor& residual) {
  const double norm = tn::frobenius(residual);
  return norm * norm / (2 * static_cast<double>(residual.size(0)));
}

LocalSolution solve_least_squares(const LocalProblem& problem, const at::Tensor& start,
                                  const LocalOptions& options) {
  const auto values = problem.values(start);
  auto residual = problem.targets() - values;
  LocalSolution found{.pair = start.clone(), .before = half_mean_square(residual)};
  if (found.before > half_mean_square(problem.targets())) {
    const double along = (values * problem.targets()).sum(at::kDouble).item<double>();
    const double multiple = along / std::pow(tn::frobenius(values), 2);
    found.pair.mul_(multiple);
    residual = problem.targets() - multiple * values;
  }
  auto gradient = problem.adjoint(residual);
  auto direction = gradient;
  double size = tn::frobenius(gradient);
  for (int k = 0; k < options.iterations; ++k) {
    if (size <= options.tolerance * problem.norm() * tn::frobenius(residual)) break;
    const auto image = problem.values(direction);
    const double length = tn::frobenius(image);
    if (!(length > 0)) break;
    const double step = (size / length) * (size / length);
    found.pair.add_(direction, step);
    residual.sub_(image, step);
    if (k + 1 == options.iterations) break;
    gradient = problem.adjoint(residual);
    const double next = tn::frobenius(gradient);
    direction = gradient + (next / size) * (next / size) * direction;
    size = next;
  }
  found.after = half_mean_square(residual);
  return found;
}

}  // namespace ranklens::optim

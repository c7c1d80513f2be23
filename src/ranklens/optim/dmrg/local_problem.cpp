#include "ranklens/optim/dmrg/local_problem.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/log.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/nonzero.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::optim {
namespace {

/// Numbers of the largest intermediate result of a part of the samples.
constexpr std::int64_t kPartNumbers = 1 << 20;

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

std::int64_t rows_of_part(std::int64_t columns) {
  return std::max<std::int64_t>(32, kPartNumbers / std::max<std::int64_t>(1, columns));
}

}  // namespace

LocalProblem::LocalProblem(const Side& before, const at::Tensor& first_feature,
                           const at::Tensor& second_feature, const Side& behind,
                           const at::Tensor& targets, double log_scale)
    : sizes_{before.vectors.size(1), first_feature.size(1), targets.size(1), second_feature.size(1),
             behind.vectors.size(1)} {
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
                             const Side& behind, const at::Tensor& scales, const Block& kind,
                             const at::Tensor& rows) {
  const auto seen = [&](const at::Tensor& feature, bool whole) {
    const auto chosen = feature.index_select(0, rows);
    return whole ? chosen : chosen.narrow(1, 0, 1);
  };
  const auto left = seen(first, kind.whole_first) * scales.index_select(0, rows).unsqueeze(1);
  Block block{
      .left = row_products(before.vectors.index_select(0, rows), left),
      .right = row_products(seen(second, kind.whole_second), behind.vectors.index_select(0, rows)),
      .whole_first = kind.whole_first,
      .whole_second = kind.whole_second};
  const auto squares = [](const at::Tensor& x) { return x.square().sum(1).to(at::kDouble); };
  norm_ += (squares(block.left) * squares(block.right)).sum().item<double>();
  blocks_.push_back(std::move(block));
}

at::Tensor LocalProblem::values(const at::Tensor& pair) const {
  const auto classes = sizes_[2];
  auto found = at::empty_like(targets_);
  std::int64_t place = 0;
  for (const auto& block : blocks_) {
    const auto q = block.right.size(1), count = block.left.size(0);
    const auto matrix = met_part(pair, block.whole_first, block.whole_second)
                            .reshape({block.left.size(1), classes * q});
    const auto rows = rows_of_part(classes * q);
    for (std::int64_t from = 0; from < count; from += rows) {
      const auto length = std::min(rows, count - from);
      const auto met = at::matmul(block.left.narrow(0, from, length), matrix);
      auto into = found.narrow(0, place + from, length).unsqueeze(2);
      at::bmm_out(into, met.view({length, classes, q}),
                  block.right.narrow(0, from, length).unsqueeze(2));
    }
    place += count;
  }
  return found;
}

at::Tensor LocalProblem::adjoint(const at::Tensor& values) const {
  const auto classes = sizes_[2];
  auto found = at::zeros(sizes_, values.options());
  std::int64_t place = 0;
  for (const auto& block : blocks_) {
    const auto q = block.right.size(1), count = block.left.size(0);
    auto sum = at::zeros({block.left.size(1), classes * q}, values.options());
    const auto rows = rows_of_part(classes * q);
    for (std::int64_t from = 0; from < count; from += rows) {
      const auto length = std::min(rows, count - from);
      const auto spread =
          row_products(values.narrow(0, place + from, length), block.right.narrow(0, from, length));
      sum.addmm_(block.left.narrow(0, from, length).t(), spread);
    }
    auto part = met_part(found, block.whole_first, block.whole_second);
    part.add_(sum.view(part.sizes()));
    place += count;
  }
  return found;
}

double LocalProblem::operations() const {
  double sum = 0;
  for (const auto& block : blocks_) {
    sum += 2 * static_cast<double>(block.left.numel()) *
           static_cast<double>(sizes_[2] * block.right.size(1));
  }
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

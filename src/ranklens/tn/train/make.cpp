#include "ranklens/tn/train/make.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/linalg/sketch.h"
#include "ranklens/tn/train/algebra.h"

namespace ranklens::tn {
namespace {

void check_shape(const Shape& shape) {
  base::require(!shape.empty(), "a tensor train needs at least one mode");
  for (const auto n : shape) base::require(n >= 1, "modes must be at least 1, not {}", n);
}

/// Ranks no larger than the modes on either side allow.
void cap(Shape& ranks, const Shape& modes) {
  std::int64_t left = 1, right = 1;
  const auto bonds = ranks.size();
  for (std::size_t k = 0; k < bonds; ++k) {
    left = ranks[k] = std::min(ranks[k], left * modes[k]);
    auto& other = ranks[bonds - 1 - k];
    right = other = std::min(other, right * modes[bonds - k]);
  }
}

}  // namespace

TensorTrain random(base::Stream& stream, const Shape& shape, const RandomTrain& options) {
  check_shape(shape);
  base::require(options.deviation > 0 && std::isfinite(options.deviation),
                "the standard deviation of entries must be above 0, not {}", options.deviation);
  const auto d = shape.size();
  auto ranks = options.ranks;
  for (const auto rank : ranks) base::require(rank >= 1, "a rank must be at least 1, not {}", rank);
  if (ranks.size() <= 1) ranks.assign(d - 1, ranks.empty() ? 1 : ranks[0]);
  base::require(ranks.size() == d - 1, "{} modes have {} bonds, but {} ranks are given", d, d - 1,
                ranks.size());
  if (options.cap_ranks) cap(ranks, shape);
  double log_deviation = std::log(options.deviation);
  for (const auto rank : ranks) log_deviation -= 0.5 * std::log(static_cast<double>(rank));
  const double deviation = std::exp(log_deviation / static_cast<double>(d));
  TensorTrain train;
  for (std::size_t k = 0; k < d; ++k) {
    const auto left = k == 0 ? 1 : ranks[k - 1], right = k + 1 == d ? 1 : ranks[k];
    train.cores.push_back(gaussian(stream, {left, shape[k], right}, options.dtype) * deviation);
  }
  return train;
}

TTMatrix random(base::Stream& stream, const Shape& rows, const Shape& columns,
                const RandomTrain& options) {
  base::require(rows.size() == columns.size(),
                "{} row modes and {} column modes: a TT matrix needs as many of each", rows.size(),
                columns.size());
  Shape modes;
  for (std::size_t k = 0; k < rows.size(); ++k) modes.push_back(rows[k] * columns[k]);
  return split(random(stream, modes, options), rows, columns);
}

TensorTrain zeros(const Shape& shape, const at::TensorOptions& options) {
  check_shape(shape);
  TensorTrain train;
  for (const auto n : shape) train.cores.push_back(at::zeros({1, n, 1}, options));
  return train;
}

TensorTrain ones(const Shape& shape, const at::TensorOptions& options) {
  check_shape(shape);
  TensorTrain train;
  for (const auto n : shape) train.cores.push_back(at::ones({1, n, 1}, options));
  return train;
}

TensorTrain delta(const Shape& shape, const Shape& index, const at::TensorOptions& options) {
  auto train = zeros(shape, options);
  base::require(index.size() == shape.size(), "an index of {} numbers into a tensor of {} modes",
                index.size(), shape.size());
  for (std::size_t k = 0; k < shape.size(); ++k) {
    base::require(index[k] >= 0 && index[k] < shape[k], "an index lies outside the shape {}",
                  text(shape));
    train.cores[k].select(1, index[k]).fill_(1);
  }
  train.centre = 0;
  return train;
}

TTMatrix identity(const Shape& modes, const at::TensorOptions& options) {
  check_shape(modes);
  TTMatrix matrix;
  for (const auto n : modes) matrix.cores.push_back(at::eye(n, options).reshape({1, n, n, 1}));
  return matrix;
}

TensorTrain rank_one(const std::vector<at::Tensor>& vectors) {
  TensorTrain train;
  for (const auto& vector : vectors) {
    base::require(vector.defined() && vector.dim() == 1,
                  "a train of rank one is made of vectors, one a mode");
    train.cores.push_back(vector.reshape({1, -1, 1}));
  }
  check(train);
  return train;
}

TensorTrain from_cp(const at::Tensor& weights, const std::vector<at::Tensor>& factors) {
  base::require(weights.defined() && weights.dim() == 1 && !factors.empty(),
                "a CP tensor has weights [R] and factors [n, R]");
  const auto rank = weights.size(0);
  TensorTrain train;
  for (std::size_t k = 0; k < factors.size(); ++k) {
    const auto& factor = factors[k];
    base::require(factor.dim() == 2 && factor.size(1) == rank,
                  "factor {} of a CP tensor must be [n, {}]", k, rank);
    check_alike(weights, factor, "a CP tensor");
    const auto n = factor.size(0);
    const bool first = k == 0, last = k + 1 == factors.size();
    const auto scaled = first ? factor * weights : factor;
    if (first && last) {
      train.cores.push_back(scaled.sum(1).reshape({1, n, 1}));
    } else if (first || last) {
      train.cores.push_back((first ? scaled : scaled.t()).reshape({first ? 1 : rank, n, -1}));
    } else {
      auto core = at::zeros({rank, n, rank}, factor.options());
      core.diagonal(0, 0, 2).copy_(factor);
      train.cores.push_back(core);
    }
  }
  check(train);
  return train;
}

TensorTrain from_tucker(const TensorTrain& core, const std::vector<at::Tensor>& factors) {
  check(core);
  base::require(factors.size() == core.cores.size(), "a Tucker core of {} modes with {} factors",
                core.cores.size(), factors.size());
  auto train = core;
  for (std::size_t k = 0; k < factors.size(); ++k) {
    auto& inside = train.cores[k];
    const auto& factor = factors[k];
    base::require(factor.dim() == 2 && factor.size(1) == inside.size(1),
                  "factor {} of a Tucker tensor must be [n, {}]", k, inside.size(1));
    check_alike(inside, factor, "a Tucker tensor");
    const auto r = inside.size(0), next = inside.size(2);
    const auto rows = inside.permute({0, 2, 1}).reshape({r * next, -1});
    inside = at::mm(rows, factor.t()).reshape({r, next, -1}).permute({0, 2, 1}).contiguous();
    const auto square = at::mm(factor.mH(), factor);
    if (!square.allclose(at::eye(square.size(0), square.options()), 1e-5, 1e-6)) train.centre = -1;
  }
  return train;
}

Shape quantised(const Shape& shape) {
  check_shape(shape);
  Shape modes;
  for (auto n : shape) {
    Shape primes;
    for (std::int64_t p = 2; p * p <= n; ++p) {
      for (; n % p == 0; n /= p) primes.push_back(p);
    }
    if (n > 1 || primes.empty()) primes.push_back(n);
    modes.insert(modes.end(), primes.rbegin(), primes.rend());
  }
  return modes;
}

}  // namespace ranklens::tn

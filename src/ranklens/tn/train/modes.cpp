#include "ranklens/tn/train/modes.h"

#include <cmath>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/ops/mm.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/regroup.h"
#include "ranklens/tn/train/round_methods.h"

namespace ranklens::tn {
namespace {

void check_mode_of(const TensorTrain& train, std::int64_t mode) {
  check(train);
  base::require(mode >= 0 && mode < static_cast<std::int64_t>(train.cores.size()),
                "a train of {} modes has no mode {}", train.cores.size(), mode);
}

/// One place at which the products of both shapes meet: [from, to) of the old modes and of the new.
struct Run {
  std::size_t from = 0, to = 0;
  Shape modes;
};

std::vector<Run> common_runs(const Shape& old, const Shape& shape) {
  std::vector<Run> runs;
  std::size_t i = 0, j = 0;
  const auto refuse = [&] {
    base::fail("a train of shape {} cannot be reshaped to {}: their products do not meet",
               text(old), text(shape));
  };
  while (i < old.size() || j < shape.size()) {
    if (i == old.size() || j == shape.size()) refuse();
    Run run{i, i + 1, {shape[j]}};
    std::int64_t have = old[i++], want = shape[j++];
    while (have != want) {
      if (have < want ? i == old.size() : j == shape.size()) refuse();
      if (have < want) {
        have *= old[i++];
      } else {
        run.modes.push_back(shape[j]);
        want *= shape[j++];
      }
    }
    run.to = i;
    // Modes of size 1 at the end belong to the run before.
    for (; i == old.size() && j < shape.size() && shape[j] == 1; ++j) run.modes.push_back(1);
    for (; j == shape.size() && i < old.size() && old[i] == 1; ++i) run.to = i + 1;
    runs.push_back(std::move(run));
  }
  return runs;
}

}  // namespace

TensorTrain select(const TensorTrain& train, std::int64_t mode, std::int64_t index) {
  const auto one = slice(train, mode, index, index + 1);
  return train.cores.size() == 1 ? one : sum(one, {mode});
}

TensorTrain slice(const TensorTrain& train, std::int64_t mode, std::int64_t first,
                  std::int64_t last, std::int64_t step) {
  check_mode_of(train, mode);
  auto result = train;
  auto& core = result.cores[mode];
  base::require(first >= 0 && first < last && last <= core.size(1) && step >= 1,
                "entries {} to {} by {} are not a part of mode {} of size {}", first, last, step,
                mode, core.size(1));
  core = core.slice(1, first, last, step);
  if (result.centre != mode) result.centre = -1;
  return result;
}

TensorTrain reshape(const TensorTrain& train, const Shape& shape) {
  check(train);
  base::require(!shape.empty(), "a tensor train needs at least one mode");
  for (const auto n : shape) base::require(n >= 1, "modes must be at least 1, not {}", n);
  TensorTrain result{{}, -1, train.log_scale};
  for (const auto& run : common_runs(tn::shape(train), shape)) {
    auto core = train.cores[run.from];
    for (auto k = run.from + 1; k < run.to; ++k) core = merged(core, train.cores[k]);
    append_split(result.cores, core, run.modes);
  }
  return result;
}

Approximation permute(const TensorTrain& train, const Shape& order, const Closeness& closeness) {
  check(train);
  const auto d = train.cores.size();
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  Shape identity(d);
  std::iota(identity.begin(), identity.end(), 0);
  base::require(sorted == identity, "an order of {} modes must name each of 0 to {} once", d,
                d - 1);
  Shape modes;
  for (const auto k : order) modes.push_back(train.cores[k].size(1));
  const auto bounds = rank_bounds(closeness, modes);
  Approximation result{canonical(train, 0), 0, {}};
  // place[k]: where in the result the mode goes that is now at k.
  Shape place(d);
  for (std::size_t k = 0; k < d; ++k) place[order[k]] = static_cast<std::int64_t>(k);
  std::int64_t exchanges = 0;
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = i + 1; j < d; ++j) exchanges += place[i] > place[j] ? 1 : 0;
  }
  const double norm = frobenius(result.train.cores[0]);
  const double eps = std::max(closeness.eps, 4 * machine_epsilon(train.cores[0].scalar_type()));
  // Errors of exchanges at different centres add up at worst, not in squares.
  const double share = eps * norm / static_cast<double>(std::max<std::int64_t>(exchanges, 1));
  for (std::size_t pass = 0; pass < d; ++pass) {
    for (std::size_t k = 0; k + 1 < d; ++k) {
      if (place[k] <= place[k + 1]) continue;
      const auto bond = static_cast<std::int64_t>(k);
      result.train = canonical(result.train, bond);
      auto& cores = result.train.cores;
      auto &left = cores[k], &right = cores[k + 1];
      const auto n = left.size(1), m = right.size(1), r = left.size(0), t = right.size(2);
      const auto pair = merged(left, right).reshape({r, n, m, t}).transpose(1, 2);
      auto found =
          tn::split(pair.reshape({r * m, n * t}), {share, bounds[k]}, closeness.factoriser);
      left = found.q.reshape({r, m, -1});
      right = found.rest.reshape({-1, n, t});
      result.train.centre = bond + 1;
      result.error += found.discarded / norm;
      result.cuts.push_back(
          {bond, left.size(2), found.discarded, found.values, found.discarded_values});
      std::swap(place[k], place[k + 1]);
    }
  }
  return result;
}

}  // namespace ranklens::tn

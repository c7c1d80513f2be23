#include "ranklens/tn/train/cross.h"

#include <cmath>
#include <unordered_set>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/linalg_solve.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/unique_dim.h>

#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/pivots.h"

namespace ranklens::tn {
namespace {

/// Rows of `left` [a, p] and of `right` [b, q] in all combinations, left slower: [a b, p + q].
at::Tensor pairs(const at::Tensor& left, const at::Tensor& right) {
  const auto a = left.size(0), b = right.size(0);
  return at::cat({left.repeat_interleave(b, 0), right.repeat({a, 1})}, 1);
}

/// Indices 0..n-1 as a column.
at::Tensor column_of(std::int64_t n) { return at::arange(n, at::kLong).unsqueeze(1); }

at::Tensor chosen(const at::Tensor& rows, const std::vector<std::int64_t>& which) {
  return rows.index_select(0, at::tensor(which, at::kLong));
}

/// Asks for entries, and remembers which.
class Sampler {
 public:
  Sampler(const Entries& entries, const Shape& shape) : entries_(entries), shape_(shape) {}

  at::Tensor operator()(const at::Tensor& indices) {
    auto values = entries_(indices);
    base::require(values.defined() && values.dim() == 1 && values.size(0) == indices.size(0),
                  "the function asked for {} entries returned something else", indices.size(0));
    check_values(values, "what the function returned");
    if (!dtype_) dtype_ = values.scalar_type();
    base::require(values.scalar_type() == *dtype_, "the function returns {} and {} by turns",
                  base::dtype_name(*dtype_), base::dtype_name(values.scalar_type()));
    evaluations += indices.size(0);
    all_zero = all_zero && values.count_nonzero().item<std::int64_t>() == 0;
    return values.to(at::kCPU);
  }

  void remember(const at::Tensor& indices) {
    const auto plain = indices.contiguous();
    const auto* at = plain.const_data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i < plain.size(0); ++i) seen_.insert(key(at + i * plain.size(1)));
  }

  bool knows(const std::int64_t* index) const { return seen_.contains(key(index)); }

  std::int64_t evaluations = 0;
  bool all_zero = true;   ///< everything that was asked for
  bool complete = false;  ///< which was every entry there is

 private:
  /// A number for an index; two indices of a very large tensor may share one, which only costs a
  /// place to check at.
  std::uint64_t key(const std::int64_t* index) const {
    std::uint64_t value = 0;
    for (std::size_t k = 0; k < shape_.size(); ++k) {
      value = value * static_cast<std::uint64_t>(shape_[k]) + static_cast<std::uint64_t>(index[k]);
      if (shape_.size() > 20) value ^= value >> 29U;
    }
    return value;
  }

  const Entries& entries_;
  const Shape& shape_;
  std::optional<at::ScalarType> dtype_;
  std::unordered_set<std::uint64_t> seen_;
};

/// left[k]: rows of indices of modes before k; right[k]: of modes after k.
class Crossing {
 public:
  Crossing(Sampler& sampler, const Shape& shape, const CrossOptions& options)
      : sample_(sampler), shape_(shape), options_(options), d_(shape.size()) {
    left_.resize(d_, at::empty({1, 0}, at::kLong));
    right_.resize(d_, at::empty({1, 0}, at::kLong));
  }

  /// Makes the parts of these indices [count, d] candidates of every bond.
  void add(const at::Tensor& indices) {
    for (std::size_t k = 0; k < d_; ++k) {
      const auto cut = static_cast<std::int64_t>(k);
      const auto before = indices.narrow(1, 0, cut);
      const auto after = indices.narrow(1, cut + 1, static_cast<std::int64_t>(d_) - cut - 1);
      left_[k] = started_ ? joined(left_[k], before) : distinct(before);
      right_[k] = started_ ? joined(right_[k], after) : distinct(after);
    }
    started_ = true;
  }

  void sweep(bool forwards) {
    for (std::size_t i = 0; i + 1 < d_; ++i) update(forwards ? i : d_ - 2 - i);
  }

  /// The train through the pivots: rows are chosen anew from left to right, so that each core is
  /// the identity on the rows of the next.
  TensorTrain train() {
    TensorTrain result;
    auto rows = at::empty({1, 0}, at::kLong);
    for (std::size_t k = 0; k < d_; ++k) {
      const auto candidates = pairs(rows, column_of(shape_[k]));
      const auto values = table(candidates, right_[k]);
      const auto r = rows.size(0);
      if (k + 1 == d_) {
        result.cores.push_back(values.reshape({r, shape_[k], 1}));
        break;
      }
      const auto [q, upper] = at::linalg_qr(values, "reduced");
      auto pivots = find_pivots(q, 0, q.size(1));
      const auto on_pivots = chosen(q, pivots.rows);
      result.cores.push_back(
          at::linalg_solve(on_pivots.t(), q.t()).t().reshape({r, shape_[k], -1}));
      rows = chosen(candidates, pivots.rows);
    }
    return result;
  }

  double scale = 0;      // largest entry met
  double remaining = 0;  // largest pivot left out in the last sweep
  std::int64_t widest = 1;

 private:
  static at::Tensor distinct(const at::Tensor& rows) {
    return rows.size(1) == 0 ? rows.narrow(0, 0, 1) : std::get<0>(at::unique_dim(rows, 0));
  }
  static at::Tensor joined(const at::Tensor& some, const at::Tensor& more) {
    return distinct(at::cat({some, more}, 0));
  }

  at::Tensor table(const at::Tensor& rows, const at::Tensor& columns) {
    const auto indices = pairs(rows, columns);
    sample_.remember(indices);
    auto values = sample_(indices).reshape({rows.size(0), columns.size(0)});
    scale = std::max(scale, values.abs().max().item<double>());
    return values;
  }

  /// Chooses the pivots of the bond between modes k and k + 1 anew.
  void update(std::size_t k) {
    const auto rows = pairs(left_[k], column_of(shape_[k]));
    const auto columns = pairs(column_of(shape_[k + 1]), right_[k + 1]);
    const auto values = table(rows, columns);
    const auto pivots = find_pivots(values, 0.1 * options_.eps * scale, options_.max_rank);
    remaining = std::max(remaining, pivots.rest);
    if (pivots.rows.empty()) return;  // all zero here: keep what there is
    left_[k + 1] = chosen(rows, pivots.rows);
    right_[k] = chosen(columns, pivots.columns);
    widest = std::max(widest, left_[k + 1].size(0));
  }

  Sampler& sample_;
  const Shape& shape_;
  const CrossOptions& options_;
  std::size_t d_;
  std::vector<at::Tensor> left_, right_;
  bool started_ = false;
};

at::Tensor random_indices(base::Stream& stream, const Shape& shape, std::int64_t count) {
  std::vector<at::Tensor> columns;
  for (const auto n : shape) columns.push_back(stream.integers({count}, n));
  return at::stack(columns, 1);
}

/// Up to `count` indices that were not sampled; fewer where most of the tensor was.
at::Tensor unseen_indices(base::Stream& stream, const Shape& shape, std::int64_t count,
                          const Sampler& sampler) {
  const auto drawn = random_indices(stream, shape, 4 * count).contiguous();
  std::vector<std::int64_t> kept;
  const auto* at = drawn.const_data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < drawn.size(0); ++i) {
    if (static_cast<std::int64_t>(kept.size()) == count) break;
    if (!sampler.knows(at + i * drawn.size(1))) kept.push_back(i);
  }
  return chosen(drawn, kept);
}

/// Every index of a tensor, first mode slowest.
at::Tensor all_indices(const Shape& shape) {
  auto rows = at::empty({1, 0}, at::kLong);
  for (const auto n : shape) rows = pairs(rows, column_of(n));
  return rows;
}

/// Places of the largest entries among some, so that zeros do not end it at once: a handful, or
/// where these are all zero many more, or all of a small tensor.
at::Tensor first_places(base::Stream& stream, const Shape& shape, Sampler& sampler) {
  constexpr std::int64_t few = 64, many = 1 << 16;
  auto places = random_indices(stream, shape, few);
  auto sizes = sampler(places).abs();
  if (sampler.all_zero) {
    double entries = 1;
    for (const auto n : shape) entries *= static_cast<double>(n);
    sampler.complete = entries <= static_cast<double>(many);
    places = sampler.complete ? all_indices(shape) : random_indices(stream, shape, many);
    sizes = sampler(places).abs();
  }
  const auto order = std::get<1>(sizes.sort(0, true));
  return places.index_select(0, order.narrow(0, 0, std::min<std::int64_t>(2, places.size(0))));
}

struct Comparison {
  double error = 0, largest = 0;
  at::Tensor worst;  // indices, worst first
};

Comparison compare(const TensorTrain& train, const at::Tensor& indices, Sampler& sampler) {
  if (indices.size(0) == 0) return {0, 0, indices};  // every entry was sampled
  const auto expected = sampler(indices);
  const auto differences = elements(train, indices) - expected;
  const auto sizes = differences.abs();
  const double norm = frobenius(expected), error = frobenius(differences);
  const auto order =
      std::get<1>(sizes.sort(0, true)).narrow(0, 0, std::min<std::int64_t>(4, sizes.size(0)));
  return {norm > 0 ? error / norm : error, sizes.max().item<double>(),
          indices.index_select(0, order)};
}

void check_options(const Shape& shape, const CrossOptions& options) {
  base::require(!shape.empty(), "a tensor train needs at least one mode");
  for (const auto n : shape) {
    base::require(n >= 1 && n <= (std::int64_t{1} << 32U), "modes must be 1 to 2^32, not {}", n);
  }
  base::require(options.eps > 0 && std::isfinite(options.eps), "eps must be above 0, not {}",
                options.eps);
  base::require(options.max_rank >= 1, "a rank must be at least 1, not {}", options.max_rank);
  base::require(options.max_sweeps >= 1 && options.checks >= 1,
                "a cross needs at least one sweep and one check");
}

}  // namespace

Cross cross(const Entries& entries, const Shape& shape, const CrossOptions& options) {
  check_options(shape, options);
  base::Stream stream(options.seed, "noise", "tn.cross");
  Sampler sampler(entries, shape);
  Crossing crossing(sampler, shape, options);
  crossing.add(first_places(stream, shape, sampler));
  Cross result;
  double left_out = 0;  // in units of the largest entry met
  while (result.sweeps < options.max_sweeps) {
    crossing.remaining = 0;
    crossing.sweep(true);
    crossing.sweep(false);
    result.sweeps += 2;
    result.train = crossing.train();
    const auto unseen = unseen_indices(stream, shape, options.checks, sampler);
    const auto found = compare(result.train, unseen, sampler);
    result.error = found.error;
    result.largest = found.largest;
    // What the ranks left out is known, whether or not an entry that was checked shows it.
    const bool bounded = crossing.widest >= options.max_rank && crossing.scale > 0;
    left_out = bounded ? crossing.remaining / crossing.scale : 0;
    result.converged = found.error <= options.eps && left_out <= options.eps;
    if (result.converged || shape.size() == 1) break;
    crossing.add(found.worst);
  }
  result.evaluations = sampler.evaluations;
  if (sampler.all_zero && !sampler.complete) {
    result.converged = false;
    result.failure = fmt::format(
        "all of the {} entries that cross interpolation asked for are zero: the tensor is zero, or "
        "not zero only where no sample fell",
        result.evaluations);
  }
  if (result.converged || !result.failure.empty()) return result;
  if (result.error <= options.eps) {
    result.failure = fmt::format(
        "cross interpolation left out entries of up to {:.3g} of the largest: ranks reached "
        "{}, the most allowed",
        left_out, crossing.widest);
    return result;
  }
  result.failure = fmt::format(
      "cross interpolation missed the relative error {:.3g} after {} sweeps: {:.3g} on entries not "
      "sampled, with ranks up to {}{}",
      options.eps, result.sweeps, result.error, crossing.widest,
      crossing.widest >= options.max_rank ? ", the most allowed" : "");
  return result;
}

}  // namespace ranklens::tn

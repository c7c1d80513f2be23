#include "ranklens/optim/tensor_train/rank_rule.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/mm.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/optim/low_rank/truncate.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/sweep.h"

namespace ranklens::optim {
namespace {

/// How many singular values stand clear of rounding errors, by four times what a tangent space asks
/// for.
std::int64_t resolved(const at::Tensor& values) {
  const double floor = 32 * tn::machine_epsilon(values.scalar_type());
  const auto clear = values > values.max() * floor;
  return std::max<std::int64_t>(1, clear.sum().item<std::int64_t>());
}

/// Goes over the bonds from the first to the last; `rank_of`(bond, singular values relative to the
/// norm) says what stays, and hears by way of `spent` what that cut off.
template <class RankOf, class Spent>
CutTrain swept(const tn::TensorTrain& train, const RankOf& rank_of, const Spent& spent) {
  CutTrain out{tn::canonical(train, 0), 0};
  auto& cores = out.train.cores;
  double squared = 0;
  for (std::size_t k = 0; k + 1 < cores.size(); ++k) {
    auto& core = cores[k];
    auto& next = cores[k + 1];
    const auto found = tn::factorise(core.reshape({-1, core.size(2)}));
    const auto all = found.s.size(0);
    const auto rank = std::min(rank_of(k, found.s), resolved(found.s));
    const double lost = rank < all ? tn::frobenius(found.s.narrow(0, rank, all - rank)) : 0;
    squared += lost * lost;
    spent(lost);
    const auto rest = found.s.narrow(0, 0, rank).unsqueeze(1) * found.vh.narrow(0, 0, rank);
    core = found.u.narrow(1, 0, rank).reshape({core.size(0), core.size(1), rank});
    next =
        at::mm(rest, next.reshape({next.size(0), -1})).reshape({rank, next.size(1), next.size(2)});
  }
  out.train.centre = static_cast<std::int64_t>(cores.size()) - 1;
  out.share = std::sqrt(squared);
  return out;
}

}  // namespace

TrainRanks read_train_ranks(base::SpecReader& spec) {
  TrainRanks ranks;
  const bool rounds = spec.has("tau");
  ranks.tau = spec.number("tau", ranks.tau, -1e12, 1e12);
  base::require(!rounds || (ranks.tau > 0 && ranks.tau < 1),
                "tau, the share of a train's norm that a rounding may cut off, is above 0 and "
                "below 1, not {}",
                ranks.tau);
  ranks.grow = spec.integer("grow", ranks.grow, 1, 1 << 20);
  ranks.floor = spec.integer("floor", ranks.floor, 1, 1 << 20);
  ranks.cap = spec.integer("cap", ranks.cap, 1, ranks.cap);
  base::require(ranks.cap >= ranks.floor,
                "the largest rank, cap={}, is below the smallest, floor={}", ranks.cap,
                ranks.floor);
  ranks.every = spec.integer("every", ranks.every, 1, std::int64_t{1} << 40);
  for (const char* key : {"cap", "every"}) {
    base::require(ranks.adapt() || !spec.has(key),
                  "{} says how ranks change, and without tau and without grow they do not: give "
                  "one of these, 'tau=0.05' or 'grow=1'",
                  key);
  }
  base::require(ranks.tau > 0 || !spec.has("floor"),
                "floor is what rounding leaves at least, and without tau nothing is rounded: give "
                "it, 'tau=0.05'");
  return ranks;
}

std::string spec_text(const TrainRanks& ranks) {
  if (!ranks.adapt()) return "";
  std::string text;
  if (ranks.tau > 0) text += fmt::format(",tau={}", ranks.tau);
  if (ranks.grow > 0) text += fmt::format(",grow={}", ranks.grow);
  if (ranks.tau > 0) text += fmt::format(",floor={}", ranks.floor);
  return text + fmt::format(",cap={},every={}", ranks.cap, ranks.every);
}

CutTrain rounded(const tn::TensorTrain& train, const TrainRanks& ranks) {
  const auto bonds = static_cast<std::int64_t>(train.cores.size()) - 1;
  tn::Budget budget{ranks.tau * ranks.tau, bonds};  // of a norm of one
  const auto rank_of = [&](std::size_t, const at::Tensor& values) {
    return rank_for(
        values, {.tau = budget.next(), .absolute = true, .floor = ranks.floor, .cap = ranks.cap});
  };
  return swept(train, rank_of, [&](double lost) { budget.spend(lost); });
}

CutTrain cut_to(const tn::TensorTrain& train, const tn::Shape& ranks) {
  base::require(ranks.size() + 1 == train.cores.size(), "{} ranks for a train of {} cores",
                ranks.size(), train.cores.size());
  const auto rank_of = [&](std::size_t bond, const at::Tensor& values) {
    return std::min(ranks[bond], values.size(0));
  };
  return swept(train, rank_of, [](double) {});
}

}  // namespace ranklens::optim

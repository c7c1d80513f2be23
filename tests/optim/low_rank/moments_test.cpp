#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/zeros.h>
#include <c10/util/accumulate.h>
#include <gtest/gtest.h>

#include "ranklens/optim/low_rank/bases.h"
#include "ranklens/optim/low_rank/core_moments.h"
#include "ranklens/optim/low_rank/orthonormalise.h"
#include "ranklens/optim/low_rank/tangent_moments.h"
#include "ranklens/optim/low_rank/transport.h"

#include "optim/low_rank/matrices.h"

namespace ranklens::optim {
namespace {

using testing::basis;
using testing::distance;
using testing::low_rank;
using testing::noise;
using testing::norm;

at::Tensor tangent(const LowRank& at, const Gradient& z) {
  return at::matmul(z.k, at.v.t()) + at::matmul(at.u, z.l.t()) -
         at::matmul(at::matmul(at.u, z.s), at.v.t());
}

TEST(Transport, IsTheProjectionToTheNewTangentSpace) {
  for (const std::int64_t rank : {3, 5}) {
    const LowRank from = low_rank(12, 9, 3, 1), to = low_rank(12, 9, rank, 2);
    const auto z = project(from, noise(12, 9, 3)), w = project(from, noise(12, 9, 4));
    const auto moved = transported(seen_from(from, z), from, to);
    const double rounding = 1e-14 * norm(z);
    EXPECT_LT(distance(tangent(to, moved), project(to, z)), rounding);
    EXPECT_LE(norm(tangent(to, moved)), norm(z) * (1 + 1e-14));
    const auto both = transported(seen_from(from, 2 * z - w), from, to);
    const auto apart = transported(seen_from(from, w), from, to);
    EXPECT_LT(distance(both.k, 2 * moved.k - apart.k), rounding);
    EXPECT_LT(distance(both.l, 2 * moved.l - apart.l), rounding);
    EXPECT_LT(distance(both.s, 2 * moved.s - apart.s), rounding);
  }
}

// Bases that begin with the old ones, cut down to some of their combinations.
TEST(Transport, KnowsTheProductsOfWidenedBases) {
  const LowRank from = low_rank(12, 9, 3, 1);
  for (const auto& [more_left, more_right] : {std::pair{2, 3}, std::pair{0, 4}, std::pair{0, 0}}) {
    const auto left = complement(from.u, noise(12, more_left, 2)),
               right = complement(from.v, noise(9, more_right, 3));
    const LowRank wide = widened(from, left, right);
    const auto p = basis(3 + more_left, 2, 4), q = basis(3 + more_right, 2, 5);
    const LowRank to{at::matmul(wide.u, p), noise(2, 2, 6), at::matmul(wide.v, q)};
    const auto z = seen_from(from, project(from, noise(12, 9, 7)));
    const auto known = transported(z, from, wide, p, q), plain = transported(z, from, to);
    EXPECT_LT(distance(known.k, plain.k), 1e-13);
    EXPECT_LT(distance(known.l, plain.l), 1e-13);
    EXPECT_LT(distance(known.s, plain.s), 1e-13);
    EXPECT_GT(norm(plain.s), 0.1);
    EXPECT_LT(distance(transported_core(z, to, overlaps(from, to)).s, plain.s), 1e-13);
    EXPECT_LT(distance(core_between(z, from, wide).s, transported(z, from, wide).s), 1e-13);
  }
}

at::Tensor tangent(const LowRank& at, const Direction<Gradient>& direction) {
  return direction.factor * tangent(at, direction.along);
}

// Heavy ball and Adam on a sequence of gradients, written out with dense matrices.
TEST(TangentMoments, AsWrittenOutDense) {
  const LowRank at = low_rank(8, 6, 2, 5);
  for (const auto kind : {CoreRule::Kind::sgd, CoreRule::Kind::adam}) {
    const CoreRule rule{.kind = kind, .momentum = 0.7, .beta1 = 0.8, .beta2 = 0.9, .eps = 1e-3};
    TangentMoments moments;
    auto m = at::zeros({8, 6}, at::kDouble);
    double v = 0;
    for (int t = 1; t <= 4; ++t) {
      const auto g = project(at, noise(8, 6, 10 + static_cast<std::uint64_t>(t)));
      const auto found = tangent(at, moments.direction(rule, seen_from(at, g)));
      if (kind == CoreRule::Kind::sgd) {
        m = 0.7 * m + g;
        EXPECT_LT(distance(found, m), 1e-12);
        continue;
      }
      m = 0.8 * m + 0.2 * g;
      v = 0.9 * v + 0.1 * norm(g) * norm(g) / (2 * (8 + 6 - 2));
      const double root = std::sqrt(v / (1 - std::pow(0.9, t))) + 1e-3;
      EXPECT_LT(distance(found, m / (1 - std::pow(0.8, t)) / root), 1e-12);
    }
  }
}

// At another point of the step: both moments as the step began with them, the momentum projected to
// there, after the gradient there; squares over as many numbers as at the start.
TEST(TangentMoments, AreOneFieldAtAllPointsOfAStep) {
  const LowRank start = low_rank(8, 6, 2, 80), now = low_rank(8, 6, 3, 81);
  const auto g0 = project(start, noise(8, 6, 82)), g1 = project(start, noise(8, 6, 83));
  const auto fresh = noise(8, 6, 84);
  for (const auto kind : {CoreRule::Kind::sgd, CoreRule::Kind::adam}) {
    const CoreRule rule{.kind = kind, .momentum = 0.7, .beta1 = 0.8, .beta2 = 0.9, .eps = 1e-3};
    TangentMoments moments;
    moments.direction(rule, seen_from(start, g0));
    moments.direction(rule, seen_from(start, g1));
    const auto remembered = moments.save();
    const auto moved = [&](const Gradient& z) { return transported(z, start, now); };
    const auto found = tangent(now, moments.direction_at(rule, seen_from(now, fresh), moved));
    const auto scale_after = [&](const at::Tensor& g) {
      const double v = (0.09 * norm(g0) * norm(g0) + 0.1 * norm(g) * norm(g)) / (2 * (8 + 6 - 2));
      return 1 / ((1 - 0.8 * 0.8) * (std::sqrt(v / (1 - 0.9 * 0.9)) + 1e-3));
    };
    const double scale = scale_after(project(now, fresh));
    const auto expected = kind == CoreRule::Kind::sgd
                              ? 0.7 * project(now, g0) + project(now, fresh)
                              : scale * (0.8 * 0.2 * project(now, g0) + 0.2 * project(now, fresh));
    EXPECT_LT(distance(found, expected), 1e-12);
    EXPECT_NEAR(moments.gain(rule), kind == CoreRule::Kind::sgd ? 1 : 0.2 * scale_after(g1), 1e-12);
    for (const auto& [name, tensor] : moments.save()) {
      EXPECT_TRUE(at::equal(tensor, remembered.at(name))) << name;
    }
  }
}

// Between the bases where the step ends the gradient there takes the place of the first, and the
// next step goes on from both.
TEST(TangentMoments, TakeUpTheGradientWhereTheStepEnds) {
  const LowRank start = low_rank(8, 6, 2, 86), end = low_rank(8, 6, 2, 87);
  const auto g0 = project(start, noise(8, 6, 88)), h0 = project(end, noise(8, 6, 89)),
             h1 = project(end, noise(8, 6, 90));
  const auto moved = [&](const Gradient& z) { return transported(z, start, end); };
  for (const auto kind : {CoreRule::Kind::sgd, CoreRule::Kind::adam}) {
    const CoreRule rule{.kind = kind, .momentum = 0.7, .beta1 = 0.8, .beta2 = 0.9, .eps = 1e-3};
    const bool heavy_ball = kind == CoreRule::Kind::sgd;
    TangentMoments moments;
    moments.direction(rule, seen_from(start, g0));
    moments.transport(moved);
    moments.direction(rule, seen_from(end, h1));
    const auto found =
        moments.direction_at_end(rule, seen_from(end, h0), [&](const Gradient& z) { return z; });
    const auto expected =
        heavy_ball ? 0.7 * project(end, g0) + h0 : 0.8 * 0.2 * project(end, g0) + 0.2 * h0;
    EXPECT_LT(distance(tangent(end, found.along), expected), 1e-12);
    const auto square = [](const at::Tensor& g) { return norm(g) * norm(g) / (2 * (8 + 6 - 2)); };
    const auto factor = [&](double v, int t) {
      const double root = std::sqrt(v / (1 - std::pow(0.9, t))) + 1e-3;
      return heavy_ball ? 1 : 1 / root / (1 - std::pow(0.8, t));
    };
    EXPECT_NEAR(found.factor, factor(0.09 * square(g0) + 0.1 * square(h0), 2), 1e-12);
    const auto next = moments.direction(rule, seen_from(end, h1));
    const auto after = heavy_ball ? 0.7 * expected + h1 : 0.8 * expected + 0.2 * h1;
    EXPECT_LT(distance(tangent(end, next.along), after), 1e-12);
    const double v = 0.081 * square(g0) + 0.09 * square(h0) + 0.1 * square(h1);
    EXPECT_NEAR(next.factor, factor(v, 3), 1e-12);
  }
}

// What has no gradient stays where it is, even where nothing is added to the root.
TEST(TangentMoments, OfNoGradientMoveNothing) {
  const LowRank at = low_rank(8, 6, 2, 5);
  for (const double eps : {0.0, 1e-40, 1e-8}) {
    TangentMoments moments;
    const CoreRule rule{.kind = CoreRule::Kind::adam, .eps = eps};
    const auto found = moments.direction(rule, seen_from(at, at::zeros({8, 6}, at::kDouble)));
    EXPECT_LT(found.factor, std::numeric_limits<float>::max()) << eps;
    EXPECT_EQ(norm(tangent(at, found)), 0) << eps;
  }
}

// As SGD for dense tensors has it: the decay is part of what momentum sums up.
TEST(CoreMoments, DecayIsCoupledInGradientDescentAndNotInAdam) {
  const CoreRule sgd{.kind = CoreRule::Kind::sgd, .momentum = 0.9, .weight_decay = 0.05};
  CoreMoments moments;
  auto core = noise(4, 4, 90), expected = core, m = at::zeros({4, 4}, at::kDouble);
  for (std::uint64_t t = 0; t < 4; ++t) {
    const auto g = noise(4, 4, 91 + t);
    m = 0.9 * m + g + 0.05 * expected;
    expected = expected - 0.1 * m;
    core = moments.step(sgd, core, g, 0.1);
    EXPECT_LT(distance(core, expected), 1e-13);
  }
  const auto once = [&](double decay) {
    CoreMoments fresh;
    return fresh.step({.weight_decay = decay}, core, noise(4, 4, 95), 0.1);
  };
  EXPECT_LT(distance(once(0.05), once(0) - 0.1 * 0.05 * core), 1e-13);
}

TEST(CoreMoments, DoNotSeeHowTheBasesAreTurned) {
  const auto p = basis(4, 4, 20), q = basis(4, 4, 21);
  const CoreRule rule{.beta1 = 0.8, .beta2 = 0.9, .eps = 1e-3, .weight_decay = 0.01};
  CoreMoments one, other;
  auto a = noise(4, 4, 22), b = at::matmul(at::matmul(p.t(), a), q);
  for (std::uint64_t t = 0; t < 5; ++t) {
    const auto g = noise(4, 4, 30 + t);
    a = one.step(rule, a, g, 0.1);
    b = other.step(rule, b, at::matmul(at::matmul(p.t(), g), q), 0.1);
    EXPECT_LT(distance(at::matmul(at::matmul(p, b), q.t()), a), 1e-13);
  }
}

// Turning the bases in the middle changes nothing but the coordinates.
TEST(CoreMoments, AreCarriedThroughATurn) {
  const auto p = basis(4, 4, 40), q = basis(4, 4, 41);
  for (const auto kind : {CoreRule::Kind::sgd, CoreRule::Kind::adam}) {
    const CoreRule rule{.kind = kind, .momentum = 0.9};
    CoreMoments still, turned;
    auto a = noise(4, 4, 42), b = a;
    const auto g = [](std::uint64_t t) { return noise(4, 4, 50 + t); };
    a = still.step(rule, a, g(0), 0.1);
    b = turned.step(rule, b, g(0), 0.1);
    turned.turn(p, q);
    b = at::matmul(at::matmul(p.t(), b), q);
    a = still.step(rule, a, g(1), 0.1);
    b = turned.step(rule, b, at::matmul(at::matmul(p.t(), g(1)), q), 0.1);
    EXPECT_LT(distance(at::matmul(at::matmul(p, b), q.t()), a), 1e-13);
  }
}

/// sum_ab left[a, i] core[a, b, ...] right[b, j], number by number.
at::Tensor turned_by_hand(const at::Tensor& core, const at::Tensor& left, const at::Tensor& right) {
  auto sizes = core.sizes().vec();
  sizes[0] = left.size(1), sizes[1] = right.size(1);
  const auto sums = at::zeros(sizes, at::kDouble);
  for (std::int64_t i = 0; i < sizes[0]; ++i) {
    for (std::int64_t j = 0; j < sizes[1]; ++j) {
      for (std::int64_t a = 0; a < core.size(0); ++a) {
        for (std::int64_t b = 0; b < core.size(1); ++b) {
          sums[i][j].add_(core[a][b], left[a][i].item<double>() * right[b][j].item<double>());
        }
      }
    }
  }
  return sums;
}

// An entrywise square is no tensor: its root is turned in its place, and squared again. Here to
// fewer columns, as a cut leaves them; of a kernel the window stays.
TEST(CoreMoments, SecondOnesByEntryTurnByTheirRoots) {
  const CoreRule rule{.second = CoreRule::SecondMoment::entry, .beta1 = 0.8, .beta2 = 0.9};
  const auto left = basis(4, 3, 100), right = basis(5, 2, 101);
  for (const auto& sizes : std::vector<std::vector<std::int64_t>>{{4, 5}, {4, 5, 2, 3}}) {
    const auto columns = c10::multiply_integers(sizes) / 4;
    const auto g0 = noise(4, columns, 102).view(sizes), g1 = noise(4, columns, 103).view(sizes);
    CoreMoments moments;
    const auto core = noise(4, columns, 104).view(sizes);
    moments.step(rule, moments.step(rule, core, g0, 0.1), g1, 0.1);
    moments.turn(left, right);
    const auto mean = 0.8 * 0.2 * g0 + 0.2 * g1, square = 0.9 * 0.1 * g0 * g0 + 0.1 * g1 * g1;
    const auto root = turned_by_hand(square.sqrt(), left, right), turned = root * root;
    const auto least = 0.1 * turned.mean();
    EXPECT_TRUE(turned.lt(least).any().item<bool>());
    const auto saved = moments.save();
    EXPECT_LT(distance(saved.at("second"), at::maximum(turned, least)), 1e-14);
    EXPECT_LT(distance(saved.at("moment"), turned_by_hand(mean, left, right)), 1e-14);
  }
}

// Roots of squares change their signs as bases turn and are nearly nothing in between: no entry may
// step further for that than a few rates.
TEST(CoreMoments, NoEntryRunsAwayAsBasesTurn) {
  const CoreRule rule{.second = CoreRule::SecondMoment::entry};
  CoreMoments moments;
  auto core = noise(8, 8, 105);
  double longest = 0;
  for (std::uint64_t t = 0; t < 200; ++t) {
    const auto next = moments.step(rule, core, noise(8, 8, 200 + t), 1);
    longest = std::max(longest, (next - core).abs().max().item<double>());
    const auto left = basis(8, 8, 600 + t), right = basis(8, 8, 900 + t);
    moments.turn(left, right);
    core = at::matmul(at::matmul(left.t(), next), right);
  }
  EXPECT_LT(longest, 10);
}

TEST(CoreMoments, NewEntriesByEntryBeginAtTheMean) {
  const CoreRule rule{.second = CoreRule::SecondMoment::entry};
  CoreMoments moments;
  moments.step(rule, noise(2, 2, 60), noise(2, 2, 61), 0.1);
  const auto before = moments.save().at("second");
  moments.widen(3, 4);
  const auto after = moments.save().at("second");
  EXPECT_EQ(after.sizes(), (at::IntArrayRef{3, 4}));
  EXPECT_LT(distance(after.narrow(0, 0, 2).narrow(1, 0, 2), before), 1e-15);
  EXPECT_NEAR(after[2][3].item<double>(), before.mean().item<double>(), 1e-15);
  EXPECT_NEAR(after[0][3].item<double>(), before.mean().item<double>(), 1e-15);
}

TEST(Moments, AreSavedAndLoaded) {
  const CoreRule rule;
  CoreMoments core, core_again;
  auto a = core.step(rule, noise(3, 3, 70), noise(3, 3, 71), 0.1);
  core_again.load(core.save());
  EXPECT_TRUE(at::equal(core.step(rule, a, noise(3, 3, 72), 0.1),
                        core_again.step(rule, a, noise(3, 3, 72), 0.1)));
  const LowRank at = low_rank(6, 5, 2, 73);
  TangentMoments moments, again;
  moments.direction(rule, seen_from(at, noise(6, 5, 74)));
  again.load(moments.save());
  EXPECT_TRUE(at::equal(moments.direction(rule, seen_from(at, noise(6, 5, 75))).along.k,
                        again.direction(rule, seen_from(at, noise(6, 5, 75))).along.k));
}

}  // namespace
}  // namespace ranklens::optim

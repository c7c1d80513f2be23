#include <cmath>

#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "ranklens/optim/low_rank/core_moments.h"
#include "ranklens/optim/low_rank/tangent_moments.h"
#include "ranklens/optim/low_rank/transport.h"

#include "optim/low_rank/kernels.h"

namespace ranklens::optim {
namespace {

using testing::basis;
using testing::block;
using testing::distance;
using testing::kernel;
using testing::norm;

at::Tensor dense_tangent(const TuckerKernel& at, const TuckerGradient& z) {
  return tangent(at, z).dense();
}

at::Tensor onto_tangent(const TuckerKernel& at, const at::Tensor& z) {
  return dense_tangent(at, seen_from(at, z));
}

TEST(TuckerTransport, IsTheProjectionToTheNewTangentSpace) {
  const auto from = kernel(9, 8, 3, 2, 1);
  for (const auto& to : {kernel(9, 8, 3, 2, 2), kernel(9, 8, 2, 5, 3)}) {
    const auto z = onto_tangent(from, block({9, 8, 3, 2}, 4));
    const auto moved = dense_tangent(to, transported(seen_from(from, z), from, to));
    EXPECT_LT(distance(moved, onto_tangent(to, z)), 1e-12);
    EXPECT_LE(norm(moved), norm(z) * (1 + 1e-14));
  }
}

at::Tensor dense_tangent(const TuckerKernel& at, const Direction<TuckerGradient>& direction) {
  return direction.factor * dense_tangent(at, direction.along);
}

// Heavy ball and Adam on a sequence of gradients, written out with dense kernels; the point moves
// on after two of them.
TEST(TuckerTangentMoments, AsWrittenOutDense) {
  for (const auto kind : {CoreRule::Kind::sgd, CoreRule::Kind::adam}) {
    auto at = kernel(8, 7, 3, 2, 5);
    const CoreRule rule{.kind = kind, .momentum = 0.7, .beta1 = 0.8, .beta2 = 0.9, .eps = 1e-3};
    TuckerTangentMoments moments;
    auto m = at::zeros({8, 7, 3, 2}, at::kDouble);
    double v = 0;
    for (int t = 1; t <= 4; ++t) {
      const auto g = onto_tangent(at, block({8, 7, 3, 2}, 10 + static_cast<std::uint64_t>(t)));
      const auto found = dense_tangent(at, moments.direction(rule, seen_from(at, g)));
      if (kind == CoreRule::Kind::sgd) {
        m = 0.7 * m + g;
        EXPECT_LT(distance(found, m), 1e-12) << t;
      } else {
        m = 0.8 * m + 0.2 * g;
        v = 0.9 * v + 0.1 * norm(g) * norm(g) / (3 * 2 * 6 + 3 * (8 - 3) + 2 * (7 - 2));
        const double root = std::sqrt(v / (1 - std::pow(0.9, t))) + 1e-3;
        EXPECT_LT(distance(found, m / (1 - std::pow(0.8, t)) / root), 1e-12) << t;
      }
      if (t != 2) continue;
      const auto next = kernel(8, 7, 3, 2, 6);
      moments.transport(at, next);
      m = onto_tangent(next, m);
      at = next;
    }
  }
}

// The same point in turned bases has other rows, and the same momentum.
TEST(TuckerTangentMoments, DoNotSeeWhichRowsAreHeld) {
  const auto at = kernel(8, 7, 3, 2, 20);
  const auto a = basis(3, 3, 21), b = basis(2, 2, 22);
  const TuckerKernel turned{at::matmul(at.u, a), contracted(at.core, a, b), at::matmul(at.v, b)};
  const CoreRule rule{.kind = CoreRule::Kind::sgd, .momentum = 0.5};
  const auto g = block({8, 7, 3, 2}, 23), h = block({8, 7, 3, 2}, 24);
  TuckerTangentMoments still, moved;
  still.direction(rule, seen_from(at, g));
  moved.direction(rule, seen_from(at, g));
  moved.transport(at, turned);
  EXPECT_LT(distance(dense_tangent(at, still.direction(rule, seen_from(at, h))),
                     dense_tangent(turned, moved.direction(rule, seen_from(turned, h)))),
            1e-12);
}

// A QR factorisation may give the rows another sign on another machine: momentum that was saved
// against those is the same vector.
TEST(TuckerTangentMoments, TurnsWhatWasHeldAgainstOtherRows) {
  const auto at = kernel(8, 7, 3, 2, 25);
  const CoreRule rule{.kind = CoreRule::Kind::sgd, .momentum = 0.5};
  TuckerTangentMoments one, other;
  one.direction(rule, seen_from(at, block({8, 7, 3, 2}, 26)));
  auto saved = one.save();
  saved.at("k_out") = -saved.at("k_out"), saved.at("rows_out") = -saved.at("rows_out");
  const auto turn = basis(2, 2, 27);
  saved.at("k_in") = at::matmul(saved.at("k_in"), turn);
  saved.at("rows_in") = tn::mode_product(saved.at("rows_in"), 1, turn.t());
  other.load(saved);
  const auto next = seen_from(at, block({8, 7, 3, 2}, 28));
  EXPECT_LT(distance(dense_tangent(at, one.direction(rule, next)),
                     dense_tangent(at, other.direction(rule, next))),
            1e-12);
}

TEST(CoreMomentsOfKernels, AreCarriedThroughATurn) {
  const auto p = basis(4, 4, 30), q = basis(3, 3, 31);
  const auto turn = [&](const at::Tensor& core) { return contracted(core, p, q); };
  for (const auto kind : {CoreRule::Kind::sgd, CoreRule::Kind::adam}) {
    const CoreRule rule{.kind = kind, .momentum = 0.9};
    CoreMoments still, turned;
    auto a = block({4, 3, 3, 2}, 32), b = a;
    const auto g = [](std::uint64_t t) { return block({4, 3, 3, 2}, 40 + t); };
    a = still.step(rule, a, g(0), 0.1);
    b = turned.step(rule, b, g(0), 0.1);
    turned.turn(p, q);
    a = still.step(rule, a, g(1), 0.1);
    b = turned.step(rule, turn(b), turn(g(1)), 0.1);
    EXPECT_LT(distance(turn(a), b), 1e-12);
  }
}

TEST(CoreMomentsOfKernels, NewEntriesByEntryBeginAtTheMean) {
  const CoreRule rule{.second = CoreRule::SecondMoment::entry};
  CoreMoments moments;
  moments.step(rule, block({2, 2, 3, 2}, 50), block({2, 2, 3, 2}, 51), 0.1);
  const auto before = moments.save();
  moments.widen(3, 4);
  const auto after = moments.save();
  const auto inner = [](const at::Tensor& core) { return core.narrow(0, 0, 2).narrow(1, 0, 2); };
  ASSERT_EQ(after.at("second").sizes(), (at::IntArrayRef{3, 4, 3, 2}));
  EXPECT_TRUE(at::equal(inner(after.at("second")), before.at("second")));
  EXPECT_TRUE(at::equal(inner(after.at("moment")), before.at("moment")));
  const double mean = before.at("second").mean().item<double>();
  EXPECT_NEAR(after.at("second")[2][0][1][1].item<double>(), mean, 1e-15);
  EXPECT_NEAR(after.at("second")[0][3][2][0].item<double>(), mean, 1e-15);
  EXPECT_NEAR(norm(after.at("moment")), norm(before.at("moment")), 1e-15);
}

TEST(TuckerTangentMoments, AreSavedAndLoaded) {
  const CoreRule rule;
  const auto at = kernel(6, 5, 2, 2, 60);
  TuckerTangentMoments moments, again;
  moments.direction(rule, seen_from(at, block({6, 5, 3, 2}, 61)));
  again.load(moments.save());
  const auto next = seen_from(at, block({6, 5, 3, 2}, 62));
  EXPECT_TRUE(at::equal(moments.direction(rule, next).along.k_out,
                        again.direction(rule, next).along.k_out));
  EXPECT_TRUE(at::equal(moments.save().at("k_in"), again.save().at("k_in")));
}

}  // namespace
}  // namespace ranklens::optim

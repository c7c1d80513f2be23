#include "ranklens/optim/low_rank/tucker_kernel.h"

#include <ATen/ops/einsum.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "optim/low_rank/kernels.h"

namespace ranklens::optim {
namespace {

using testing::basis;
using testing::block;
using testing::distance;
using testing::dot;
using testing::kernel;
using testing::noise;
using testing::norm;

TEST(TuckerKernel, StandsForTheSumOverItsModes) {
  const auto w = kernel(7, 5, 3, 2, 1);
  EXPECT_LT(distance(w.dense(), at::einsum("oa,abhw,ib->oihw", {w.u, w.core, w.v})), 1e-13);
  const auto left = noise(3, 4, 2), right = noise(2, 5, 3);
  EXPECT_LT(distance(contracted(w.core, left, right),
                     at::einsum("ax,abhw,by->xyhw", {left, w.core, right})),
            1e-13);
}

TEST(TuckerKernel, RowsAreOrthonormalAndSpanTheCore) {
  for (const auto& core :
       {block({3, 4, 3, 2}, 4), block({9, 1, 3, 2}, 5), block({1, 8, 1, 3}, 6)}) {
    const auto rows = core_rows(core);
    const auto out = rows.out.flatten(1), in = tn::unfolding(rows.in, 1);
    EXPECT_LT(distance(at::matmul(out, out.t()), at::eye(out.size(0), at::kDouble)), 1e-13);
    EXPECT_LT(distance(at::matmul(in, in.t()), at::eye(in.size(0), at::kDouble)), 1e-13);
    EXPECT_LT(distance(at::matmul(at::matmul(core.flatten(1), out.t()), out), core.flatten(1)),
              1e-12);
    const auto other = tn::unfolding(core, 1);
    EXPECT_LT(distance(at::matmul(at::matmul(other, in.t()), in), other), 1e-12);
  }
}

// f(W) = sum(cos W) with W = K times the held rows: central differences in K of either mode.
TEST(TuckerGradient, KIsTheDerivativeAgainstTheHeldRows) {
  const auto w = kernel(6, 5, 3, 2, 7);
  const auto f = [](const at::Tensor& dense) { return dense.cos().sum().item<double>(); };
  const auto g = seen_from(w, -w.dense().sin());
  const double h = 1e-5;
  const auto d_out = noise(6, g.k_out.size(1), 8), d_in = noise(5, g.k_in.size(1), 9);
  const auto move_out = TuckerKernel{d_out, g.rows.out, w.v}.dense();
  const auto move_in = TuckerKernel{w.u, g.rows.in, d_in}.dense();
  const auto slope = [&](const at::Tensor& move) {
    return (f(w.dense() + h * move) - f(w.dense() - h * move)) / (2 * h);
  };
  EXPECT_NEAR(dot(g.k_out, d_out), slope(move_out), 1e-8);
  EXPECT_NEAR(dot(g.k_in, d_in), slope(move_in), 1e-8);
}

// With K = U S the chain rule gives dL/dU = dL/dK S^T.
TEST(TuckerGradient, AgreesWithTheGradientsOfTheFactors) {
  const auto w = kernel(6, 5, 3, 2, 10);
  const TuckerKernel leaves{w.u.clone().requires_grad_(), w.core.clone().requires_grad_(),
                            w.v.clone().requires_grad_()};
  const auto found =
      torch::autograd::grad({leaves.dense().cos().sum()}, {leaves.u, leaves.core, leaves.v});
  const auto g = seen_from(w, -w.dense().sin());
  const auto s_out = at::matmul(w.core.flatten(1), g.rows.out.flatten(1).t());
  const auto s_in = at::matmul(tn::unfolding(w.core, 1), tn::unfolding(g.rows.in, 1).t());
  EXPECT_LT(distance(at::matmul(g.k_out, s_out.t()), found[0]), 1e-12);
  EXPECT_LT(distance(g.core, found[1]), 1e-12);
  EXPECT_LT(distance(at::matmul(g.k_in, s_in.t()), found[2]), 1e-12);
}

TEST(TuckerGradient, OfAKernelIsThatOfItsDenseForm) {
  const auto w = kernel(6, 5, 3, 2, 11);
  const TuckerKernel g{noise(6, 4, 12), block({4, 3, 3, 2}, 13), noise(5, 3, 14)};
  const auto one = seen_from(w, g), other = seen_from(w, g.dense());
  EXPECT_LT(distance(one.k_out, other.k_out), 1e-12);
  EXPECT_LT(distance(one.k_in, other.k_in), 1e-12);
  EXPECT_LT(distance(one.core, other.core), 1e-12);
}

at::Tensor projected(const TuckerKernel& at, const at::Tensor& z) {
  return tangent(at, seen_from(at, z)).dense();
}

TEST(TuckerTangent, IsTheOrthogonalProjection) {
  const auto at = kernel(7, 6, 3, 2, 15);
  const auto z = block({7, 6, 3, 2}, 16), other = block({7, 6, 3, 2}, 17);
  const auto once = projected(at, z);
  EXPECT_LT(distance(projected(at, once), once), 1e-12);
  EXPECT_NEAR(dot(once, other), dot(z, projected(at, other)), 1e-11);
  EXPECT_LT(distance(projected(at, at.dense()), at.dense()), 1e-12);
  EXPECT_NEAR(projected_norm_squared(seen_from(at, z)), norm(once) * norm(once), 1e-10);
  // What moving one factor does is tangent; the rest of z is orthogonal to all of it.
  for (const auto& moved : {TuckerKernel{noise(7, 3, 18), at.core, at.v},
                            TuckerKernel{at.u, block({3, 2, 3, 2}, 19), at.v},
                            TuckerKernel{at.u, at.core, noise(6, 2, 20)}}) {
    EXPECT_LT(distance(projected(at, moved.dense()), moved.dense()), 1e-12);
    EXPECT_NEAR(dot(z - once, moved.dense()), 0, 1e-11);
  }
}

// The trace of the projection.
TEST(TuckerTangent, HasItsDimensions) {
  const TuckerKernel at{basis(4, 2, 21), block({2, 1, 1, 2}, 22), basis(3, 1, 23)};
  double trace = 0;
  for (std::int64_t k = 0; k < 4 * 3 * 2; ++k) {
    const auto unit = at::zeros({4, 3, 1, 2}, at::kDouble);
    unit.view(-1)[k] = 1;
    trace += dot(projected(at, unit), unit);
  }
  const auto seen = seen_from(at, block({4, 3, 1, 2}, 24));
  EXPECT_NEAR(trace, 2 * 1 * 2 + 2 * (4 - 2) + 1 * (3 - 1), 1e-11);
  EXPECT_NEAR(dimensions(seen), trace, 1e-11);
}

TEST(TuckerKernel, ComesOutWithOrthonormalBasesAndAttainableRanks) {
  const TuckerKernel slanted{noise(7, 3, 25), block({3, 2, 3, 2}, 26), noise(5, 2, 27)};
  EXPECT_GT(orthogonality_error(slanted), 0.1);
  const auto straight = orthonormal(slanted);
  EXPECT_LT(orthogonality_error(straight), 1e-13);
  EXPECT_LT(distance(straight.dense(), slanted.dense()), 1e-11);
  // Almost orthonormal bases stay what they are, whatever signs a QR factorisation would choose.
  for (const double sign : {1.0, -1.0}) {
    const auto u = sign * straight.u, v = sign * straight.v;
    const auto again = orthonormal(
        TuckerKernel{u + 1e-6 * noise(7, 3, 31), straight.core, v + 1e-6 * noise(5, 2, 32)});
    EXPECT_LT(distance(again.u, u), 1e-5);
    EXPECT_LT(distance(again.v, v), 1e-5);
    EXPECT_LT(distance(again.core, straight.core), 1e-4);
  }
  const TuckerKernel wide{basis(7, 5, 28), block({5, 2, 1, 2}, 29), basis(6, 2, 30)};
  const auto fewer = of_attainable_ranks(wide);
  EXPECT_EQ(fewer.core.sizes(), (at::IntArrayRef{4, 2, 1, 2}));
  EXPECT_LT(distance(fewer.dense(), wide.dense()), 1e-12);
  EXPECT_LT(orthogonality_error(fewer), 1e-13);
  const auto other = of_attainable_ranks(testing::exchanged(wide));
  EXPECT_EQ(other.core.sizes(), (at::IntArrayRef{2, 4, 1, 2}));
  EXPECT_LT(distance(other.dense(), wide.dense().transpose(0, 1)), 1e-12);
}

}  // namespace
}  // namespace ranklens::optim

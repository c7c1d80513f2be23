#include "ranklens/optim/dmrg/local_problem.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/einsum.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/linalg_lstsq.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "ranklens/base/random.h"

namespace ranklens::optim {
namespace {

/// Sides of ranks 3 and 4 around two sites of two and three numbers, most of them (x, 0, ...), for
/// two classes; and the matrix that makes values of a pair, row by row in the samples' own order.
struct Place {
  Side before, behind;
  at::Tensor first, second, targets;
  at::Tensor design;  ///< [samples, 3, 2, 3, 4]
};

/// Zero in all but the first number, for about two thirds of the samples.
at::Tensor mostly_black(at::Tensor feature, base::Stream& stream) {
  const auto black = stream.uniform({feature.size(0), 1}, 0, 1, at::kDouble) < 0.67;
  const auto rest = feature.narrow(1, 1, feature.size(1) - 1);
  rest.copy_(at::where(black, 0 * rest, rest));
  return feature;
}

Place place_of(std::int64_t samples, std::uint64_t seed, double log_scale) {
  base::Stream stream(seed, "noise", "place");
  const auto draw = [&](at::IntArrayRef sizes) { return stream.normal(sizes, 0, 1, at::kDouble); };
  Place place{.before = {draw({samples, 3}), 0.5 * draw({samples})},
              .behind = {draw({samples, 4}), 0.5 * draw({samples})},
              .first = mostly_black(draw({samples, 2}), stream),
              .second = mostly_black(draw({samples, 3}), stream),
              .targets = draw({samples, 2}),
              .design = {}};
  const auto scales = at::exp(place.before.logs + place.behind.logs + log_scale);
  place.design = at::einsum("na,ni,nj,nb,n->naijb", {place.before.vectors, place.first,
                                                     place.second, place.behind.vectors, scales});
  return place;
}

LocalProblem problem_of(const Place& place, double log_scale) {
  return {place.before, place.first, place.second, place.behind, place.targets, log_scale};
}

// The samples stand in another order: sums over them and the targets tell.
TEST(LocalProblem, IsTheMatrixOfThePair) {
  const double log_scale = 1.3;
  const auto place = place_of(90, 4, log_scale);
  const auto local = problem_of(place, log_scale);
  const double size = std::exp(local.log_scale());
  base::Stream stream(5, "noise", "pair");
  const auto pair = stream.normal({3, 2, 2, 3, 4}, 0, 1, at::kDouble);
  const auto expected = at::einsum("naijb,ailjb->nl", {place.design, pair});
  const auto values = local.values(pair) * size;
  const auto together = [](const at::Tensor& found, const at::Tensor& targets) {
    return at::einsum("nl,nm->lm", {found, targets});
  };
  EXPECT_TRUE(at::allclose(together(values, local.targets()), together(expected, place.targets),
                           1e-11, 1e-9));
  EXPECT_NEAR(values.square().sum().item<double>() / expected.square().sum().item<double>(), 1,
              1e-12);
  const auto transposed = at::einsum("naijb,nl->ailjb", {place.design, place.targets});
  EXPECT_TRUE(at::allclose(local.adjoint(local.targets()) * size, transposed, 1e-11, 1e-9));
  EXPECT_NEAR(local.norm() * size / place.design.norm().item<double>(), 1, 1e-12);
  // Scales of a mean square of one.
  EXPECT_LT(local.values(pair).abs().max().item<double>(), 1e4);
}

// With numbers for each class on one side, and a pair without a label.
TEST(LocalProblem, OfALabelledSideIsTheMatrixOfThePair) {
  for (const bool before : {true, false}) {
    auto place = place_of(90, 4, 0);
    auto& side = before ? place.before : place.behind;
    base::Stream stream(6, "noise", "labelled");
    side.vectors = stream.normal({90, 2, side.vectors.size(1)}, 0, 1, at::kDouble);
    const auto scales = at::exp(place.before.logs + place.behind.logs);
    const auto design =
        at::einsum(before ? "nla,ni,nj,nb,n->nlaijb" : "na,ni,nj,nlb,n->nlaijb",
                   {place.before.vectors, place.first, place.second, place.behind.vectors, scales});
    const auto local = problem_of(place, 0);
    const double size = std::exp(local.log_scale());
    const auto pair = stream.normal({3, 2, 1, 3, 4}, 0, 1, at::kDouble);
    const auto expected = at::einsum("nlaijb,aijb->nl", {design, pair.squeeze(2)});
    const auto values = local.values(pair) * size;
    const auto together = [](const at::Tensor& found, const at::Tensor& targets) {
      return at::einsum("nl,nm->lm", {found, targets});
    };
    EXPECT_TRUE(at::allclose(together(values, local.targets()), together(expected, place.targets),
                             1e-11, 1e-9));
    const auto transposed = at::einsum("nlaijb,nl->aijb", {design, place.targets}).unsqueeze(2);
    EXPECT_TRUE(at::allclose(local.adjoint(local.targets()) * size, transposed, 1e-11, 1e-9));
    EXPECT_NEAR(local.norm() * size / design.norm().item<double>(), 1, 1e-12);
    EXPECT_LT(local.operations(), 2. * 90 * (6 * 12 + 2 * 12));
  }
}

// Their product, summed sample by sample, is what values() has; here of either side alone.
TEST(LocalProblem, HasTheSecondMomentsOfItsSides) {
  const auto place = place_of(90, 4, 0);
  const auto local = problem_of(place, 0);
  const auto [left, right] = local.moments();
  // Features are over their largest number, and all scales are with the left side.
  const auto largest = place.second.abs().amax(1);
  const auto scales = at::exp(place.before.logs + place.behind.logs - local.log_scale()) * largest;
  const auto on_left = at::einsum("na,ni,n->nai", {place.before.vectors, place.first, scales}),
             on_right = at::einsum("nj,nb,n->njb",
                                   {place.second, place.behind.vectors, largest.reciprocal()});
  const auto moments = [](const at::Tensor& rows) {
    return at::einsum("np,nq->pq", {rows.flatten(1), rows.flatten(1)});
  };
  EXPECT_TRUE(at::allclose(left, moments(on_left), 1e-11, 1e-9));
  EXPECT_TRUE(at::allclose(right, moments(on_right), 1e-11, 1e-9));
}

TEST(LocalProblem, BlackFeaturesTakeTheirPartOfTheWork) {
  auto place = place_of(64, 7, 0);
  const double whole = 2. * 64 * (3 * 2) * (2 * 3 * 4);
  EXPECT_LT(problem_of(place, 0).operations(), 0.7 * whole);
  place.first.narrow(1, 1, 1).fill_(0);
  place.second.narrow(1, 1, 2).fill_(0);
  EXPECT_DOUBLE_EQ(problem_of(place, 0).operations(), whole / 6);
  place.first.fill_(1), place.second.fill_(1);
  EXPECT_DOUBLE_EQ(problem_of(place, 0).operations(), whole);
}

TEST(LeastSquares, AreReachedAndNeverLeft) {
  const auto place = place_of(400, 9, 0);
  const auto local = problem_of(place, 0);
  const auto design = place.design.flatten(1);
  const auto best = design.matmul(std::get<0>(at::linalg_lstsq(design, place.targets)));
  const double least = half_mean_square(best - place.targets);
  base::Stream stream(10, "noise", "start");
  auto pair = stream.normal({3, 2, 2, 3, 4}, 0, 1, at::kDouble);
  double before = 1e300;
  for (int k = 0; k < 4; ++k) {
    const auto found = solve_least_squares(local, local.moments(), pair, {.iterations = 5});
    EXPECT_LE(found.after, found.before);
    EXPECT_LE(found.before, before * (1 + 1e-12));
    // What the residual says is what the pair does.
    EXPECT_NEAR(half_mean_square(local.values(found.pair) - local.targets()), found.after, 1e-12);
    before = found.after;
    pair = found.pair;
  }
  const auto end =
      solve_least_squares(local, local.moments(), pair, {.iterations = 2000, .tolerance = 1e-12});
  EXPECT_NEAR(end.after, least, 1e-9);
}

// Where numbers of the sides are of very different sizes, plain gradients hardly move.
TEST(LeastSquares, ComeSoonWhereSidesAreUneven) {
  auto place = place_of(400, 15, 0);
  for (std::int64_t k = 0; k < 3; ++k) place.before.vectors.select(1, k).mul_(std::pow(0.03, k));
  for (std::int64_t k = 0; k < 4; ++k) place.behind.vectors.select(1, k).mul_(std::pow(0.03, k));
  const auto local = problem_of(place, 0);
  const auto start = at::zeros({3, 2, 2, 3, 4}, at::kDouble);
  const auto after = [&](double damping, int iterations) {
    return solve_least_squares(local, local.moments(), start,
                               {.iterations = iterations, .tolerance = 0, .damping = damping})
        .after;
  };
  const double nothing = half_mean_square(place.targets), least = after(1e-9, 300);
  const double plain = nothing - after(INFINITY, 4), damped = nothing - after(1e-9, 4);
  EXPECT_GT(damped, 0.5 * (nothing - least));
  EXPECT_LT(plain, 0.25 * (nothing - least));
}

// An absolute bound on the gradient, or sums of squares in float32, would end at once.
TEST(LeastSquares, DoNotSeeTheScaleOfTheData) {
  const auto place = place_of(300, 11, 0);
  base::Stream stream(12, "noise", "start");
  const auto pair = stream.normal({3, 2, 2, 3, 4}, 0, 1, at::kDouble);
  const auto as_float = [](const Side& side, double more) {
    return Side{side.vectors.to(at::kFloat), side.logs + more};
  };
  const auto loss = [&](double logs, double log_scale) {
    const LocalProblem local(as_float(place.before, logs), place.first.to(at::kFloat),
                             place.second.to(at::kFloat), as_float(place.behind, logs),
                             place.targets.to(at::kFloat), log_scale);
    return solve_least_squares(local, local.moments(), pair.to(at::kFloat), {.iterations = 6})
        .after;
  };
  const double plain = loss(0, 0);
  EXPECT_LT(plain, 0.98 * half_mean_square(place.targets));
  EXPECT_NEAR(loss(-400, 0), plain, 1e-6);
  EXPECT_NEAR(loss(300, 90), plain, 1e-6);
}

TEST(LeastSquares, ScaleAStartThatIsWorseThanNone) {
  const auto place = place_of(200, 13, 0);
  const auto local = problem_of(place, 0);
  base::Stream stream(14, "noise", "start");
  const auto pair = 1e12 * stream.normal({3, 2, 2, 3, 4}, 0, 1, at::kDouble);
  const auto found = solve_least_squares(local, local.moments(), pair, {.iterations = 1});
  EXPECT_GT(found.before, 1e20);
  EXPECT_LT(found.after, half_mean_square(place.targets));
}

}  // namespace
}  // namespace ranklens::optim

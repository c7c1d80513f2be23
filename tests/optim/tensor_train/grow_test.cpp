// Directions off the tangent space, against the dense gradient, projected bond by bond.
#include "ranklens/optim/tensor_train/grow.h"

#include <cmath>
#include <vector>

#include <ATen/ops/diag.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/logspace.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include "ranklens/optim/tensor_train/gradients.h"
#include "ranklens/optim/tensor_train/tangent_point.h"
#include "ranklens/tn/train/algebra.h"

#include "optim/tensor_train/trains.h"

namespace ranklens::optim {
namespace {

using testing::as_tensor;
using testing::conv_weight;
using testing::dense_gradient;
using testing::dense_of;
using testing::distance;
using testing::norm;
using testing::OfState;
using testing::OneWeight;
using testing::state_of;
using testing::tt_weight;
using testing::two_cores;
using testing::values;

constexpr std::int64_t kMany = 1000;

struct Grown {
  TrainLayer layer;
  tn::TangentSpace space;
  NormalPart normal;
};

std::vector<at::Tensor> differentiated(OfState& objective, const nn::State& state,
                                       const Grown& at) {
  nn::State probed = state;
  set_cores(probed, at.layer, with_normal(with_slots(at.space), at.normal));
  auto gradients = named_gradients(objective.loss_and_gradients(probed, {}));
  return take_cores(at.layer, gradients);
}

/// The leading directions, at most `most` a bond, as the optimiser finds them.
Grown grown(OfState& objective, const nn::State& state, std::int64_t most) {
  Grown out{.layer = train_layers(state).at(0), .space = {}, .normal = {}};
  out.space = space_at(out.layer.train);
  const auto wanted = free_directions(out.space, most, kMany);
  out.normal = random_left(out.space, wanted, base::Stream(3, "noise", "sketch"));
  auto cores = differentiated(objective, state, out);
  out.normal = spanned_right(out.space, out.normal, cores);
  cores = differentiated(objective, state, out);
  out.normal = leading_normal(out.space, out.normal, cores, wanted);
  return out;
}

/// The normal part as a train of its own.
tn::TensorTrain train_of(const Grown& at) {
  tn::Tangent none;
  for (const auto& core : at.space.left) none.deltas.push_back(at::zeros_like(core));
  return {with_normal(tn::as_train(at.space, none).cores, at.normal), -1, 0};
}

/// The dense gradient [n_1 .. n_d] seen by cores `bond` and `bond` + 1, [r n, n' r''], without what
/// lies along the bases of either.
at::Tensor merged_densely(const tn::TangentSpace& space, const at::Tensor& gradient,
                          std::size_t bond) {
  auto rest = gradient.reshape({1, -1});
  for (std::size_t k = 0; k < bond; ++k) {
    const auto u = space.left[k].reshape({-1, space.left[k].size(2)});
    rest = u.t().matmul(rest.reshape({u.size(0), -1}));
  }
  for (auto k = space.right.size() - 1; k > bond + 1; --k) {
    const auto v = space.right[k].reshape({space.right[k].size(0), -1});
    rest = rest.reshape({-1, v.size(1)}).matmul(v.t());
  }
  const auto& left = space.left[bond];
  const auto u = left.reshape({-1, left.size(2)});
  const auto v = space.right[bond + 1].reshape({space.right[bond + 1].size(0), -1});
  rest = rest.reshape({u.size(0), v.size(1)});
  rest = rest - u.matmul(u.t().matmul(rest));
  return rest - rest.matmul(v.t()).matmul(v);
}

at::Tensor merged(const NormalPart& part, std::size_t bond) {
  const auto& a = part.a[bond];
  const auto& b = part.b[bond];
  return a.reshape({-1, a.size(2)}).matmul(b.reshape({b.size(0), -1}));
}

TEST(NormalPart, IsTheDenseGradientOffTheTangentSpace) {
  OneWeight objective(values({5, 12}, 9));
  const auto state = state_of(tt_weight(1));
  const auto found = grown(objective, state, kMany);
  const auto dense = as_tensor(dense_gradient(objective, dense_of(state)));
  for (std::size_t bond = 0; bond < 2; ++bond) {
    const auto expected = merged_densely(found.space, dense, bond);
    EXPECT_GT(norm(expected), 1e-3);
    EXPECT_LT(distance(merged(found.normal, bond), expected), 1e-12) << bond;
  }
}

TEST(NormalPart, OfAConvolutionIsThatOfTheDenseOne) {
  OneWeight objective(values({2, 6, 5, 5}, 10));
  const auto state = state_of(conv_weight(4));
  const auto found = grown(objective, state, kMany);
  const auto dense = dense_gradient(objective, dense_of(state))
                         .reshape({2, 2, 3, 2, 9})
                         .permute({4, 0, 2, 1, 3})
                         .reshape({9, 6, 4});
  for (std::size_t bond = 0; bond < 2; ++bond) {
    const auto expected = merged_densely(found.space, dense, bond);
    EXPECT_LT(distance(merged(found.normal, bond), expected), 1e-12) << bond;
  }
}

TEST(NormalPart, HoldsTheLeadingSingularDirections) {
  OneWeight objective(values({5, 12}, 11));
  const auto state = state_of(tt_weight(5));
  const auto found = grown(objective, state, 1);
  const auto dense = as_tensor(dense_gradient(objective, dense_of(state)));
  for (std::size_t bond = 0; bond < 2; ++bond) {
    const auto [u, s, vh] = at::linalg_svd(merged_densely(found.space, dense, bond), false);
    const auto leading = s[0] * u.narrow(1, 0, 1).matmul(vh.narrow(0, 0, 1));
    EXPECT_EQ(found.normal.a[bond].size(2), 1);
    EXPECT_LT(distance(merged(found.normal, bond), leading), 1e-12) << bond;
  }
}

// Where the sketch is narrower than the gradient's rank: two of forty directions whose sizes halve.
TEST(NormalPart, IsNearTheLeadingOnesFromASketch) {
  const auto sizes = at::logspace(0, -39, 40, 2, at::kDouble);
  const auto c =
      testing::basis(40, 40, 50).matmul(at::diag(sizes)).matmul(testing::basis(40, 40, 51).t());
  OfState objective([&](const nn::State& state) { return (dense_of(state) * c).sum(); });
  const auto state = state_of(two_cores(40, 40, 2, 52));
  const auto found = grown(objective, state, 2);
  EXPECT_EQ(found.normal.a[0].size(2), 2);
  const auto exact = std::get<1>(at::linalg_svd(merged_densely(found.space, c, 0)));
  const auto seen = std::get<1>(at::linalg_svd(merged(found.normal, 0)));
  for (const int k : {0, 1}) {
    const double ratio = (seen[k] / exact[k]).item<double>();
    EXPECT_LE(ratio, 1 + 1e-12);
    EXPECT_GT(ratio, 0.99);
  }
}

TEST(NormalPart, IsOrthogonalToTheTangentSpaceAndInItsTerms) {
  OneWeight objective(values({5, 12}, 12));
  for (const std::int64_t most : {std::int64_t{1}, kMany}) {
    const auto found = grown(objective, state_of(tt_weight(8)), most);
    const auto train = train_of(found);
    EXPECT_LT(tn::norm(tn::project(found.space, train)), 1e-13);
    EXPECT_GT(squared_norm(found.normal), 1e-6);
    EXPECT_NEAR(std::pow(tn::norm(train), 2), squared_norm(found.normal), 1e-14);
    EXPECT_NEAR(squared_norm(0.5 * found.normal), squared_norm(found.normal) / 4, 1e-14);
  }
}

// Blocks that are zero on one side leave the point where it is.
TEST(NormalPart, DoesNotMoveThePointWhileItIsSought) {
  OneWeight objective(values({5, 12}, 12));
  const auto state = state_of(tt_weight(8));
  auto at = grown(objective, state, 2);
  for (auto& b : at.normal.b) b = at::zeros_like(b);
  nn::State probed = state;
  set_cores(probed, at.layer, with_normal(with_slots(at.space), at.normal));
  EXPECT_LT(distance(dense_of(probed), dense_of(state)), 1e-12);
}

// The derivative along it is its square: it is a part of the gradient.
TEST(NormalPart, AgreesWithFiniteDifferences) {
  OneWeight objective(values({5, 12}, 13));
  const auto state = state_of(tt_weight(14));
  for (const std::int64_t most : {std::int64_t{1}, kMany}) {
    const auto found = grown(objective, state, most);
    const auto at_step = [&](double step) {
      nn::State moved = state;
      set_cores(moved, found.layer, with_normal(with_slots(found.space), step * found.normal));
      return objective.loss(moved);
    };
    const double squared = squared_norm(found.normal), h = 1e-4 / std::sqrt(squared);
    EXPECT_NEAR((at_step(h) - at_step(-h)) / (2 * h), squared, 1e-6 * (1 + squared));
  }
}

TEST(FreeDirections, AreThoseThatABondHasRoomFor) {
  const auto layer = train_layers(state_of(tt_weight(1))).at(0);  // modes 6, 6, 4, ranks 4, 3
  const auto space = space_at(layer.train);
  // Beside bond 0: 6 - 4 and 6 * 3 - 4; beside bond 1: 4 * 6 - 3 and 4 - 3.
  EXPECT_EQ(free_directions(space, kMany, kMany), (tn::Shape{2, 1}));
  EXPECT_EQ(free_directions(space, 1, kMany), (tn::Shape{1, 1}));
  EXPECT_EQ(free_directions(space, kMany, 5), (tn::Shape{1, 1}));
  EXPECT_EQ(free_directions(space, kMany, 3), (tn::Shape{0, 0}));
}

}  // namespace
}  // namespace ranklens::optim

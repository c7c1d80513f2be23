#include "ranklens/tn/manifold/tangent.h"

#include <cmath>

#include <ATen/ops/eye.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/algebra.h"
#include "ranklens/tn/train/make.h"
#include "ranklens/tn/train/round.h"

#include "testing/expect_error.h"
#include "tn/drawn.h"

namespace ranklens::tn {
namespace {

using testing::drawn;
using testing::expect_error;
using testing::kFour;
using testing::loosened;
using testing::relative;

const Shape kSizes{3, 4, 2, 3};
const Shape kRanks{2, 3, 2};

TensorTrain random_train(const Shape& sizes, const Shape& inner, at::ScalarType dtype,
                         std::string_view name = "point") {
  base::Stream stream(4, "noise", name);
  return random(stream, sizes, {.ranks = inner, .dtype = dtype});
}

/// The same tensor by other cores: G A, A^-1 H at every bond, A unitary times a real diagonal.
TensorTrain regauged(const TensorTrain& train) {
  auto out = train;
  out.centre = -1;
  for (std::size_t k = 0; k + 1 < out.cores.size(); ++k) {
    const auto r = out.cores[k].size(2);
    const auto turn = std::get<0>(
        at::linalg_qr(drawn({r, r}, "gauge" + std::to_string(k), train.cores[0].scalar_type())));
    auto stretch = at::ones({r}, at::kDouble);
    for (std::int64_t i = 0; i < r; ++i) stretch[i].fill_(1.0 + 0.5 * static_cast<double>(i));
    const auto a = turn * stretch.to(train.cores[0].scalar_type());
    const auto inverse = turn.mH() / stretch.to(train.cores[0].scalar_type()).unsqueeze(1);
    out.cores[k] = at::matmul(out.cores[k], a);
    auto& next = out.cores[k + 1];
    next = at::mm(inverse, next.reshape({r, -1})).reshape(next.sizes());
  }
  return out;
}

/// P_X Z as the sum of projectors on full tensors (Lubich, Oseledets, Vandereycken 2015, theorem
/// 3.1), with orthonormal bases of the unfoldings of X taken by QR.
at::Tensor projected_densely(const at::Tensor& x, const at::Tensor& z, const Shape& inner) {
  const auto d = x.dim();
  const auto left = [&](const at::Tensor& t, std::int64_t cores) {  // P_{<= cores}
    if (cores == 0) return t;
    std::int64_t rows = 1;
    for (std::int64_t k = 0; k < cores; ++k) rows *= x.size(k);
    const auto u =
        std::get<0>(at::linalg_svd(x.reshape({rows, -1}), false)).narrow(1, 0, inner[cores - 1]);
    return at::mm(u, at::mm(u.mH(), t.reshape({rows, -1}))).reshape(t.sizes());
  };
  const auto right = [&](const at::Tensor& t, std::int64_t cores) {  // P_{>= cores}, 0-based
    if (cores == d) return t;
    std::int64_t rows = 1;
    for (std::int64_t k = 0; k < cores; ++k) rows *= x.size(k);
    const auto vh =
        std::get<2>(at::linalg_svd(x.reshape({rows, -1}), false)).narrow(0, 0, inner[cores - 1]);
    return at::mm(at::mm(t.reshape({rows, -1}), vh.mH()), vh).reshape(t.sizes());
  };
  auto sum = at::zeros_like(z);
  for (std::int64_t k = 0; k < d; ++k) {
    sum = sum + right(left(z, k), k + 1);
    if (k + 1 < d) sum = sum - right(left(z, k + 1), k + 1);
  }
  return sum;
}

at::Tensor dense_projection(const TangentSpace& space, const at::Tensor& z) {
  return full(as_train(space, project(space, z)));
}

TEST(Tangent, ProjectionIsTheSumOfProjectors) {
  for (const auto dtype : kFour) {
    const auto x = random_train(kSizes, kRanks, dtype);
    const auto space = tangent_space(x);
    const auto z = drawn(kSizes, "z", dtype);
    const auto expected = projected_densely(full(x), z, kRanks);
    EXPECT_LT(relative(dense_projection(space, z), expected), loosened(5e-14, dtype));
  }
}

TEST(Tangent, ProjectorIsIdempotentSelfAdjointAndKeepsThePoint) {
  for (const auto dtype : kFour) {
    const double precision = loosened(5e-14, dtype);
    const auto x = random_train(kSizes, kRanks, dtype);
    const auto space = tangent_space(x);
    const auto z = drawn(kSizes, "z", dtype), y = drawn(kSizes, "y", dtype);
    const auto pz = dense_projection(space, z), py = dense_projection(space, y);
    EXPECT_LT(relative(dense_projection(space, pz), pz), precision);
    const auto inner = [](const at::Tensor& a, const at::Tensor& b) {
      return (a.conj() * b).sum();
    };
    EXPECT_LT((inner(y, pz) - inner(py, z)).abs().item<double>(),
              precision * frobenius(y) * frobenius(z));
    EXPECT_LT(inner(z - pz, py).abs().item<double>(), precision * frobenius(y) * frobenius(z));
    EXPECT_LT(relative(dense_projection(space, full(x)), full(x)), precision);
    EXPECT_GT(relative(pz, z), 0.1);  // something is projected away
  }
}

TEST(Tangent, GaugeOfThePointDoesNotMatter) {
  for (const auto dtype : kFour) {
    const auto x = random_train(kSizes, kRanks, dtype);
    const auto other = regauged(x);
    ASSERT_LT(relative(full(other), full(x)), loosened(5e-14, dtype));
    ASSERT_GT(relative(other.cores[1], x.cores[1]), 0.1);
    const auto z = drawn(kSizes, "z", dtype);
    EXPECT_LT(
        relative(dense_projection(tangent_space(other), z), dense_projection(tangent_space(x), z)),
        loosened(5e-14, dtype));
  }
}

TEST(Tangent, TrainsSumsOfTermsAndTensorsAgree) {
  for (const auto dtype : kFour) {
    const auto space = tangent_space(random_train(kSizes, kRanks, dtype));
    auto z = random_train(kSizes, {3, 5, 3}, dtype, "z");
    z.log_scale = 0.7;
    EXPECT_LT(relative(full(as_train(space, project(space, z))), dense_projection(space, full(z))),
              loosened(5e-14, dtype));
    CP terms{drawn({7}, "weights", dtype), {}};
    for (const auto n : kSizes) terms.factors.push_back(drawn({n, 7}, "f", dtype));
    EXPECT_LT(relative(full(as_train(space, project(space, terms))),
                       dense_projection(space, full(terms))),
              loosened(5e-14, dtype));
  }
}

TEST(Tangent, InnerProductIsThatOfTheTensors) {
  for (const auto dtype : kFour) {
    const auto space = tangent_space(random_train(kSizes, kRanks, dtype));
    auto a = project(space, drawn(kSizes, "a", dtype));
    const auto b = project(space, drawn(kSizes, "b", dtype));
    a.log_scale = 0.3;
    const auto x = full(as_train(space, a)), y = full(as_train(space, b));
    const auto expected = (x.conj() * y).sum();
    const double size = frobenius(x) * frobenius(y);
    EXPECT_LT((dot(a, b) - expected).abs().item<double>(), loosened(1e-13, dtype) * size);
    EXPECT_NEAR(norm(a) / frobenius(x), 1, loosened(5e-14, dtype));
    const auto sum = full(as_train(space, a + (-2.0) * b));
    EXPECT_LT(relative(sum, x - 2 * y), loosened(5e-14, dtype));
    EXPECT_LT(relative(full(as_train(space, b + a)), x + y), loosened(5e-14, dtype));
    EXPECT_EQ(ranks(as_train(space, a)), (Shape{4, 6, 4}));
  }
}

TEST(Tangent, DimensionIsTheRankOfTheBasis) {
  const auto space = tangent_space(random_train(kSizes, kRanks, at::kDouble));
  std::vector<at::Tensor> images;  // of all unit tensors
  const auto units = at::eye(std::int64_t{3} * 4 * 2 * 3, at::kDouble);
  for (const auto& unit : units.unbind(0)) {
    images.push_back(dense_projection(space, unit.reshape(kSizes)).flatten());
  }
  const auto projector = at::stack(images);
  EXPECT_EQ(dimension(space), 6 + 24 + 12 + 6 - 4 - 9 - 4);
  EXPECT_NEAR(projector.trace().item<double>(), static_cast<double>(dimension(space)), 1e-10);
  EXPECT_LT(frobenius(at::mm(projector, projector) - projector), 1e-11);
}

TEST(Tangent, RetractionIsOfSecondOrder) {
  for (const auto dtype : {at::kDouble, at::kComplexDouble}) {
    const auto x = random_train(kSizes, kRanks, dtype);
    const auto space = tangent_space(x);
    auto direction = project(space, drawn(kSizes, "direction", dtype));
    direction = (frobenius(full(x)) / norm(direction)) * direction;
    std::vector<double> whole, along;
    for (const double t : {8e-3, 4e-3, 2e-3}) {
      const auto moved = retract(space, direction, t).train;
      EXPECT_EQ(ranks(moved), kRanks);
      const auto off = full(moved) - full(x) - t * full(as_train(space, direction));
      whole.push_back(frobenius(off) / (t * t));
      along.push_back(frobenius(dense_projection(space, off)) / (t * t * t));
    }
    EXPECT_GT(whole[0], 0);
    for (const auto* values : {&whole, &along}) {
      for (const double value : *values) EXPECT_NEAR(value / values->back(), 1, 0.05);
    }
  }
}

// What the rounding cut off is what the step has beyond the ranks.
TEST(Tangent, RetractionTellsWhatItCutOff) {
  for (const auto dtype : kFour) {
    const auto x = random_train(kSizes, kRanks, dtype);
    const auto space = tangent_space(x);
    const auto direction = project(space, drawn(kSizes, "direction", dtype));
    const auto found = retract(space, direction, 0.1);
    ASSERT_EQ(found.cuts.size(), kRanks.size());
    const auto step = full(x) + 0.1 * full(as_train(space, direction));
    EXPECT_GT(found.error, 1e-6);
    EXPECT_NEAR(found.error, relative(full(found.train), step), 1e-4 * found.error + 1e-6);
    double squared = 0;
    for (const auto& cut : found.cuts) {
      squared += cut.discarded * cut.discarded;
      if (!cut.discarded_values.defined()) continue;  // a basis came cheaper than singular values
      EXPECT_NEAR(frobenius(cut.discarded_values), cut.discarded, 1e-3 * cut.discarded);
    }
    const double lost = found.error * frobenius(step);
    EXPECT_NEAR(std::sqrt(squared) * std::exp(found.train.log_scale), lost, 1e-3 * lost);
  }
}

TEST(Tangent, TransportIsTheProjection) {
  const auto x = random_train(kSizes, kRanks, at::kComplexDouble);
  const auto from = tangent_space(x);
  const auto vector = project(from, drawn(kSizes, "vector", at::kComplexDouble));
  const auto to = tangent_space(retract(from, vector, 0.1).train);
  const auto moved = transport(from, vector, to);
  EXPECT_LT(relative(full(as_train(to, moved)), dense_projection(to, full(as_train(from, vector)))),
            1e-12);
}

// A point of other ranks has tangent vectors of other shapes: what is carried over follows.
TEST(Tangent, TransportFollowsAChangeOfRanks) {
  for (const auto dtype : kFour) {
    const auto from = tangent_space(random_train(kSizes, kRanks, dtype));
    const auto vector = project(from, drawn(kSizes, "vector", dtype));
    for (const auto& inner : {Shape{1, 2, 1}, Shape{3, 5, 3}}) {
      const auto to = tangent_space(random_train(kSizes, inner, dtype, "other"));
      const auto moved = transport(from, vector, to);
      for (std::size_t k = 0; k < kSizes.size(); ++k) {
        EXPECT_EQ(moved.deltas[k].sizes(), to.left[k].sizes());
      }
      const auto dense = full(as_train(from, vector));
      EXPECT_LT(relative(full(as_train(to, moved)), dense_projection(to, dense)),
                loosened(5e-14, dtype));
      EXPECT_LE(norm(moved), norm(vector) * (1 + 1e-6));
    }
  }
}

TEST(Tangent, GradientsOfThePartsAreTheProjectedGradient) {
  // f(X) = <W, X>: the gradient with respect to the parts, found by hand from full tensors.
  const auto space = tangent_space(random_train(kSizes, kRanks, at::kDouble));
  const auto w = drawn(kSizes, "w");
  std::vector<at::Tensor> parts;
  for (std::size_t k = 0; k < kSizes.size(); ++k) {
    auto part = at::zeros(space.left[k].sizes(), at::kDouble);
    for (std::int64_t i = 0; i < part.numel(); ++i) {
      auto unit = at::zeros(part.sizes(), at::kDouble);
      unit.view({-1})[i].fill_(1);
      TensorTrain train;
      for (std::size_t j = 0; j < kSizes.size(); ++j) {
        train.cores.push_back(j < k ? space.left[j] : j > k ? space.right[j] : unit);
      }
      part.view({-1})[i].copy_((w * full(train)).sum());
    }
    parts.push_back(part);
  }
  EXPECT_LT(relative(full(as_train(space, gauged(space, parts))), dense_projection(space, w)),
            1e-12);
}

TEST(Tangent, ThousandSitesNeitherOverNorUnderflow) {
  const Shape sizes(1000, 2);
  for (const double scale : {0.1, 30.0}) {
    auto x = random_train(sizes, {3}, at::kDouble);
    for (auto& core : x.cores) core = core * scale;
    const auto space = tangent_space(x);
    const auto same = project(space, x);  // the point lies in its tangent space
    double squared = 0;
    for (const auto& delta : same.deltas) squared += std::pow(frobenius(delta), 2);
    EXPECT_NEAR(same.log_scale + 0.5 * std::log(squared), log_norm(x), 1e-8);
    const auto doubled = retract(space, same, 1).train;
    EXPECT_NEAR(log_norm(doubled), log_norm(x) + std::log(2), 1e-8);
  }
}

TEST(Tangent, OneCoreIsTheWholeSpace) {
  const auto x = random_train({5}, {}, at::kDouble);
  const auto space = tangent_space(x);
  const auto z = drawn({5}, "z");
  EXPECT_EQ(dimension(space), 5);
  EXPECT_LT(relative(dense_projection(space, z), z), 1e-14);
  EXPECT_LT(relative(full(retract(space, project(space, z), 2).train), full(x) + 2 * z), 1e-14);
}

TEST(Tangent, SaysWhatIsWrong) {
  const auto x = random_train(kSizes, kRanks, at::kDouble);
  expect_error([&] { tangent_space(x + x); }, "does not have its full rank");
  expect_error([] { tangent_space(zeros({2, 3})); }, "zero has no tangent space");
  const auto space = tangent_space(x);
  expect_error([&] { project(space, drawn({3, 4, 2, 2}, "z")); },
               "shape 3x4x2x2 has no projection at a point of shape 3x4x2x3");
  expect_error([&] { project(space, random_train(kSizes, kRanks, at::kFloat)); }, "one dtype");
  expect_error([&] { as_train(space, Tangent{{x.cores[0]}, 0}); }, "a tangent vector of 1 parts");
  expect_error(
      [&] { as_train(space, Tangent{{x.cores[0], x.cores[0], x.cores[2], x.cores[3]}, 0}); },
      "part 1 of a tangent vector");
  expect_error([&] { retract(space, project(space, x), std::nan("")); }, "finite number");
  expect_error([&] { std::complex<double>(0, 1) * project(space, x); }, "complex factor");
}

// A bond's smallest Schmidt value just above what the precision resolves, where the norm of a
// triangle's inverse does not yet say so, and just below.
TEST(Tangent, SpacesEndWhereThePrecisionDoes) {
  for (const auto type : kFour) {
    const auto train_with = [&](double smallest) {
      const auto values = at::tensor({1.0, 0.9, 0.8, smallest}, at::kDouble).to(type);
      const auto u = qr(drawn({30, 4}, "left", type)).q, v = qr(drawn({30, 4}, "right", type)).q;
      return TensorTrain{{(u * values).reshape({1, 30, 4}), v.mH().reshape({4, 30, 1})}, -1, 0};
    };
    const double floor = 8 * machine_epsilon(type);
    for (const double above : {3.0, 1.5}) {
      const auto space = tangent_space(train_with(above * floor));
      EXPECT_LT(relative(full(point(space)), full(train_with(above * floor))),
                loosened(1e-14, type));
    }
    expect_error([&] { tangent_space(train_with(0.5 * floor)); }, "full rank 4");
  }
}

}  // namespace
}  // namespace ranklens::tn

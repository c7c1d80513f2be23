#include "ranklens/optim/low_rank/probe.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/embedding.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/nn/low_memory.h"
#include "ranklens/nn/weights/dense.h"
#include "ranklens/nn/weights/fixed_rank.h"
#include "ranklens/optim/low_rank/bases.h"

#include "optim/low_rank/matrices.h"

namespace ranklens::optim {
namespace {

using testing::distance;
using testing::low_rank;
using testing::noise;

nn::Weight as_leaves(const nn::Weight& weight) {
  return nn::map_factors(weight,
                         [](const at::Tensor& slot) { return slot.detach().requires_grad_(); });
}

// What a probe gives and what the dense weight gives, for the loss sum(cos(y)).
struct Both {
  at::Tensor y, dense_y, dx, dense_dx, dbias, dense_dbias;
  Gradient found, expected;
  at::Tensor core_y, core_dx, core_dbias, core_ds;  ///< of a probe that is read for its core alone
};

template <class Apply>
Both compare(const nn::Shape& shape, const LowRank& point, at::Tensor x, const Apply& apply_to) {
  auto uses = std::make_shared<Uses>();
  const auto weight = as_leaves(probe(shape, point, uses));
  x = x.detach().requires_grad_();
  const auto bias = noise(1, shape[0], 77).squeeze(0).requires_grad_();
  const auto dense = point.dense().reshape(shape).requires_grad_();
  const auto factors = weight->factors();
  Both both;
  both.y = apply_to(weight, x, bias);
  auto g = torch::autograd::grad(
      {both.y.cos().sum()}, {x, bias, factors[0].tensor, factors[1].tensor, factors[2].tensor});
  both.dx = g[0], both.dbias = g[1];
  both.found = probed_gradient(g[2], g[3], g[4], *uses);
  const auto of_core = as_leaves(probe(shape, point, {}, Reads::core));
  both.core_y = apply_to(of_core, x, bias);
  EXPECT_EQ(of_core->factors().size(), 1U);
  EXPECT_EQ(of_core->factors().at(0).name, "dS");
  g = torch::autograd::grad({both.core_y.cos().sum()}, {x, bias, of_core->factors().at(0).tensor});
  both.core_dx = g[0], both.core_dbias = g[1], both.core_ds = g[2];
  both.dense_y = apply_to(nn::Weight(dense), x, bias);
  g = torch::autograd::grad({both.dense_y.cos().sum()}, {x, bias, dense});
  both.dense_dx = g[0], both.dense_dbias = g[1];
  both.expected = seen_from(point, g[2].reshape({shape[0], -1}));
  return both;
}

void expect_equal(const Both& both, std::int64_t rows, std::int64_t columns) {
  const double allowed = 1e-12 * (1 + testing::norm(both.expected.k));
  EXPECT_LT(distance(both.y, both.dense_y), 1e-11);
  EXPECT_LT(distance(both.dx, both.dense_dx), 1e-11);
  EXPECT_LT(distance(both.dbias, both.dense_dbias), 1e-11);
  EXPECT_LT(distance(both.found.k, both.expected.k), 10 * allowed);
  EXPECT_LT(distance(both.found.l, both.expected.l), 10 * allowed);
  EXPECT_LT(distance(both.found.s, both.expected.s), 10 * allowed);
  EXPECT_LT(distance(both.core_y, both.dense_y), 1e-11);
  EXPECT_LT(distance(both.core_dx, both.dense_dx), 1e-11);
  EXPECT_LT(distance(both.core_dbias, both.dense_dbias), 1e-11);
  EXPECT_LT(distance(both.core_ds, both.expected.s), 10 * allowed);
  const auto left = noise(rows, 3, 78), right = noise(columns, 2, 79);
  EXPECT_LT(distance(both.found.between(left, right), both.expected.between(left, right)), 1e-10);
}

const auto apply_linear = [](const nn::Weight& weight, const at::Tensor& x, const at::Tensor& b) {
  return weight->linear(x, b);
};

TEST(Probe, OfALinearMapGivesTheFactorsGradients) {
  const auto both = compare({9, 7}, low_rank(9, 7, 3, 1), noise(5, 7, 2), apply_linear);
  expect_equal(both, 9, 7);
  EXPECT_FALSE(both.found.k_span.defined());
  const auto many =
      compare({9, 7}, low_rank(9, 7, 3, 1), noise(10, 7, 3).reshape({2, 5, 7}), apply_linear);
  expect_equal(many, 9, 7);
}

// Two examples under a rank of three: their columns span what the gradients do.
TEST(Probe, SpansAreNoWiderThanTheBatch) {
  const auto both = compare({9, 7}, low_rank(9, 7, 3, 4), noise(2, 7, 5), apply_linear);
  expect_equal(both, 9, 7);
  ASSERT_EQ(both.found.k_span.sizes(), (at::IntArrayRef{9, 2}));
  ASSERT_EQ(both.found.l_span.sizes(), (at::IntArrayRef{7, 2}));
  const auto outside = [](const at::Tensor& span, const at::Tensor& columns) {
    const auto q = std::get<0>(at::linalg_qr(span));
    return distance(columns, at::matmul(q, at::matmul(q.t(), columns)));
  };
  EXPECT_LT(outside(both.found.k_span, both.expected.k), 1e-12);
  EXPECT_LT(outside(both.found.l_span, both.expected.l), 1e-12);
}

TEST(Probe, OfAConvolutionGivesTheFactorsGradients) {
  for (const auto& geometry :
       {nn::ConvGeometry{},
        nn::ConvGeometry{.stride = 2, .top = 1, .left = 1, .bottom = 1, .right = 1},
        nn::ConvGeometry{.dilation = 2, .top = 0, .left = 1, .bottom = 2, .right = 1}}) {
    const auto apply_conv = [&](const nn::Weight& weight, const at::Tensor& x,
                                const at::Tensor& b) { return weight->conv2d(x, b, geometry); };
    const nn::Shape shape{6, 4, 3, 2};
    const auto x = noise(12, 72, 6).reshape({3, 4, 9, 8});
    expect_equal(compare(shape, low_rank(6, 24, 4, 7), x, apply_conv), 6, 24);
    expect_equal(compare(shape, low_rank(6, 24, 4, 7), x.contiguous(at::MemoryFormat::ChannelsLast),
                         apply_conv),
                 6, 24);
  }
}

// A core that is not square: on the way through some methods.
TEST(Probe, OfARectangularCore) {
  const LowRank point{testing::basis(9, 4, 8), noise(4, 2, 9), testing::basis(7, 2, 10)};
  expect_equal(compare({9, 7}, point, noise(5, 7, 11), apply_linear), 9, 7);
}

// A weight used twice: gradients add up.
TEST(Probe, SharedWeightsAddUp) {
  const auto twice = [](const nn::Weight& weight, const at::Tensor& x, const at::Tensor& b) {
    return weight->linear(weight->linear(x, b).sin(), b);
  };
  expect_equal(compare({7, 7}, low_rank(7, 7, 3, 12), noise(5, 7, 13), twice), 7, 7);
}

// G V = gU S^-T: the factors' own gradients hold the same, but divided by small singular values.
TEST(Probe, AgreesWithTheGradientsOfTheFactors) {
  const LowRank point = low_rank(9, 7, 3, 14);
  const auto both = compare({9, 7}, point, noise(5, 7, 15), apply_linear);
  const auto u = point.u.detach().clone().requires_grad_(),
             s = point.s.detach().clone().requires_grad_(),
             v = point.v.detach().clone().requires_grad_();
  const auto bias = noise(1, 9, 77).squeeze(0);
  const auto y = nn::FixedRank({9, 7}, u, s, v).linear(noise(5, 7, 15), bias);
  const auto g = torch::autograd::grad({y.cos().sum()}, {u, s, v});
  EXPECT_LT(distance(at::matmul(both.found.k, point.s.t()), g[0]), 1e-11);
  EXPECT_LT(distance(both.found.s, g[1]), 1e-11);
  EXPECT_LT(distance(at::matmul(both.found.l, point.s), g[2]), 1e-11);
}

// K, L and S each as a variable of its own in a pass of its own, as the published programs have it.
Gradient of_three_passes(const LowRank& point, const at::Tensor& x, const at::Tensor& bias) {
  const auto pass = [&](const at::Tensor& start, const auto& weight) {
    const auto variable = start.detach().clone().requires_grad_();
    const auto y = at::matmul(x, weight(variable).t()) + bias;
    return torch::autograd::grad({y.cos().sum()}, {variable}).front();
  };
  const auto& [u, s, v] = point;
  return {
      .k = pass(at::matmul(u, s), [&](const at::Tensor& k) { return at::matmul(k, v.t()); }),
      .l = pass(at::matmul(v, s.t()), [&](const at::Tensor& l) { return at::matmul(u, l.t()); }),
      .s = pass(s, [&](const at::Tensor& core) { return at::matmul(at::matmul(u, core), v.t()); })};
}

TEST(Probe, OnePassGivesWhatThreePassesDo) {
  for (const auto& [dtype, allowed] :
       {std::pair{at::kDouble, 1e-12}, std::pair{at::kFloat, 1e-5}}) {
    const auto in = [type = dtype](const at::Tensor& tensor) { return tensor.to(type); };
    const auto exact = low_rank(40, 30, 6, 16);
    const LowRank point{in(exact.u), in(exact.s), in(exact.v)};
    const auto x = in(noise(50, 30, 17)), bias = in(noise(1, 40, 18)).squeeze(0);
    const auto weight = as_leaves(probe({40, 30}, point));
    const auto factors = weight->factors();
    const auto g = torch::autograd::grad({weight->linear(x, bias).cos().sum()},
                                         {factors[0].tensor, factors[1].tensor, factors[2].tensor});
    EXPECT_EQ(g[0].scalar_type(), dtype);
    for (const auto& expected : {of_three_passes(point, x, bias),
                                 of_three_passes(exact, x.to(at::kDouble), bias.to(at::kDouble))}) {
      const auto near = [bound = allowed](const at::Tensor& found, const at::Tensor& right) {
        return distance(found.to(at::kDouble), right.to(at::kDouble)) <
               bound * testing::norm(right);
      };
      EXPECT_TRUE(near(g[0], expected.k)) << dtype;
      EXPECT_TRUE(near(g[1], expected.s)) << dtype;
      EXPECT_TRUE(near(g[2], expected.l)) << dtype;
    }
  }
}

// Rows by themselves and again, the first and the last, of a table of nine.
at::Tensor some_indices() {
  return at::tensor({4, 0, 8, 4, 4, 2, 0, 7, 8, 4}, at::kLong).reshape({2, 5});
}

const auto apply_rows = [](const nn::Weight& weight, const at::Tensor& x, const at::Tensor& b) {
  return weight->rows(some_indices()) * x + b.sum();
};

TEST(Probe, OfATableGivesTheFactorsGradients) {
  const auto x = noise(10, 7, 19).reshape({2, 5, 7});
  const auto both = compare({9, 7}, low_rank(9, 7, 3, 20), x, apply_rows);
  EXPECT_EQ(both.y.sizes(), (at::IntArrayRef{2, 5, 7}));
  expect_equal(both, 9, 7);
  const LowRank rectangular{testing::basis(9, 4, 21), noise(4, 2, 22), testing::basis(7, 2, 23)};
  expect_equal(compare({9, 7}, rectangular, x, apply_rows), 9, 7);
  const auto recomputed = [](const nn::Weight& weight, const at::Tensor& in, const at::Tensor& b) {
    return apply_rows(nn::with_low_memory(weight), in, b);
  };
  expect_equal(compare({9, 7}, rectangular, x, recomputed), 9, 7);
}

// Two rows under a rank of three: what the bases grow by holds all of the gradient.
TEST(Probe, OfATableOfWhichFewRowsAreLookedUp) {
  const auto point = low_rank(9, 7, 3, 24);
  const auto few = [](const nn::Weight& weight, const at::Tensor& x, const at::Tensor& b) {
    return weight->rows(at::tensor({4, 8, 4}, at::kLong)) * x + b.sum();
  };
  const auto both = compare({9, 7}, point, noise(3, 7, 25), few);
  expect_equal(both, 9, 7);
  EXPECT_FALSE(both.found.k_span.defined());
  const auto g = both.expected.between(at::eye(9, at::kDouble), at::eye(7, at::kDouble));
  const auto wide = widened(point, new_left(point, both.found), new_right(point, both.found));
  EXPECT_LT(orthogonality_error(wide), 1e-12);
  EXPECT_LT(distance(at::matmul(wide.u, at::matmul(wide.u.t(), g)), g), 1e-12 * testing::norm(g));
  EXPECT_LT(distance(at::matmul(at::matmul(g, wide.v), wide.v.t()), g), 1e-12 * testing::norm(g));
}

TEST(Probe, OfATableWithoutLookups) {
  const auto none = [](const nn::Weight& weight, const at::Tensor& x, const at::Tensor& b) {
    return weight->rows(some_indices().narrow(0, 0, 0)).sum() + x.sum() + b;
  };
  const auto both = compare({9, 7}, low_rank(9, 7, 3, 26), noise(2, 7, 27), none);
  expect_equal(both, 9, 7);
  EXPECT_EQ(testing::norm(both.found.k) + testing::norm(both.found.l), 0);
}

// A table that is the last layer, too.
TEST(Probe, TiedTablesAddUp) {
  const auto tied = [](const nn::Weight& weight, const at::Tensor& x, const at::Tensor& b) {
    return weight->linear(weight->rows(some_indices()).sin() + x, b);
  };
  const auto x = noise(10, 7, 28).reshape({2, 5, 7});
  const auto both = compare({9, 7}, low_rank(9, 7, 3, 29), x, tied);
  expect_equal(both, 9, 7);
  // Fewer rows than the rank, but no span is known of both uses together.
  const auto few = [](const nn::Weight& weight, const at::Tensor& in, const at::Tensor& b) {
    return weight->linear(weight->rows(at::tensor({4}, at::kLong)) + in, b);
  };
  const auto narrow = compare({9, 7}, low_rank(9, 7, 3, 29), noise(1, 7, 30), few);
  expect_equal(narrow, 9, 7);
  EXPECT_FALSE(narrow.found.k_span.defined());
}

TEST(Probe, OfAnOperatorThatAsksForTheWholeWeight) {
  const auto whole = [](const nn::Weight& weight, const at::Tensor& x, const at::Tensor& b) {
    return at::linear(x, weight->dense(), b);
  };
  const LowRank rectangular{testing::basis(9, 4, 31), noise(4, 2, 32), testing::basis(7, 2, 33)};
  expect_equal(compare({9, 7}, rectangular, noise(5, 7, 34), whole), 9, 7);
  const auto convolved = [](const nn::Weight& weight, const at::Tensor& x, const at::Tensor& b) {
    return nn::convolve(x, weight->dense(), b, {});
  };
  const auto x = noise(12, 72, 35).reshape({3, 4, 9, 8}).contiguous(at::MemoryFormat::ChannelsLast);
  expect_equal(compare({6, 4, 3, 2}, low_rank(6, 24, 4, 36), x, convolved), 6, 24);
}

// A probe as a network has it: slots stored in one type, cast to the one that is computed in.
struct TypedProbe {
  std::vector<at::Tensor> slots;
  nn::Weight weight;
  std::shared_ptr<Uses> uses = std::make_shared<Uses>();

  TypedProbe(const LowRank& exact, at::ScalarType stored, at::ScalarType computed) {
    const LowRank point{exact.u.to(stored), exact.s.to(stored), exact.v.to(stored)};
    const auto plain = probe({exact.u.size(0), exact.v.size(0)}, point, uses);
    weight = nn::map_factors(plain, [&](const at::Tensor& slot) {
      slots.push_back(slot.detach().requires_grad_());
      return slots.back().to(computed);
    });
  }
  Gradient gradient_of(const at::Tensor& loss) const {
    const auto g = torch::autograd::grad({loss}, slots);
    return probed_gradient(g[0], g[1], g[2], *uses);
  }
};

TEST(Probe, OfATableInTheTypeThatIsComputedIn) {
  const auto exact = low_rank(40, 30, 6, 37);
  const auto indices = base::Stream(38, "noise", "rows").integers({200}, 40);
  const auto table = exact.dense().requires_grad_();
  const auto rows = at::embedding(table, indices);
  const auto expected =
      seen_from(exact, torch::autograd::grad({rows.cos().sum()}, {table}).front());
  const auto left = noise(40, 3, 39), right = noise(30, 2, 40);
  for (const auto& [type, allowed] :
       {std::pair{at::kDouble, 1e-12}, {at::kFloat, 1e-5}, {at::kBFloat16, 5e-2}}) {
    const auto stored = type == at::kBFloat16 ? at::kFloat : type;
    const TypedProbe typed(exact, stored, type);
    const auto y = typed.weight->rows(indices);
    EXPECT_EQ(y.scalar_type(), type);
    EXPECT_EQ(typed.weight->dense().scalar_type(), type);
    const auto found = typed.gradient_of(y.cos().sum());
    const auto near = [&, bound = allowed](const at::Tensor& one, const at::Tensor& other) {
      EXPECT_EQ(one.scalar_type(), stored);
      return distance(one.to(at::kDouble), other) < bound * testing::norm(other);
    };
    EXPECT_TRUE(near(found.k, expected.k)) << type;
    EXPECT_TRUE(near(found.l, expected.l)) << type;
    EXPECT_TRUE(near(found.s, expected.s)) << type;
    EXPECT_TRUE(
        near(found.between(left.to(stored), right.to(stored)), expected.between(left, right)))
        << type;
  }
}

// A sum in bfloat16 stops growing at 256 times what is added to it.
TEST(Probe, OfATableAddsUpARowThatIsLookedUpOften) {
  const auto exact = low_rank(40, 30, 6, 41);
  const TypedProbe typed(exact, at::kFloat, at::kBFloat16);
  const auto found = typed.gradient_of(typed.weight->rows(at::full({4096}, 3, at::kLong)).sum());
  auto expected = at::zeros({40, 6}, at::kDouble);
  expected[3] = 4096 * exact.v.sum(0);
  EXPECT_LT(distance(found.k.to(at::kDouble), expected), 2e-2 * testing::norm(expected));
}

}  // namespace
}  // namespace ranklens::optim

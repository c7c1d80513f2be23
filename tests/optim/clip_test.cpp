#include "ranklens/optim/clip.h"

#include <cmath>
#include <utility>

#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/error.h"
#include "ranklens/optim/low_rank/probe_tucker.h"

#include "optim/low_rank/kernels.h"

namespace ranklens::optim {
namespace {

std::vector<at::Tensor> gradients() {
  return {at::tensor({3.0F, 0.0F}), at::Tensor(), at::tensor({-4.0F}), at::tensor({12.0F})};
}

TEST(ClipNorm, ScalesTheWholeToTheLimit) {
  const auto g = gradients();
  EXPECT_DOUBLE_EQ(global_norm(g), 13);  // 3, 4, 12: a Pythagorean quadruple
  EXPECT_DOUBLE_EQ(clip_norm(g, 6.5), 13);
  EXPECT_FLOAT_EQ(g[0][0].item<float>(), 1.5F);
  EXPECT_FLOAT_EQ(g[2][0].item<float>(), -2);
  EXPECT_FLOAT_EQ(g[3][0].item<float>(), 6);
}

TEST(ClipNorm, LeavesShortOnesAlone) {
  const auto g = gradients();
  EXPECT_DOUBLE_EQ(clip_norm(g, 13.5), 13);
  EXPECT_EQ(g[3][0].item<float>(), 12);
  EXPECT_EQ(global_norm({}), 0);
  EXPECT_THROW(clip_norm(g, 0), base::Error);
}

/// A weight in work beside a dense bias, with the gradients of its factors and of the bias.
struct InWork {
  nn::State state;
  std::vector<at::Tensor> gradients;
  double projected = 0, bias = 2;  ///< norms of P G and of the bias' gradient
};

InWork in_work(const nn::Weight& weight, std::vector<at::Tensor> parts, double projected) {
  InWork made{.state = {}, .gradients = std::move(parts), .projected = projected};
  made.state.set("w", {.weight = weight});
  made.state.set("b", {.weight = at::zeros({4}, at::kDouble)});
  made.gradients.push_back(at::full({4}, 1.0, at::kDouble));
  return made;
}

InWork matrix_in_work() {
  const auto point = testing::low_rank(7, 5, 2, 1);
  const auto g = testing::noise(7, 5, 2);
  const auto seen = seen_from(point, g);
  return in_work(probe({7, 5}, point), {seen.k, seen.s, seen.l}, testing::norm(project(point, g)));
}

InWork kernel_in_work() {
  const auto point = testing::kernel(7, 5, 3, 2, 3);
  const auto g = testing::block({7, 5, 3, 2}, 4);
  const auto seen = seen_from(point, g);
  return in_work(probe({7, 5, 3, 2}, point, seen.rows), {seen.k_out, seen.core, seen.k_in},
                 testing::norm(tangent(point, seen).dense()));
}

// The three parts of a projected gradient overlap.
TEST(ClipNorm, CountsWeightsInFactorsByTheirProjectedGradient) {
  for (const auto& [state, gradients, projected, bias] : {matrix_in_work(), kernel_in_work()}) {
    const double whole = std::hypot(projected, bias);
    EXPECT_NEAR(global_norm(state, gradients), whole, 1e-12);
    EXPECT_GT(global_norm(gradients), 1.05 * whole);
    EXPECT_NEAR(clip_norm(state, gradients, whole / 4), whole, 1e-12);
    EXPECT_NEAR(gradients.back()[0].item<double>(), 0.25, 1e-12);
    EXPECT_NEAR(global_norm(state, gradients), whole / 4, 1e-12);
    EXPECT_NEAR(clip_norm(state, gradients, whole), whole / 4, 1e-12);
    EXPECT_NEAR(gradients.back()[0].item<double>(), 0.25, 1e-12);
  }
  auto unused = matrix_in_work();
  for (std::size_t k = 0; k < 3; ++k) unused.gradients[k] = at::Tensor();
  EXPECT_DOUBLE_EQ(global_norm(unused.state, unused.gradients), 2);
  unused.gradients.resize(2);
  EXPECT_THROW(global_norm(unused.state, unused.gradients), base::Error);
}

// Of a sum of two weights autograd gives one gradient twice, which is scaled in place.
TEST(MakeOwn, CopiesGradientsThatAreOneTensor) {
  const auto a = at::full({3}, 1.0).requires_grad_(), b = at::full({3}, 2.0).requires_grad_(),
             c = at::full({3}, 3.0).requires_grad_();
  const auto found = [&] {
    const auto loss = (a + b).square().sum() + c.square().sum();
    return torch::autograd::grad({loss}, {a, b, c});
  };
  auto own = found();
  EXPECT_EQ(own[0].data_ptr(), own[1].data_ptr());  // or there is nothing to copy any more
  const auto* third = own[2].data_ptr();
  make_own(own);
  EXPECT_NE(own[0].data_ptr(), own[1].data_ptr());
  EXPECT_EQ(own[2].data_ptr(), third);  // nobody else's: left where it is
  EXPECT_NEAR(clip_norm(own, 1), std::sqrt(6 * 36 + 3 * 36), 1e-5);
  EXPECT_NEAR(global_norm(own), 1, 1e-6);
  for (const auto& one : own) EXPECT_TRUE(one.equal(own[0]));
}

TEST(ClipValue, ClampsEveryEntry) {
  const auto g = gradients();
  clip_value(g, 3.5);
  EXPECT_EQ(g[0][0].item<float>(), 3);
  EXPECT_EQ(g[2][0].item<float>(), -3.5F);
  EXPECT_EQ(g[3][0].item<float>(), 3.5F);
  EXPECT_THROW(clip_value(g, -1), base::Error);
}

}  // namespace
}  // namespace ranklens::optim

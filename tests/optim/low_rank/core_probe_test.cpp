// Probes that are read for the gradient of their core alone.
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/nn/weights/dense.h"
#include "ranklens/optim/low_rank/probe.h"

#include "optim/low_rank/matrices.h"

namespace ranklens::optim {
namespace {

using testing::distance;
using testing::low_rank;
using testing::noise;

nn::Weight leaves_of(const nn::Weight& weight) {
  return nn::map_factors(weight,
                         [](const at::Tensor& slot) { return slot.detach().requires_grad_(); });
}

// Places of gradients are counted over the tensors that there are.
TEST(CoreProbe, GivesTheSameWithoutABias) {
  const auto core_gradient = [](Reads reads, const nn::Shape& shape, const LowRank& point,
                                const at::Tensor& x) {
    const auto weight = leaves_of(probe(shape, point, {}, reads));
    const auto y = x.dim() == 4 ? weight->conv2d(x, {}, {}) : weight->linear(x, {});
    const auto slot = weight->factors().at(reads == Reads::all ? 1 : 0).tensor;
    return torch::autograd::grad({y.cos().sum()}, {slot}).front();
  };
  const auto expect = [&](const nn::Shape& shape, const LowRank& point, const at::Tensor& x) {
    const auto all = core_gradient(Reads::all, shape, point, x);
    EXPECT_LT(distance(core_gradient(Reads::core, shape, point, x), all),
              1e-12 * testing::norm(all));
  };
  expect({9, 7}, low_rank(9, 7, 3, 1), noise(5, 7, 2));
  expect({6, 4, 3, 2}, low_rank(6, 24, 4, 7), noise(12, 72, 6).reshape({3, 4, 9, 8}));
}

// A step of the core alone takes products of the rank's size.
TEST(CoreProbe, KeepsNoInputs) {
  const LowRank point = low_rank(9, 7, 3, 1);
  const auto x = noise(5, 7, 2);
  const auto held = x.storage().use_count();
  const auto y = leaves_of(probe({9, 7}, point, {}, Reads::core))->linear(x, {});
  EXPECT_EQ(x.storage().use_count(), held);
  const auto of_all = leaves_of(probe({9, 7}, point))->linear(x, {});
  EXPECT_GT(x.storage().use_count(), held);
}

}  // namespace
}  // namespace ranklens::optim

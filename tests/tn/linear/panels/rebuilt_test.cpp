#include "ranklens/tn/linear/panels/rebuilt.h"

#include <deque>
#include <limits>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace ranklens::tn::panels {
namespace {

double off_by(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b).norm().item<double>() / b.norm().item<double>();
}

void expect_dense(const Table& kernels, const Rebuilt& n, std::int64_t batch) {
  SCOPED_TRACE(::testing::Message() << kernels.name << " a=" << n.a << " b=" << n.b << " c=" << n.c
                                    << " d=" << n.d << " r=" << n.r << " batch=" << batch);
  std::deque<at::Tensor> memory;
  const Room room = [&](std::int64_t numbers) {
    // What a kernel reads without having written it would show.
    memory.push_back(at::full({numbers}, std::numeric_limits<float>::quiet_NaN(), at::kFloat));
    return memory.back().mutable_data_ptr<float>();
  };
  const auto left = at::randn({n.a, n.c, n.r}), right = at::randn({n.r, n.b, n.d}),
             x = at::randn({batch, n.ins()}), dy = at::randn({batch, n.outs()});
  const auto w = at::einsum("acr,rbd->abcd", {left.to(at::kDouble), right.to(at::kDouble)})
                     .reshape({n.outs(), n.ins()});
  const auto y = at::empty({batch, n.outs()}), dx = at::empty({batch, n.ins()}),
             gradient = at::empty({n.a * n.c, n.b * n.d});
  const auto apply = [&](bool outputs, const at::Tensor& from, const at::Tensor& to) {
    const auto halves = pack_halves(kernels, n, left.const_data_ptr<float>(),
                                    right.const_data_ptr<float>(), outputs, room);
    const auto strips = strip_count(kernels, n, outputs);
    // In two shares, as two threads would.
    for (const auto& [begin, end] : {std::pair{std::int64_t{0}, strips / 2}, {strips / 2, strips}})
      apply_strips(kernels, n, halves, outputs, from.const_data_ptr<float>(), batch,
                   to.mutable_data_ptr<float>(), begin, end, room);
  };
  apply(true, x, y);
  apply(false, dy, dx);
  const auto* packed = pack_gradient(kernels, n, dy.const_data_ptr<float>(), batch, room);
  gradient_strips(kernels, n, x.const_data_ptr<float>(), packed, batch,
                  gradient.mutable_data_ptr<float>(), 0, strip_count(kernels, n, false), room);
  const auto of_w = at::matmul(dy.to(at::kDouble).t(), x.to(at::kDouble))
                        .view({n.a, n.b, n.c, n.d})
                        .transpose(1, 2);
  EXPECT_LT(off_by(y, at::matmul(x.to(at::kDouble), w.t())), 1e-5);
  EXPECT_LT(off_by(dx, at::matmul(dy.to(at::kDouble), w)), 1e-5);
  EXPECT_LT(off_by(gradient, of_w.reshape({n.a * n.c, n.b * n.d})), 1e-5);
}

TEST(Rebuilt, StripsAreThoseOfTheDenseMatrix) {
  at::manual_seed(1);
  for (const auto* kernels : tables()) {
    const auto v = kernels->lanes;
    // One register and two, an odd number of them, and more rows than a stretch.
    for (const auto& n : {Rebuilt{1, v, 1, v, 1}, Rebuilt{3, 2 * v, 5, v, 2},
                          Rebuilt{2, 3 * v, 3, 5 * v, 7}, Rebuilt{4, 4 * v, 13, 4 * v, 5}}) {
      EXPECT_TRUE(takes(*kernels, n));
      for (const std::int64_t batch : {1, 6, 23, 300}) expect_dense(*kernels, n, batch);
    }
    EXPECT_FALSE(takes(*kernels, {2, v + 1, 2, v, 3}));
    EXPECT_FALSE(takes(*kernels, {2, v, 2, v + 1, 3}));
  }
}

}  // namespace
}  // namespace ranklens::tn::panels

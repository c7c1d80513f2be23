#include "ranklens/tn/linear/panels/two_steps.h"

#include <deque>
#include <numeric>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace ranklens::tn::panels {
namespace {

/// F [s, r, q] and G [t, p, r] as they lie here.
Laid laid_first(const TwoSteps& n) {
  Laid laid{.outs = {}, .ins = {}, .bond_stride = n.q};
  for (std::int64_t s = 0; s < n.s; ++s) laid.outs.push_back(s * n.r * n.q);
  for (std::int64_t q = 0; q < n.q; ++q) laid.ins.push_back(q);
  return laid;
}

Laid laid_second(const TwoSteps& n) {
  Laid laid{.outs = {}, .ins = {}, .bond_stride = 1};
  for (std::int64_t t = 0; t < n.t; ++t) laid.outs.push_back(t * n.p * n.r);
  for (std::int64_t p = 0; p < n.p; ++p) laid.ins.push_back(p * n.r);
  return laid;
}

struct Given {
  at::Tensor first, second, x, bias, dy;
};

struct Results {
  at::Tensor y, dx, first, second;
};

/// By libtorch's operators in float64, the batch first: what the kernels are held against.
Results wanted_of(const TwoSteps& n, const Given& g) {
  const auto batch = g.x.size(0);
  const auto first = g.first.to(at::kDouble), second = g.second.to(at::kDouble);
  auto x = g.x.to(at::kDouble), dy = g.dy.to(at::kDouble);
  x = n.from_left ? x.view({batch, n.q, n.p}).transpose(1, 2) : x.view({batch, n.p, n.q});
  dy = n.from_left ? dy.view({batch, n.s, n.t}) : dy.view({batch, n.t, n.s}).transpose(1, 2);
  const auto z = at::einsum("srq,bpq->bspr", {first, x});
  const auto dz = at::einsum("tpr,bst->bspr", {second, dy});
  auto y = at::einsum("tpr,bspr->bst", {second, z});
  auto dx = at::einsum("srq,bspr->bpq", {first, dz});
  if (!n.from_left) y = y.transpose(1, 2);
  if (n.from_left) dx = dx.transpose(1, 2);
  return {y.reshape({batch, -1}) + g.bias.to(at::kDouble), dx.reshape({batch, -1}),
          at::einsum("bspr,bpq->srq", {dz, x}), at::einsum("bst,bspr->tpr", {dy, z})};
}

Results found_of(const Table& kernels, const TwoSteps& n, const Given& g, bool keep) {
  std::deque<at::Tensor> memory;
  const Room room = [&](std::int64_t numbers) {
    // What a kernel reads without having written it would show.
    memory.push_back(at::full({numbers}, std::numeric_limits<float>::quiet_NaN(), at::kFloat));
    return memory.back().mutable_data_ptr<float>();
  };
  const auto batch = g.x.size(0), ins = n.p * n.q, outs = n.s * n.t;
  const auto worker = [&](Pass pass) {
    return TwoStepWorker(kernels, n,
                         pack(kernels, n, g.first.const_data_ptr<float>(), laid_first(n),
                              g.second.const_data_ptr<float>(), laid_second(n), pass, room),
                         pass, batch, room);
  };
  auto forward = worker(Pass::forward);
  auto backward = worker(keep ? Pass::backward_with_states : Pass::backward);
  Results found{at::empty({batch, outs}), at::empty({batch, ins}), at::zeros_like(g.first),
                at::zeros_like(g.second)};
  float* kept = keep ? room(kept_numbers(kernels, n, batch)) : nullptr;
  for (std::int64_t row = 0; row < batch; row += TwoStepWorker::tile_rows(kernels)) {
    const auto rows = std::min(TwoStepWorker::tile_rows(kernels), batch - row);
    const auto* x = g.x.const_data_ptr<float>() + row * ins;
    float* states = kept == nullptr ? nullptr : kept + row * n.state();
    forward.forward(x, rows, g.bias.const_data_ptr<float>(),
                    found.y.mutable_data_ptr<float>() + row * outs, states);
    backward.backward(x, g.dy.const_data_ptr<float>() + row * outs, rows, states,
                      found.dx.mutable_data_ptr<float>() + row * ins);
  }
  backward.add_gradients(found.first.mutable_data_ptr<float>(), laid_first(n),
                         found.second.mutable_data_ptr<float>(), laid_second(n));
  return found;
}

double relative(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b).norm().item<double>() / b.norm().item<double>();
}

/// Sizes below, at and beyond those of registers, blocks, groups and stretches.
std::vector<TwoSteps> cases() {
  std::vector<TwoSteps> all;
  for (const bool from_left : {false, true}) {
    for (const auto& n :
         {TwoSteps{1, 1, 1, 1, 1, from_left}, TwoSteps{3, 5, 2, 7, 11, from_left},
          TwoSteps{4, 28, 8, 25, 25, from_left}, TwoSteps{9, 33, 7, 13, 17, from_left},
          TwoSteps{2, 300, 4, 50, 3, from_left}, TwoSteps{24, 8, 16, 9, 40, from_left}})
      all.push_back(n);
  }
  return all;
}

TEST(TwoSteps, AreTheSumsTheyStandFor) {
  at::manual_seed(1);
  for (const auto* kernels : tables()) {
    for (const auto& n : cases()) {
      for (const std::int64_t batch : {1, 8, 23, 40, 70}) {
        const Given given{at::randn({n.s, n.r, n.q}), at::randn({n.t, n.p, n.r}),
                          at::randn({batch, n.p * n.q}), at::randn({n.s * n.t}),
                          at::randn({batch, n.s * n.t})};
        const auto wanted = wanted_of(n, given);
        for (const bool keep : {false, true}) {
          SCOPED_TRACE(::testing::Message()
                       << kernels->name << " p=" << n.p << " q=" << n.q << " r=" << n.r
                       << " s=" << n.s << " t=" << n.t << " left=" << n.from_left
                       << " batch=" << batch << " keep=" << keep);
          const auto found = found_of(*kernels, n, given, keep);
          EXPECT_LT(relative(found.y, wanted.y), 1e-5);
          EXPECT_LT(relative(found.dx, wanted.dx), 1e-5);
          EXPECT_LT(relative(found.first, wanted.first), 1e-5);
          EXPECT_LT(relative(found.second, wanted.second), 1e-5);
        }
      }
    }
  }
}

TEST(TwoSteps, BlocksCoverAllRowsEvenly) {
  for (std::int64_t rows = 1; rows < 40; ++rows) {
    const auto blocks = blocks_of(rows, 6);
    std::int64_t next = 0;
    for (std::int64_t k = 0; k < blocks; ++k) {
      const auto [first, count] = block_of(rows, blocks, k);
      EXPECT_EQ(first, next);
      EXPECT_LE(count, 6);
      EXPECT_GE(count, rows / blocks);
      next = first + count;
    }
    EXPECT_EQ(next, rows);
  }
}

}  // namespace
}  // namespace ranklens::tn::panels

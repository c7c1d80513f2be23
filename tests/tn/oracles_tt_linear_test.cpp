#include <cmath>

#include <ATen/ops/einsum.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones_like.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/tn/linear/merge.h"
#include "ranklens/tn/linear/tt_linear.h"
#include "ranklens/tn/train/tensor_train.h"

#include "testing/operator_counts.h"
#include "testing/peak_memory.h"
#include "tn/values.h"

// The layer whose weight is a TT matrix against the dense layer, gradients by the chain rule of the
// dense matrix (Novikov et al. 2015).
namespace ranklens::tn {
namespace {

using namespace ranklens::testing;
using Tensors = std::vector<at::Tensor>;

struct Layer {
  Shape out, in, ranks;
};

/// Sizes that are distinct primes where a mistake in the order of indices could hide.
const Layer kLayers[] = {
    {{7}, {11}, {}},                          // one core
    {{3, 5}, {7, 2}, {1}},                    // rank one
    {{2, 3, 5}, {7, 11, 13}, {3, 2}},         // wide
    {{7, 11, 13}, {2, 3, 5}, {4, 5}},         // tall
    {{4, 4}, {4, 4}, {3}},                    // square
    {{2, 1, 3, 2}, {3, 5, 1, 2}, {4, 3, 2}},  // modes of one
    {{2, 2, 2, 2, 2}, {2, 3, 2, 3, 2}, {2, 4, 4, 2}},
};

Tensors cores_of(const Layer& layer, at::ScalarType dtype) {
  Tensors cores;
  const auto d = layer.out.size();
  for (std::size_t k = 0; k < d; ++k) {
    cores.push_back(noise({k == 0 ? 1 : layer.ranks[k - 1], layer.out[k], layer.in[k],
                           k + 1 == d ? 1 : layer.ranks[k]},
                          dtype, 10 + k));
  }
  return cores;
}

/// W[(m_1..m_d), (n_1..n_d)], first modes slowest, by one sum after the other.
at::Tensor by_sums(const Tensors& cores) {
  auto w = at::ones({1, 1, 1}, cores[0].options());  // [M, N, r]
  for (const auto& core : cores) {
    w = at::einsum("MNr,rmns->MmNns", {w, core})
            .reshape({w.size(0) * core.size(1), w.size(1) * core.size(2), core.size(3)});
  }
  return w.squeeze(2);
}

Tensors leaves_of(const Tensors& tensors) {
  Tensors leaves;
  for (const auto& tensor : tensors) leaves.push_back(tensor.detach().clone().requires_grad_());
  return leaves;
}

/// y and the gradients of input, bias and cores.
Tensors results(const at::Tensor& y, const Tensors& leaves, const at::Tensor& dy) {
  Tensors found{y.detach()};
  for (auto& gradient : torch::autograd::grad({y}, leaves, {dy})) found.push_back(gradient);
  return found;
}

void expect_dense_layer(const Layer& layer, at::ScalarType dtype, const TTLinearOptions& options,
                        double bound) {
  const auto cores = cores_of(layer, dtype);
  const auto w = by_sums(cores);
  Tensors inputs{noise({6, w.size(1)}, dtype, 2), noise({w.size(0)}, dtype, 3)};
  inputs.insert(inputs.end(), cores.begin(), cores.end());
  const auto dy = noise({6, w.size(0)}, dtype, 4);
  auto own = leaves_of(inputs), plain = leaves_of(inputs);
  const auto y = tt_linear({own.begin() + 2, own.end()}, own[0], own[1], options);
  const auto by_dense =
      at::matmul(plain[0], by_sums({plain.begin() + 2, plain.end()}).t()) + plain[1];
  const auto found = results(y, own, dy), wanted = results(by_dense, plain, dy);
  for (std::size_t k = 0; k < found.size(); ++k) {
    EXPECT_LT(relative(found[k], wanted[k]), bound) << "result " << k << " in " << dtype;
  }
  const at::NoGradGuard no_gradients;
  EXPECT_LT(relative(tt_linear(cores, inputs[0], inputs[1], options), wanted[0]), bound);
}

/// From the left, from the right, all cores at once but the first, and the matrix rebuilt.
std::vector<Schedule> forced(std::size_t d) {
  Schedule from_left, from_right;
  for (std::size_t k = 0; k < d; ++k) {
    from_left.steps.push_back({k, k + 1, true});
    from_right.steps.push_back({d - 1 - k, d - k, k + 1 == d});
  }
  std::vector<Schedule> all{from_left, from_right};
  if (d > 2) all.push_back({.steps = {{1, d, false}, {0, 1, true}}, .stored = {}});
  const auto count = all.size();
  for (std::size_t i = 0; i < count; ++i) {
    all[i].stored.assign(all[i].steps.size() - 1, false);
    all[i].tile = 4;  // leaves a tile of two rows
    auto turned = all[i];
    turned.batch_last = true;
    turned.stored.assign(turned.steps.size() - 1, true);
    all.push_back(turned);
  }
  for (const bool kept : {false, true})
    all.push_back({.steps = {{0, d, true}}, .rebuild = true, .stored = {kept}});
  return all;
}

TEST(OracleTTLinear, IsTheDenseLayerAndItsChainRule) {
  for (const auto& layer : kLayers) {
    expect_dense_layer(layer, at::kDouble, {}, 3e-14);
    for (const auto& schedule : forced(layer.out.size())) {
      SCOPED_TRACE(describe(schedule));
      expect_dense_layer(layer, at::kDouble, {.schedule = schedule}, 3e-14);
    }
  }
}

TEST(OracleTTLinear, TheOtherDtypesToo) {
  for (const auto dtype : {at::kFloat, at::kComplexFloat, at::kComplexDouble}) {
    const double bound = is_narrow(dtype) ? 1e-5 : 3e-14;
    for (const auto& layer : kLayers) {
      expect_dense_layer(layer, dtype, {}, bound);
      for (const auto& schedule : forced(layer.out.size())) {
        SCOPED_TRACE(describe(schedule));
        expect_dense_layer(layer, dtype, {.schedule = schedule}, bound);
      }
    }
  }
}

const Layer kLarge{{8, 8, 8, 8}, {8, 8, 8, 8}, {4, 4, 4}};

/// Cores of the large layer, an input of 16 rows; all of them want gradients.
Tensors large_leaves() {
  auto inputs = cores_of(kLarge, at::kFloat);
  inputs.push_back(noise({16, 4096}, at::kFloat, 1));
  return leaves_of(inputs);
}

void forward_and_backward(const Tensors& leaves) {
  const auto y = tt_linear({leaves.begin(), leaves.end() - 1}, leaves.back());
  torch::autograd::grad({y}, leaves, {at::ones_like(y)});
}

// The dense matrix has 2^24 numbers; a layer that needs its gradient allocates as many.
TEST(OracleTTLinear, NoPassAllocatesTheDenseMatrix) {
  const auto leaves = large_leaves();
  const auto memory = allocated_by([&] { forward_and_backward(leaves); });
  EXPECT_GT(memory.largest, 0);
  EXPECT_LT(memory.largest, 4096 * 4096 * 4 / 8);
  // The meter sees what the dense matrix takes.
  const auto dense = allocated_by([&] { by_sums(cores_of(kLarge, at::kFloat)); });
  EXPECT_GE(dense.largest, 4096 * 4096 * 4);
}

// einsum's order depends on what else is installed; ours is planned, and can be read.
TEST(OracleTTLinear, TheOrderIsItsOwn) {
  const auto leaves = large_leaves();
  const auto calls = OperatorCounts::of([&] { forward_and_backward(leaves); });
  EXPECT_FALSE(calls.empty());
  EXPECT_EQ(calls.count("aten::einsum"), 0U);
  const auto counted = OperatorCounts::of([&] { by_sums(cores_of(kLayers[0], at::kFloat)); });
  EXPECT_EQ(counted.count("aten::einsum"), 1U);  // it would be seen
  const auto schedule =
      tt_linear_schedule({leaves.begin(), leaves.end() - 1}, 16, true, KeepStates::fast);
  EXPECT_THAT(describe(schedule), ::testing::HasSubstr("core"));
}

}  // namespace
}  // namespace ranklens::tn

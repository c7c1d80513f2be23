// What a weight in factors allocates: never as much as the dense weight it stands for.

#include <ATen/ops/empty.h>
#include <ATen/ops/ones_like.h>
#include <gmock/gmock.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/nn/init.h"
#include "ranklens/nn/weights/dense.h"
#include "ranklens/tn/linear/tt_linear.h"

#include "testing/peak_memory.h"

namespace ranklens::nn {
namespace {

using ranklens::testing::PeakMemory;

at::Tensor drawn_floats(at::IntArrayRef sizes, const char* name) {
  return base::Stream(5, "test", name).normal(sizes, 0, 1, at::kFloat);
}

/// A fresh weight of leaves, and those.
struct Leaves {
  Weight weight;
  std::vector<at::Tensor> tensors;
};

Leaves leaves_of(const Shape& shape, const std::string& spec) {
  Leaves leaves;
  leaves.weight =
      map_factors(initialise(shape, parse_weight_spec(spec), {}, base::Stream(3, "init", "w")),
                  [&](const auto& factor) {
                    leaves.tensors.push_back(factor.detach().clone().requires_grad_());
                    return leaves.tensors.back();
                  });
  return leaves;
}

/// The most that the forward and the backward pass hold, beyond what was there.
template <class Run>
std::int64_t peak_of(Leaves& leaves, const at::Tensor& x, const Run& run) {
  auto inputs = leaves.tensors;
  if (x.is_floating_point()) inputs.push_back(x);
  PeakMemory memory;
  const at::Tensor y = run(*leaves.weight);
  torch::autograd::grad({y}, inputs, {at::ones_like(y)});
  return memory.peak();
}

TEST(PeakMemory, CountsWhatTensorsHold) {
  PeakMemory memory;
  {
    const auto one = at::empty({1000}, at::kFloat);
    EXPECT_GE(memory.live(), 4000);
    EXPECT_LT(memory.live(), 4200);
    const auto two = at::empty({1000}, at::kDouble);
  }
  EXPECT_EQ(memory.live(), 0);
  EXPECT_GE(memory.peak(), 12000);
  memory.forget_peak();
  EXPECT_EQ(memory.peak(), 0);
}

TEST(WeightMemory, ALinearMapInFactorsStaysBelowItsDenseWeight) {
  const Shape shape{2048, 1024};
  const std::int64_t dense = std::int64_t{2048} * 1024 * 4;
  const auto x = drawn_floats({16, 1024}, "x").requires_grad_();
  const auto run = [&](const WeightFormat& weight) { return weight.linear(x, {}); };
  for (const char* spec : {"low_rank(r=16)", "tucker(r=16x16)", "cp(r=16)",
                           "tt(out=16x16x8,in=16x8x8,r=8)", "tt(out=64x32,in=32x32,r=8)"}) {
    auto leaves = leaves_of(shape, spec);
    // Input, output, their gradients and the factors' are needed in any case.
    EXPECT_LT(peak_of(leaves, x, run), dense / 3) << spec;
  }
  auto whole = leaves_of(shape, "dense");
  EXPECT_GT(peak_of(whole, x, run), dense);  // what the count is there to see
}

TEST(WeightMemory, AConvolutionInFactorsStaysBelowItsDenseKernel) {
  const Shape shape{512, 512, 3, 3};
  const std::int64_t dense = std::int64_t{512} * 512 * 9 * 4;
  const auto x = drawn_floats({1, 512, 6, 6}, "x").requires_grad_();
  const ConvGeometry same{.top = 1, .left = 1, .bottom = 1, .right = 1};
  const auto run = [&](const WeightFormat& weight) { return weight.conv2d(x, {}, same); };
  for (const char* spec :
       {"low_rank(r=16)", "tucker(r=32x32)", "cp(r=32)", "tt(out=8x8x8,in=8x8x8,r=8)"}) {
    auto leaves = leaves_of(shape, spec);
    EXPECT_LT(peak_of(leaves, x, run), dense / 2) << spec;
  }
  auto whole = leaves_of(shape, "dense");
  EXPECT_GT(peak_of(whole, x, run), dense);
}

TEST(WeightMemory, ATableInFactorsStaysBelowItsRows) {
  const Shape shape{1 << 16, 64};
  const auto indices = at::arange(0, 1 << 16, 997, at::kLong);
  const auto run = [&](const WeightFormat& weight) { return weight.rows(indices); };
  for (const char* spec :
       {"low_rank(r=4)", "tucker(r=4)", "cp(r=4)", "tt(out=64x32x32,in=4x4x4,r=8)"}) {
    auto leaves = leaves_of(shape, spec);
    EXPECT_LT(peak_of(leaves, indices, run), (1 << 16) * 64 * 4 / 4) << spec;
  }
}

TEST(WeightMemory, AdjointAndInferenceStayBelowToo) {
  const Shape shape{2048, 1024};
  const auto y = drawn_floats({16, 2048}, "y"), x = drawn_floats({16, 1024}, "x");
  const at::NoGradGuard no_gradients;
  for (const char* spec :
       {"low_rank(r=16)", "tucker(r=16x16)", "cp(r=16)", "tt(out=16x16x8,in=16x8x8,r=8)"}) {
    const auto weight = leaves_of(shape, spec).weight;
    PeakMemory memory;
    weight->linear_adjoint(y);
    weight->linear(x, {});
    EXPECT_LT(memory.peak(), 2048 * 1024) << spec;  // a quarter of its bytes
  }
}

/// What a train holds after its forward pass beside its input, low memory and fast.
std::pair<std::int64_t, std::int64_t> held_by(const std::vector<at::Tensor>& cores,
                                              const at::Tensor& x) {
  std::pair<std::int64_t, std::int64_t> held;
  for (const auto keep : {tn::KeepStates::low_memory, tn::KeepStates::fast}) {
    PeakMemory memory;
    const auto y = tn::tt_linear(cores, x, {}, {.keep = keep});
    EXPECT_GE(memory.live(), y.numel() * y.element_size());
    (keep == tn::KeepStates::fast ? held.second : held.first) = memory.live();
  }
  return held;
}

TEST(WeightMemory, WithLowMemoryATrainKeepsItsInputAndItsOutput) {
  // In two steps, rebuilt (a high rank), in more than two steps.
  for (const char* spec : {"tt(out=16x16x8,in=16x8x8,r=8)", "tt(out=64x32,in=32x32,r=200)",
                           "tt(out=2x2x2x2x2x2x2x16,in=2x2x2x2x2x2x2x8,r=2)"}) {
    for (const auto type : {at::kFloat, at::kDouble}) {
      std::vector<at::Tensor> cores;
      for (const auto& core : leaves_of({2048, 1024}, spec).tensors)
        cores.push_back(core.detach().to(type).requires_grad_());
      const auto x = drawn_floats({256, 1024}, "x").to(type).requires_grad_();
      const auto [low, fast] = held_by(cores, x);
      // The input is the caller's: what is new is the output, and nothing that grows with the batch
      // or the matrix beside it.
      EXPECT_LT(low, x.element_size() * 256 * 2048 + 1024) << spec << " " << type;
      EXPECT_GE(fast, low) << spec << " " << type;
    }
  }
}

}  // namespace
}  // namespace ranklens::nn

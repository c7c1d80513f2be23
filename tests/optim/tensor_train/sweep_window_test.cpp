#include "ranklens/optim/tensor_train/sweep_window.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/optim/tensor_train/tangent_point.h"
#include "ranklens/tn/linalg/numbers.h"

#include "optim/low_rank/matrices.h"
#include "optim/tensor_train/small_train.h"

namespace ranklens::optim {
namespace {

using testing::distance;
using testing::norm;
using testing::values;

constexpr std::int64_t kAny = 1 << 20;

/// Modes 3, 2, 4, 3 and ranks 2, 4, 3; a scale of its own.
tn::TensorTrain four_cores(std::uint64_t seed) {
  return {.cores = {values({1, 3, 2}, seed), values({2, 2, 4}, seed + 1),
                    values({4, 4, 3}, seed + 2), values({3, 3, 1}, seed + 3)},
          .log_scale = 0.7};
}

/// Every window of a train of four cores.
std::vector<SweepWindow> windows() {
  std::vector<SweepWindow> all;
  for (std::int64_t width = 1; width <= 2; ++width) {
    for (std::int64_t first = 0; first + width <= 4; ++first) all.push_back({first, width});
  }
  return all;
}

at::Tensor full_of(const OpenCores& open) { return tn::full(tn::TensorTrain{.cores = open.cores}); }

TEST(SweepWindow, OpenedAndPutBackIsTheSameTensor) {
  const auto train = four_cores(1);
  const auto whole = tn::full(train);
  for (const auto& window : windows()) {
    auto moved = train;
    move_centre_to(moved, window);
    const auto variable = window_variable(moved, window);
    const auto open = open_cores(moved, window, variable);
    EXPECT_LT(distance(full_of(open), whole), 1e-12 * norm(whole)) << window.first;
    EXPECT_EQ(open.cores[open.place].numel(), variable.numel());
    for (const bool rightward : {false, true}) {
      const auto back = put_back(moved, window, variable, rightward, 0, kAny);
      EXPECT_LT(distance(tn::full(back.train), whole), 1e-12 * norm(whole)) << window.first;
      EXPECT_LT(distance(tn::full(tn::TensorTrain{.cores = plain_cores(back.train)}), whole),
                1e-12 * norm(whole));
      EXPECT_FALSE(back.bounded);
    }
  }
}

// The frame around a variable is orthogonal up to its factor: distances are kept.
TEST(SweepWindow, DistancesOfVariablesAreThoseOfTensors) {
  for (const auto& window : windows()) {
    auto train = four_cores(2);
    move_centre_to(train, window);
    const auto one = window_variable(train, window), other = one + values(one.sizes(), 9);
    const double between = distance(full_of(open_cores(train, window, one)),
                                    full_of(open_cores(train, window, other)));
    EXPECT_NEAR(between, std::pow(shared_factor(train), 3) * distance(one, other), 1e-11)
        << window.first << " " << window.width;
  }
}

// dL/dB by differentiating one core, against differences of a loss of the tensor that is put
// together another way.
TEST(SweepWindow, TheGradientIsThatOfFiniteDifferences) {
  const auto weights = values({3, 2, 4, 3}, 30);
  const auto loss = [&](const at::Tensor& whole) { return (weights * (whole * 0.3).sin()).sum(); };
  for (const auto& window : windows()) {
    auto train = four_cores(3);
    move_centre_to(train, window);
    const auto variable = window_variable(train, window);
    auto open = open_cores(train, window, variable);
    auto& core = open.cores[open.place];
    core = core.detach().clone().requires_grad_();
    const auto gradient =
        torch::autograd::grad({loss(full_of(open))}, {core})[0].reshape(variable.sizes());
    for (std::uint64_t seed = 40; seed < 43; ++seed) {
      const auto direction = values(variable.sizes(), seed);
      const double h = 1e-5;
      const auto at_step = [&](double step) {
        const auto back = put_back(train, window, variable + step * direction, true, 0, kAny);
        return loss(tn::full(back.train)).item<double>();
      };
      const double slope = (gradient * direction).sum().item<double>();
      EXPECT_NEAR((at_step(h) - at_step(-h)) / (2 * h), slope, 1e-6 * (1 + std::abs(slope)));
    }
  }
}

/// The tensor with a variable in its window, contracted outward from it: no open cores.
at::Tensor joined(const tn::TensorTrain& train, const SweepWindow& window,
                  const at::Tensor& variable) {
  const auto cores = plain_cores(train);
  const auto first = static_cast<std::size_t>(window.first),
             behind = static_cast<std::size_t>(window.first + window.width);
  auto whole = variable.reshape({variable.size(0), -1});
  for (auto k = first; k-- > 0;) {
    const auto& core = cores[k];
    whole = at::matmul(core.flatten(0, 1), whole).reshape({core.size(0), -1});
  }
  for (auto k = behind; k < cores.size(); ++k) {
    const auto& core = cores[k];
    whole = at::matmul(whole.reshape({-1, core.size(0)}), core.flatten(1));
  }
  return whole.reshape(tn::shape(train)) *
         std::pow(shared_factor(train), static_cast<double>(window.width - 1));
}

// The same gradient as that of the merged cores themselves.
TEST(SweepWindow, TheGradientIsThatOfTheMergedCores) {
  const auto weights = values({3, 2, 4, 3}, 31);
  const auto loss = [&](const at::Tensor& whole) { return (weights * (whole * 0.3).sin()).sum(); };
  for (const auto& window : windows()) {
    auto train = four_cores(6);
    move_centre_to(train, window);
    const auto merged = window_variable(train, window).detach().clone().requires_grad_();
    const auto expected = torch::autograd::grad({loss(joined(train, window, merged))}, {merged})[0];
    auto open = open_cores(train, window, merged.detach());
    auto& core = open.cores[open.place];
    core = core.detach().clone().requires_grad_();
    const auto found = torch::autograd::grad({loss(full_of(open))}, {core})[0];
    EXPECT_LT(distance(found.reshape(expected.sizes()), expected), 1e-12 * norm(expected))
        << window.first << " " << window.width;
  }
}

TEST(SweepWindow, CutsWhatASingularValueDecompositionCuts) {
  auto train = four_cores(4);
  const SweepWindow window{1, 2};
  move_centre_to(train, window);
  const auto variable = window_variable(train, window);
  const auto values = std::get<1>(at::linalg_svd(variable.flatten(2).flatten(0, 1), false));
  const auto whole = tn::full(train);
  const double all = norm(values);
  const double beyond_two = norm(values.narrow(0, 2, values.size(0) - 2)) / all;
  const auto cut = put_back(train, window, variable, true, 0, 2);
  EXPECT_EQ(cut.train.cores[1].size(2), 2);
  EXPECT_TRUE(cut.bounded);
  // Where a rank is given, the decomposition may be an iteration that is near the best.
  EXPECT_NEAR(cut.cut, beyond_two, 1e-6);
  EXPECT_NEAR(distance(tn::full(cut.train), whole) / norm(whole), cut.cut, 1e-12);
  // The same by a share of the squared norm.
  const auto by_share =
      put_back(train, window, variable, false, 1.01 * beyond_two * beyond_two, kAny);
  EXPECT_EQ(by_share.train.cores[1].size(2), 2);
  EXPECT_FALSE(by_share.bounded);
  const auto closer =
      put_back(train, window, variable, false, 0.99 * beyond_two * beyond_two, kAny);
  EXPECT_EQ(closer.train.cores[1].size(2), 3);
  EXPECT_EQ(closer.train.centre, 1);
  EXPECT_EQ(cut.train.centre, 2);
}

// 2^900 is no float32; the cores that share it are near two.
TEST(SweepWindow, LongTrainsNeitherOverflowNorUnderflow) {
  for (const double size : {4.0, 0.25}) {
    tn::TensorTrain train;
    for (int k = 0; k < 450; ++k) {
      train.cores.push_back(at::full({1, 1, 1}, size, at::kFloat));
    }
    const SweepWindow window{200, 2};
    move_centre_to(train, window);
    const auto open = open_cores(train, window, window_variable(train, window));
    for (const auto& core : open.cores) {
      EXPECT_NEAR(std::abs(core.item<double>()), size, 1e-3);
    }
    const auto back = put_back(train, window, window_variable(train, window), true, 0, 4);
    EXPECT_NEAR(back.train.log_scale, 450 * std::log(size), 1e-2);
  }
}

TEST(SweepWindow, AZeroTrainStaysOne) {
  auto train = four_cores(5);
  for (auto& core : train.cores) core = at::zeros_like(core);
  const SweepWindow window{1, 2};
  move_centre_to(train, window);
  const auto variable = window_variable(train, window);
  const auto back = put_back(train, window, variable, true, 1e-6, 4);
  EXPECT_EQ(norm(tn::full(back.train)), 0);
}

}  // namespace
}  // namespace ranklens::optim

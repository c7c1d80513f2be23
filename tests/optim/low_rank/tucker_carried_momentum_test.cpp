// What every method leaves of its momentum of a kernel: the tangent vector that it was, projected
// to where the step has led.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ops/eye.h>
#include <gtest/gtest.h>

#include "ranklens/nn/weights/tucker.h"
#include "ranklens/optim/low_rank/layers.h"
#include "ranklens/optim/low_rank/transport.h"

#include "optim/low_rank/kernels.h"
#include "optim/low_rank/least_squares.h"

namespace ranklens::optim {
namespace {

using testing::block;
using testing::distance;
using testing::kernel;
using testing::norm;

/// 1/2 ||W - goal||^2 of a kernel "w", which images of one pixel each read entry by entry.
class Kernels final : public testing::LossOfWeights {
 public:
  explicit Kernels(at::Tensor goal) : goal_(std::move(goal)) {}

 private:
  at::Tensor value(const nn::State& state) const override {
    const auto sizes = goal_.sizes();
    const auto entries = sizes[1] * sizes[2] * sizes[3];
    const auto images =
        at::eye(entries, goal_.options()).reshape({entries, sizes[1], sizes[2], sizes[3]});
    const auto read = state.at("w").weight->conv2d(images, {}, {});
    return (read.flatten(1).t() - goal_.flatten(1)).square().sum() / 2;
  }

  at::Tensor goal_;
};

nn::State state_with_kernel(const TuckerKernel& point) {
  const nn::Shape shape{point.u.size(0), point.v.size(0), point.core.size(2), point.core.size(3)};
  nn::State state;
  state.set(
      "w",
      {.weight = nn::Weight(std::make_shared<nn::Tucker2>(shape, point.u, point.core, point.v))});
  return state;
}

TEST(CarriedMomentumOfKernels, IsDroppedWhereAKernelComesBackWithOtherRanks) {
  Kernels objective(block({8, 7, 3, 2}, 2));
  for (const std::string spec : {"bug(tau=1e-9,lr=0.05,rule=sgd,momentum=0.7)", "core(lr=0.05)"}) {
    SCOPED_TRACE(spec);
    auto state = state_with_kernel(kernel(8, 7, 3, 3, 1));
    auto other = state_with_kernel(kernel(8, 7, 2, 4, 3));
    const auto optimiser = make_optimiser(spec);
    for (int step = 0; step < 2; ++step) optimiser->step(state, objective);
    state.replace("w", other.at("w").weight);
    optimiser->step(state, objective);
    make_optimiser(spec)->step(other, objective);
    EXPECT_LT(distance(state.at("w").weight->dense(), other.at("w").weight->dense()), 1e-14);
  }
}

TEST(CarriedMomentumOfKernels, IsProjectedToWhereTheStepHasLed) {
  const auto goal = block({8, 7, 3, 2}, 2);
  const auto project = [](const TuckerKernel& at, const at::Tensor& z) {
    return tangent(at, seen_from(at, z)).dense();
  };
  for (const std::string method :
       {"fixed_bug(", "bug(tau=1e-9,cap=3,floor=3,", "bug(tau=1e-9,s=3,cap=3,floor=3,",
        "augmented_bug(tau=1e-9,cap=3,floor=3,", "parallel_bug(tau=1e-9,cap=3,floor=3,"}) {
    SCOPED_TRACE(method);
    auto state = state_with_kernel(kernel(8, 7, 3, 3, 1));
    Kernels objective(goal);
    const auto optimiser = make_optimiser(method + "lr=0.1,rule=sgd,momentum=0.7)");
    auto momentum = 0 * goal;
    for (int step = 0; step < 4; ++step) {
      const auto start = tucker_layers(state).at(0).point;
      optimiser->step(state, objective);
      const auto end = tucker_layers(state).at(0).point;
      momentum = project(end, 0.7 * momentum + project(start, start.dense() - goal));
      const auto saved = optimiser->save();
      const auto part = [&](const char* name) {
        return saved.at(std::string("tucker_tangent:w/") + name);
      };
      const TuckerGradient kept{.k_out = part("k_out"),
                                .k_in = part("k_in"),
                                .core = part("core"),
                                .rows = {part("rows_out"), part("rows_in")}};
      EXPECT_LT(distance(tangent(end, kept).dense(), momentum), 1e-10) << step;
      EXPECT_LT(distance(project(end, tangent(end, kept).dense()), momentum), 1e-10) << step;
      EXPECT_GT(norm(momentum), 0.5) << step;
    }
  }
}

}  // namespace
}  // namespace ranklens::optim

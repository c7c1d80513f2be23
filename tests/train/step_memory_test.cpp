// What a training step holds follows the rank.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "ranklens/base/random.h"
#include "ranklens/nn/builder.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/train/batch_objective.h"

#include "testing/peak_memory.h"

namespace ranklens::train {
namespace {

/// Five layers, the batch a twentieth of the width, as 256 of 5120.
constexpr std::int64_t kWidth = 640, kBatch = 32;

nn::Network wide_network(const std::string& layers) {
  nn::GraphBuilder g(layers);
  auto x = g.flatten("flatten", g.input("image", {1, 1, kWidth}));
  for (int k = 1; k <= 5; ++k) {
    x = g.linear(fmt::format("fc{}", k), x, {.out = kWidth});
    x = g.relu(fmt::format("relu{}", k), x);
  }
  g.linear("classifier", x, {.out = 10});
  return g.build(1);
}

/// The most that weights, gradients, moments and activations take in the second and third step.
std::int64_t peak_of(const std::string& layers, const std::string& optimiser) {
  base::Stream stream(1, "data");
  data::Batch batch;
  batch.images = stream.uniform({kBatch, 1, 1, kWidth}, 0, 1);
  batch.labels = stream.integers({kBatch}, 10);
  testing::PeakMemory memory;
  auto network = wide_network(layers);
  const auto rule = optim::make_optimiser(optimiser);
  for (int step = 0; step < 3; ++step) {
    BatchObjective objective(network.graph, batch, base::Stream(1, "dropout"), {});
    rule->step(network.state, objective);
    if (step == 0) memory.forget_peak();
  }
  return memory.peak();
}

TEST(StepMemory, FollowsTheRank) {
  const auto dense = peak_of("", "adam(lr=1e-4)");
  // Weights, gradients and two moments at least.
  EXPECT_GT(dense, 4 * 5 * kWidth * kWidth * std::int64_t{4});
  for (const char* optimiser :
       {"fixed_bug(lr=1e-4)", "bug(lr=1e-4,tau=0.01,floor=4,cap=4)",
        "bug(lr=1e-4,tau=0.01,floor=4,cap=4,s=5)", "parallel_bug(lr=1e-4,tau=0.01,floor=4,cap=4)"})
    EXPECT_LE(static_cast<double>(peak_of("fc*: low_rank(r=4)", optimiser)),
              0.3 * static_cast<double>(dense))
        << optimiser;
}

}  // namespace
}  // namespace ranklens::train

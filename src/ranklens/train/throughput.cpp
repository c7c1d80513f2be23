#include "ranklens/train/throughput.h"

#include <algorithm>

#include <ATen/core/grad_mode.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/device.h"
#include "ranklens/base/error.h"
#include "ranklens/base/random.h"
#include "ranklens/nn/inspect.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/train/batch_objective.h"
#include "ranklens/train/room.h"

namespace ranklens::train {
namespace {

/// One network with what a step needs.
struct Runner {
  nn::Graph graph;
  nn::State state;
  data::Batch batch;
  ObjectiveOptions options;
  std::unique_ptr<optim::Optimiser> optimiser = optim::make_optimiser("adam");

  Runner(const nn::Network& network, const ThroughputOptions& wanted)
      : graph(network.graph), state(laid_out(network.state.clone(), wanted.execution)) {
    base::require(graph.inputs().size() == 1, "a classifier takes 1 input, not {}",
                  graph.inputs().size());
    options.execution = wanted.execution;
    std::vector<std::int64_t> sizes{wanted.batch};
    for (const auto size : graph.inputs().front().sample) sizes.push_back(size);
    base::Stream noise(0, "noise", "throughput");
    batch.images = noise.uniform(sizes, 0, 1).to(device_of(state));
    if (batch.images.dim() == 4 && wanted.execution.channels_last) {
      batch.images = batch.images.contiguous(at::MemoryFormat::ChannelsLast);
    }
    const auto outputs = nn::value_shapes(network.graph, 2).at(graph.outputs().front());
    base::require(outputs.size() == 2, "a classifier gives [batch, classes]");
    batch.labels = noise.integers({wanted.batch}, outputs[1]).to(device_of(state));
  }

  double forward() const {
    const at::NoGradGuard no_gradients;
    base::Stopwatch watch;
    const nn::State cast = state_for(graph, state, options.execution.compute);
    nn::run(graph, cast, {batch.images}).output().flatten()[0].item<double>();  // waits for a GPU
    return watch.seconds();
  }

  double step() {
    base::Stopwatch watch;
    const base::Stream random(0, "dropout");
    BatchObjective objective(graph, batch, random, options);
    optimiser->step(state, objective, 1e-6);  // hardly moves: every step computes alike
    state.apply(objective.change());
    base::synchronise(device_of(state));
    return watch.seconds();
  }
};

}  // namespace

std::vector<Throughput> throughput(const std::vector<nn::Network>& networks,
                                   const ThroughputOptions& options) {
  base::require(options.batch >= 1, "a batch holds at least 1 image, not {}", options.batch);
  for (const auto& network : networks) {
    if (options.training) {
      require_step_fits(network, options.batch, options.execution);
    } else {
      require_pass_fits(network, options.batch, options.execution);
    }
  }
  std::vector<Runner> runners;
  for (const auto& network : networks) runners.emplace_back(network, options);
  for (auto& runner : runners) {  // the first of each sets kernels and memory up
    runner.forward();
    if (options.training) runner.step();
  }
  const auto images = static_cast<double>(options.batch);
  std::vector<Throughput> best(networks.size());
  const base::Stopwatch watch;
  for (int round = 0; round < 3 || watch.seconds() < options.seconds; ++round) {
    for (std::size_t k = 0; k < runners.size(); ++k) {
      best[k].forward = std::max(best[k].forward, images / runners[k].forward());
      if (!options.training) continue;
      best[k].training = std::max(best[k].training, images / runners[k].step());
    }
  }
  return best;
}

}  // namespace ranklens::train

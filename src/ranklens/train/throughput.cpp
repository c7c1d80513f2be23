#include "ranklens/train/throughput.h"

#include <algorithm>
#include <cmath>
#include <map>

#include <ATen/core/grad_mode.h>

#include "ranklens/base/clock.h"
#include "ranklens/base/device.h"
#include "ranklens/base/error.h"
#include "ranklens/base/interrupt.h"
#include "ranklens/base/random.h"
#include "ranklens/nn/inspect.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/train/batch_objective.h"
#include "ranklens/train/room.h"

namespace ranklens::train {
namespace {

std::map<std::string, at::Tensor> cloned(std::map<std::string, at::Tensor> tensors) {
  for (auto& [name, tensor] : tensors) tensor = tensor.clone();
  return tensors;
}

/// One network with what a step needs.
struct Runner {
  nn::Graph graph;
  nn::State state;
  nn::State stepped;                             ///< where steps start
  std::map<std::string, at::Tensor> remembered;  ///< by the optimiser, there
  data::Batch batch;
  ObjectiveOptions options;
  std::unique_ptr<optim::Optimiser> optimiser;

  Runner(const nn::Network& network, const std::string& spec, const ThroughputOptions& wanted)
      : graph(network.graph),
        state(laid_out(network.state.clone(), wanted.execution)),
        stepped(state),
        optimiser(optim::make_optimiser(spec)) {
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

  /// The loss before the step.
  double step(nn::State& moved, double rate) {
    const base::Stream random(0, "dropout");
    BatchObjective objective(graph, batch, random, options);
    const double loss = optimiser->step(moved, objective, rate);
    moved.apply(objective.change());
    return loss;
  }

  /// The first of each sets kernels and memory up, and finds the form that steps keep weights in.
  /// It hardly moves them: ranks are to be those that the network has.
  void begin(bool training) {
    forward();
    if (!training) return;
    nn::State moved = state.clone();
    step(moved, 1e-6);
    stepped = std::move(moved);
    remembered = cloned(optimiser->save());
  }

  /// Seconds a step, of a few that follow each other as in training: those of a sweep are at other
  /// places. They begin where begin() left the network and the optimiser, so that no round is
  /// longer or shorter for ranks that an earlier one found or cut off.
  double round() {
    constexpr int kSteps = 4;
    nn::State moved = stepped.clone();
    optimiser->load(cloned(remembered));
    base::synchronise(device_of(moved));
    base::Stopwatch watch;
    int taken = 0;
    while (taken < kSteps && std::isfinite(step(moved, 1))) ++taken;
    base::synchronise(device_of(moved));
    return watch.seconds() / std::max(taken, 1);
  }
};

}  // namespace

std::vector<Throughput> throughput(const std::vector<nn::Network>& networks,
                                   const ThroughputOptions& options) {
  base::require(options.batch >= 1, "a batch holds at least 1 image, not {}", options.batch);
  base::require(options.optimisers.size() == 1 || options.optimisers.size() == networks.size(),
                "{} optimisers are given for {} networks", options.optimisers.size(),
                networks.size());
  for (const auto& network : networks) {
    if (options.training) {
      require_step_fits(network, options.batch, options.execution);
    } else {
      require_pass_fits(network, options.batch, options.execution);
    }
  }
  std::vector<Runner> runners;
  for (std::size_t k = 0; k < networks.size(); ++k) {
    const auto& specs = options.optimisers;
    runners.emplace_back(networks[k], specs[specs.size() == 1 ? 0 : k], options);
  }
  std::vector<Throughput> found(networks.size());
  for (auto& runner : runners) {
    if (base::interrupted()) return found;
    runner.begin(options.training);
  }
  const auto images = static_cast<double>(options.batch);
  const base::Stopwatch watch;
  for (int round = 0; round < 3 || watch.seconds() < options.seconds; ++round) {
    for (std::size_t k = 0; k < runners.size(); ++k) {
      if (base::interrupted()) return found;
      found[k].forward = std::max(found[k].forward, images / runners[k].forward());
      if (!options.training) continue;
      found[k].training = std::max(found[k].training, images / runners[k].round());
    }
  }
  return found;
}

}  // namespace ranklens::train

#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ranklens/nn/operators/linear.h"
#include "ranklens/nn/stored_state.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/train/batch_objective.h"
#include "ranklens/train/checkpoint.h"

#include "testing/temporary_folder.h"
#include "train/tiny.h"

// The network and the steps that every optimiser has to master.
namespace ranklens::train {

/// A convolution and three linear maps of low rank, two of which share one weight.
inline nn::Network contract_network(std::uint64_t seed,
                                    const std::string& weight = "low_rank(r=4)") {
  nn::GraphBuilder g;
  auto x = g.input("image", {1, 8, 8});
  x = g.conv2d("conv", x, {.out = 8, .kernel = 3, .padding = 1});
  x = g.conv2d("conv_low", x, {.out = 8, .kernel = 3, .padding = 1, .weight = weight});
  x = g.relu("relu", x);
  x = g.batch_norm("norm", x);
  x = g.max_pool2d("pool", x);
  x = g.flatten("flat", x);
  x = g.linear("in", x, {.out = 20, .weight = weight});
  x = g.dropout("drop", x, 0.1);
  x = g.linear("twice", x, {.out = 20, .weight = weight});
  x = g.relu("relu_twice", x);
  x = g.add("again", std::make_shared<nn::Linear>(20, 20, false), {x},
            {{"weight", {.share = "twice.weight"}}});
  g.linear("head", x, {.out = 3});
  return g.build(seed);
}

inline data::Batch whole(const data::Dataset& data, at::Device device = at::kCPU) {
  data::Batch batch;
  batch.images = data.images.to(device);
  batch.labels = data.labels.to(device);
  return batch;
}

/// So many steps on the same images from a state, by a spec or by an optimiser that is under way.
inline nn::State after(const std::string& spec, nn::State state, const nn::Graph& graph, int steps,
                       optim::Optimiser* given = nullptr, int first = 0) {
  const auto data = tiny_data(60, 3);
  const auto made = given == nullptr ? optim::make_optimiser(spec) : nullptr;
  auto& optimiser = given == nullptr ? *made : *given;
  state = state.clone();
  for (int step = first; step < first + steps; ++step) {
    const base::Stream random(1, "dropout", "", static_cast<std::uint64_t>(step));
    BatchObjective objective(graph, whole(data, device_of(state)), random, {});
    EXPECT_TRUE(std::isfinite(optimiser.step(state, objective)));
    state.apply(objective.change());
  }
  return state;
}

/// What a run that is taken up finds.
struct ReadBack {
  nn::State state;
  std::map<std::string, at::Tensor> remembered;
};

/// A state and what the optimiser remembers, written to a checkpoint as a session does it and read
/// as one that goes on does, which knows no more than the network that it `starts` with.
inline ReadBack through_a_checkpoint(const nn::State& starts, const nn::State& state,
                                     const optim::Optimiser& optimiser) {
  const ranklens::testing::TemporaryFolder folder;
  Checkpoint written;
  written.configuration["seed"] = 1;
  written.position["weights"] = nn::describe(state);
  written.put("state", tensors_of(state));
  written.put("optimiser", optimiser.save());
  write_checkpoint(folder.path(), written);
  const auto read = read_checkpoint(folder.path(), written.configuration);
  return {with_weights(starts, read.position.at("weights"), read.part("state")),
          read.part("optimiser")};
}

}  // namespace ranklens::train

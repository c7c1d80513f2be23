#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ranklens/nn/network.h"

namespace ranklens::nn {

/// How one pass through a weight in factors is computed. A multiply-add is two operations.
struct PlannedPass {
  std::string pass;  ///< "forward": no gradient follows; "training": both passes
  std::string mode;  ///< of training: "fast", or "low memory" as with_low_memory() trains; else ""
  std::string
      order;  ///< "cores 1-2 merged from the left, then core 3; batch last, 64 rows at once"
  double forward = 0, backward = 0;  ///< operations
  double kept = 0;                   ///< bytes held between the passes beside inputs and weights
  double working = 0;                ///< bytes beside that while it computes, on each thread
};

struct LayerPlan {
  std::string layer, weight;  ///< the node's name, the weight's spec
  Shape shape;                ///< of the dense tensor
  std::string dtype;
  std::int64_t rows = 0;  ///< vectors that the factors are applied to: images, or their pixels
  std::vector<PlannedPass> passes;
};

/// Of every node whose weight is in factors, in the order of the graph. Trains: the schedule that
/// the cost model of tn/linear picks, as the layer will. Others have one order, from inputs to
/// outputs.
std::vector<LayerPlan> layer_plans(const Network& network, std::int64_t batch);

}  // namespace ranklens::nn

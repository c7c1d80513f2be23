#pragma once

#include <cstdint>
#include <string>

#include <ATen/core/Tensor.h>

#include "ranklens/base/progress.h"
#include "ranklens/data/dataset.h"
#include "ranklens/nn/network.h"
#include "ranklens/train/compute.h"

namespace ranklens::train {

struct EvaluateOptions {
  std::int64_t batch = 512;
  Execution execution = {};
  base::Progress progress = {};
  std::string stage = "evaluating";
};

struct Evaluation {
  double loss = 0;      ///< mean cross-entropy over the images, in nats
  double accuracy = 0;  ///< share of the images
  std::int64_t count = 0;
};

/// Accuracy and loss over all images, each weighted alike whatever the batch. A softmax at the
/// network's end is left out, as the loss has its own.
Evaluation evaluate(const nn::Network& network, const data::Dataset& data,
                    const EvaluateOptions& options = {});

/// The logits for all images, before a softmax at the network's end: float32 [N, classes] on the
/// CPU.
at::Tensor predict(const nn::Network& network, const data::Dataset& data,
                   const EvaluateOptions& options = {});

/// An Error unless the network takes the data's images and has an output for each of its classes.
void check_fits(const nn::Network& network, const data::Dataset& data);

}  // namespace ranklens::train

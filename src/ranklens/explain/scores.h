#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "ranklens/nn/network.h"

/// The number that is explained, and its gradient.
namespace ranklens::explain {

/// A network prepared for explaining: weights frozen (shared, never written), and a softmax at its
/// end left out, so that scores are logits. Says so in `notes`.
nn::Network explained(const nn::Network& network, std::vector<std::string>& notes);

/// The same. Errors unless images are [N,C,H,W] of the network's only input's size, floating-point
/// and finite, and targets [N] int64.
nn::Network explained(const nn::Network& network, const at::Tensor& images,
                      const at::Tensor& targets, std::vector<std::string>& notes);

/// Logits [B,K] to the targets' entries [B]. Error for a target that is no class.
at::Tensor target_scores(const at::Tensor& logits, const at::Tensor& targets);

/// The gradient of sum(scores) with respect to `variable`, of its shape. Error if the scores do not
/// depend on it.
at::Tensor gradient(const at::Tensor& scores, const at::Tensor& variable);

/// Scores of the targets [N] without gradients.
at::Tensor scores_of(const nn::Network& network, const at::Tensor& images,
                     const at::Tensor& targets, std::int64_t memory);

}  // namespace ranklens::explain

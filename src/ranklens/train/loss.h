#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace ranklens::train {

/// The sum over the batch of the cross-entropy of softmax(logits) against the labels, with
/// smoothing s against (1 - s) one-hot + s / classes (Szegedy et al. 2016, section 7). logits
/// [batch, classes] of any floating type, labels int64 [batch]; a scalar, computed in float32 at
/// least.
at::Tensor cross_entropy_sum(const at::Tensor& logits, const at::Tensor& labels,
                             double smoothing = 0);

/// How many rows have their greatest logit at the label (the first one of equals).
std::int64_t count_correct(const at::Tensor& logits, const at::Tensor& labels);

/// An Error unless logits are [batch, classes] for labels [batch].
void check_logits(const at::Tensor& logits, const at::Tensor& labels);

}  // namespace ranklens::train

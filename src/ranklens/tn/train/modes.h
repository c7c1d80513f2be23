#pragma once

#include "ranklens/tn/train/round.h"

// Changes of a train's modes that keep its numbers.
namespace ranklens::tn {

/// Entries `index` of a mode: the mode goes. A train of one mode becomes one of a mode of size 1.
TensorTrain select(const TensorTrain& train, std::int64_t mode, std::int64_t index);
/// Entries first, first + step, ... below last: the mode shrinks.
TensorTrain slice(const TensorTrain& train, std::int64_t mode, std::int64_t first,
                  std::int64_t last, std::int64_t step = 1);

/// The same tensor in another shape, as Tensor::reshape has it: modes between two places at which
/// the products of both shapes meet are merged into one core, which is split anew by QR (6x4 to
/// 2x3x4 splits one core; 4x6 to 3x8 merges all). Ranks are what the modes allow; `round` lowers
/// them. Error where a merged core would have more than 2^31 entries.
TensorTrain reshape(const TensorTrain& train, const Shape& shape);

/// Mode k of the result is mode order[k] of the train: neighbours are exchanged one pair after the
/// other, and each pair is split anew within its share of eps (relative, kept). Ranks may grow with
/// the distance.
Approximation permute(const TensorTrain& train, const Shape& order,
                      const Closeness& closeness = {});

}  // namespace ranklens::tn

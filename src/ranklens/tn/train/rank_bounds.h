#pragma once

#include <string_view>

#include "ranklens/tn/train/tensor_train.h"

// Which ranks a tensor of some shape can have. More could be used by nothing, so who asks for more
// is told so. Products that no integer holds count as the largest integer.
namespace ranklens::tn {

/// Of the bonds of a train: each the smaller product of the modes on one side of it; d - 1 of them.
Shape most_bond_ranks(const Shape& modes);

/// Of the modes of a Tucker tensor: its size, or the product of all others where that is smaller.
Shape most_mode_ranks(const Shape& modes);

/// Of a sum of rank-one tensors: the product of all sizes but the largest, which always suffices.
std::int64_t enough_terms(const Shape& modes);
/// Error unless 1 <= rank <= enough_terms(modes).
void require_terms(std::int64_t rank, const Shape& modes);

/// What was asked for as one upper bound a place ("bond", "mode"): one number stands for all
/// places, none for no bounds (the largest integer). Error where a rank is below 1, where a number
/// for one place is above what that place can have, or a number for all above what any can have.
/// `asked` holds none, one, or as many as `most`.
Shape bounds_within(const Shape& asked, const Shape& most, std::string_view place);

}  // namespace ranklens::tn

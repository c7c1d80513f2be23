#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "ranklens/tn/contraction/expression.h"

namespace ranklens::tn {

/// A path that merges pairs of tensors until one is left. The n operands have the numbers 0 ... n -
/// 1; step k merges two of the tensors that are left into number n + k ("static single
/// assignment"). An expression of n operands has n - 1 steps.
using Path = std::vector<std::array<std::int32_t, 2>>;

/// Steps as other programs write them: the numbers, or positions, of the tensors that a step
/// merges.
using Steps = std::vector<std::vector<std::int64_t>>;

/// A path from numbers as in Path. A step of more than two is taken from left to right, a step of
/// one changes nothing. Error where a step names a tensor twice, one that is used up, or one that
/// does not exist yet, and where more than one tensor is left.
Path path_from_ssa(std::size_t operands, const Steps& steps);

/// A path from positions in the list of tensors that are left: merged ones are taken out of it, the
/// result goes to its end (NumPy's and opt_einsum's form). Errors as above.
Path path_from_linear(std::size_t operands, const Steps& steps);
Steps linear_from_path(std::size_t operands, const Path& path);

/// A path from an order of labels: each label in turn merges all tensors that have it, in the order
/// of their numbers; what is left in the end is merged in that order, too. Error for a label that
/// does not exist or is there twice; labels that are missing come last.
Path path_from_edges(const Expression& expression, const Labels& order);

/// The order in which labels are merged. path_from_edges of it is the same tree where each label is
/// in two operands and each step merges tensors that share one; in general it is one that resembles
/// it.
Labels edges_from_path(const Expression& expression, const Path& path);

/// Error, as path_from_ssa, unless `path` is one of that many operands.
void require_path(std::size_t operands, const Path& path);

}  // namespace ranklens::tn

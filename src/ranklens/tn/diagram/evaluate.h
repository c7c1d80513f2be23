#pragma once

#include <functional>
#include <string>
#include <vector>

#include "ranklens/tn/diagram/values.h"

namespace ranklens::tn::diagram {

struct EvaluateOptions {
  /// Called with the number of every tensor that is drawn (in the order of writing, built-in ones
  /// too) and its values, before they are used: what it returns is used instead.
  std::function<at::Tensor(std::size_t, const at::Tensor&)> change = {};
};

/// The values of all sides of a diagram, legs in the order of the open legs; dashed groups first,
/// each product in the order that the planner finds.
std::vector<at::Tensor> evaluate(const Document& document, const Diagram& diagram,
                                 const Values& values, const EvaluateOptions& options = {});

/// ||a - b|| / max(||a||, ||b||) in the Frobenius norm; 0 where both are zero. Infinite where a
/// number is not finite.
double difference(const at::Tensor& a, const at::Tensor& b);

/// What the sides of a diagram differ by: the largest difference from the first.
double largest_difference(const std::vector<at::Tensor>& sides);

/// How many tensors are drawn, over all sides.
std::size_t drawn_tensors(const Diagram& diagram);

/// The sides as einsum calls, with letters in the order in which legs appear:
/// "einsum('ij,jk->ik', A, B)". A dashed group is a call of its own; tensors without values of
/// their own are written with their sizes: "copy(3, 3, 3)", "eye(3)", "fuse(3, 4)" for legs of 3, 4
/// and 12.
std::string einsum_text(const Diagram& diagram);
/// The same as calls of this library: "tn::contract("ij,jk->ik", {A, B})".
std::string contract_text(const Diagram& diagram);

}  // namespace ranklens::tn::diagram

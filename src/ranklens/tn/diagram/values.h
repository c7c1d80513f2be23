#pragma once

#include <cstdint>
#include <map>
#include <string>

#include <ATen/core/Tensor.h>

#include "ranklens/tn/diagram/document.h"

namespace ranklens::tn::diagram {

/// Tensors by name, each with the declared sizes.
using Values = std::map<std::string, at::Tensor>;

/// A random tensor of the declared kind: standard normal numbers (of both parts, where `complex`),
/// of which an isometry or unitary is the Q of a QR decomposition, a positive tensor B B† / n, a
/// symmetric or antisymmetric tensor the (signed) mean over all orders of its legs, a diagonal one
/// the diagonal. float64 or complex128. It depends on the seed and the name only.
at::Tensor random_value(const Declaration& tensor, bool complex, std::uint64_t seed);

/// Random values for all tensors of the document that `given` lacks.
Values random_values(const Document& document, std::uint64_t seed, Values given = {});

/// The tensor as given by a user, made fit: float64 or complex128, a diagonal given as a vector
/// made a matrix. Error if its shape is another than declared, if it holds NaN or infinity, or if
/// it does not have the property of its kind to 1e-6.
at::Tensor checked_value(const Declaration& tensor, at::Tensor value, std::string_view what);

/// How far a tensor is from having the property of its kind, relative to its norm.
double violation(const Declaration& tensor, const at::Tensor& value);

/// The values of a copy tensor, identity, ones, zeros or fuse with legs of these sizes. Error above
/// 2^26 numbers.
at::Tensor built_in_value(Kind kind, const std::vector<std::int64_t>& sizes, at::ScalarType dtype);

}  // namespace ranklens::tn::diagram

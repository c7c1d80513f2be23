#include "ranklens/tn/linalg/numbers.h"

#include <cmath>
#include <limits>

#include <ATen/ops/linalg_vector_norm.h>
#include <fmt/ranges.h>

#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"

namespace ranklens::tn {

at::ScalarType widened(at::ScalarType dtype) {
  if (dtype == at::kFloat) return at::kDouble;
  if (dtype == at::kComplexFloat) return at::kComplexDouble;
  return dtype;
}

bool computes_in(at::ScalarType dtype) {
  return dtype == at::kFloat || dtype == at::kDouble || dtype == at::kComplexFloat ||
         dtype == at::kComplexDouble;
}

double frobenius(const at::Tensor& tensor) {
  const auto flat = tensor.detach();
  if (flat.numel() == 0) return 0;
  const double norm =
      at::linalg_vector_norm(flat, 2, std::nullopt, false, widened(flat.scalar_type()))
          .item<double>();
  if (std::isfinite(norm) && norm > 1e-140) return norm;
  // The squares left the range: NaN and infinity stay, anything else is scaled into it.
  const double largest = flat.abs().max().item<double>();
  if (!(largest > 0) || !std::isfinite(largest)) return largest;
  return largest * at::linalg_vector_norm(flat / largest).item<double>();
}

double machine_epsilon(at::ScalarType dtype) {
  const bool narrow = dtype == at::kFloat || dtype == at::kComplexFloat;
  return narrow ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
}

void check_values(const at::Tensor& tensor, const char* what) {
  base::require(tensor.defined() && tensor.layout() == at::kStrided, "{} is no dense tensor", what);
  base::require(computes_in(tensor.scalar_type()),
                "{} is of type {}; tensor networks are computed in float32, float64, complex64 or "
                "complex128",
                what, base::dtype_name(tensor.scalar_type()));
  base::require(tensor.numel() > 0, "{} of shape [{}] has no entries", what,
                fmt::join(tensor.sizes(), ", "));
  base::require(std::isfinite(frobenius(tensor)), "{} holds NaN or infinite entries", what);
}

}  // namespace ranklens::tn

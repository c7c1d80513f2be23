#include "ranklens/tn/formats/arguments.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>

#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn {

void check_same(const Shape& a, const Shape& b, const char* what) {
  base::require(a == b, "{} needs tensors of one shape, not {} and {}", what, text(a), text(b));
}

void check_factor(std::complex<double> factor, const at::Tensor& tensor) {
  base::require(std::isfinite(factor.real()) && std::isfinite(factor.imag()),
                "a tensor cannot be multiplied by a number that is not finite");
  base::require(factor.imag() == 0 || tensor.is_complex(),
                "a complex factor needs a complex tensor");
}

at::Tensor scaled(const at::Tensor& tensor, std::complex<double> factor) {
  if (factor.imag() == 0) return tensor * factor.real();
  return tensor * c10::Scalar(c10::complex<double>(factor));
}

std::vector<bool> marked(const Shape& modes, std::size_t d) {
  std::vector<bool> gone(d, false);
  for (const auto mode : modes) {
    const auto k = static_cast<std::size_t>(mode);
    base::require(mode >= 0 && k < d && !gone[k], "mode {} is not one of {}, or is given twice",
                  mode, d);
    gone[k] = true;
  }
  base::require(modes.size() < d, "a sum over all modes is a number: leave at least one mode");
  return gone;
}

void check_part(const Shape& sizes, std::int64_t mode, std::int64_t first, std::int64_t last,
                std::int64_t step) {
  base::require(mode >= 0 && mode < static_cast<std::int64_t>(sizes.size()),
                "a tensor of {} modes has no mode {}", sizes.size(), mode);
  const auto size = sizes[static_cast<std::size_t>(mode)];
  base::require(first >= 0 && first < last && last <= size && step >= 1,
                "entries {} to {} by {} are not a part of mode {} of size {}", first, last, step,
                mode, size);
}

void check_order(const Shape& order, std::size_t d) {
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  Shape all(d);
  std::iota(all.begin(), all.end(), 0);
  base::require(sorted == all, "an order of {} modes must name each of 0 to {} once", d, d - 1);
}

void check_indices(const at::Tensor& indices, const Shape& sizes) {
  const auto d = static_cast<std::int64_t>(sizes.size());
  base::require(indices.defined() && indices.dim() == 2 && indices.size(1) == d &&
                    indices.scalar_type() == at::kLong,
                "indices of entries must be int64 [count, {}]", d);
  const auto bounds = at::tensor(sizes, at::kLong).to(indices.device());
  base::require(indices.numel() == 0 || (indices.ge(0) & indices.lt(bounds)).all().item<bool>(),
                "an index lies outside the shape {}", text(sizes));
}

at::Tensor index_row(const Shape& index, const at::Tensor& tensor) {
  return at::tensor(index, at::kLong).unsqueeze(0).to(tensor.device());
}

at::Tensor moved(const at::Tensor& tensor, const at::TensorOptions& options, const char* what) {
  const auto before = tensor.scalar_type();
  const auto after = options.has_dtype() ? c10::typeMetaToScalarType(options.dtype()) : before;
  base::require(computes_in(after), "{} cannot be of type {}", what, base::dtype_name(after));
  base::require(c10::isComplexType(after) || !c10::isComplexType(before),
                "{} that is complex cannot become real", what);
  return tensor.to(options.dtype(after));
}

}  // namespace ranklens::tn

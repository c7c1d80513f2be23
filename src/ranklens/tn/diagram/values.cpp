#include "ranklens/tn/diagram/values.h"

#include <algorithm>
#include <numeric>

#include <ATen/ops/complex.h>
#include <ATen/ops/diag.h>
#include <ATen/ops/diag_embed.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/ranges.h>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn::diagram {
namespace {

using at::Tensor;

constexpr std::int64_t kMostNumbers = std::int64_t{1} << 26;
constexpr std::size_t kMostExchanged = 7;  // legs of a symmetric tensor: 7! orders

std::int64_t numbers_of(const std::vector<std::int64_t>& sizes, const std::string& what) {
  std::int64_t count = 1;
  for (const std::int64_t size : sizes) {
    base::require(!__builtin_mul_overflow(count, size, &count) && count <= kMostNumbers,
                  "{} of sizes {} has more than {} numbers", what, fmt::join(sizes, "x"),
                  kMostNumbers);
  }
  return count;
}

/// The tensor as a matrix across ';'.
Tensor as_matrix(const Declaration& t, const Tensor& value) {
  std::int64_t before = 1;
  for (std::size_t k = 0; k < t.split; ++k) before *= t.sizes[k];
  return value.reshape({before, -1});
}

/// The mean over all orders of the legs, with the sign of each order where `sign` is -1.
Tensor exchanged_mean(const Tensor& value, int sign) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(value.dim()));
  base::require(order.size() <= kMostExchanged, "a tensor of {} legs is too large to be symmetric",
                order.size());
  std::iota(order.begin(), order.end(), 0);
  Tensor sum = at::zeros_like(value);
  double count = 0;
  do {
    int inversions = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
      for (std::size_t j = i + 1; j < order.size(); ++j) inversions += order[i] > order[j];
    }
    sum += value.permute(order) * (sign < 0 && inversions % 2 ? -1.0 : 1.0);
    ++count;
  } while (std::next_permutation(order.begin(), order.end()));
  return sum / count;
}

Tensor with_property(const Declaration& t, const Tensor& normal) {
  switch (t.kind) {
    case Kind::Isometry:
    case Kind::Unitary:
      return std::get<0>(at::linalg_qr(as_matrix(t, normal))).reshape(normal.sizes());
    case Kind::Positive: {
      const Tensor b = as_matrix(t, normal);
      return (at::matmul(b, b.mH()) / static_cast<double>(b.size(0))).reshape(normal.sizes());
    }
    case Kind::Diagonal:
      return at::diag_embed(normal.diagonal());
    case Kind::Symmetric:
      return exchanged_mean(normal, 1);
    case Kind::Antisymmetric:
      return exchanged_mean(normal, -1);
    default:
      return normal;
  }
}

}  // namespace

Tensor random_value(const Declaration& t, bool complex, std::uint64_t seed) {
  numbers_of(t.sizes, fmt::format("tensor '{}'", t.name));
  base::Stream stream(seed, "diagram", t.name);
  Tensor normal = stream.normal(t.sizes, 0, 1, at::kDouble);
  if (complex) normal = at::complex(normal, stream.normal(t.sizes, 0, 1, at::kDouble));
  return with_property(t, normal).contiguous();
}

Values random_values(const Document& document, std::uint64_t seed, Values given) {
  for (const Declaration& t : document.tensors) {
    if (!given.count(t.name)) given.emplace(t.name, random_value(t, document.complex, seed));
  }
  return given;
}

double violation(const Declaration& t, const Tensor& value) {
  Tensor wrong;
  switch (t.kind) {
    case Kind::Isometry:
    case Kind::Unitary: {
      const Tensor matrix = as_matrix(t, value), product = at::matmul(matrix.mH(), matrix);
      wrong = product - at::eye(product.size(0), product.options());
      break;
    }
    case Kind::Positive: {
      const Tensor matrix = as_matrix(t, value);
      wrong = matrix - matrix.mH();
      break;
    }
    case Kind::Diagonal:
      wrong = value - at::diag_embed(value.diagonal());
      break;
    case Kind::Symmetric:
      wrong = value - exchanged_mean(value, 1);
      break;
    case Kind::Antisymmetric:
      wrong = value - exchanged_mean(value, -1);
      break;
    default:
      return 0;
  }
  return frobenius(wrong) / std::max(frobenius(value), 1e-300);
}

Tensor checked_value(const Declaration& t, Tensor value, std::string_view what) {
  value = value.to(value.is_complex() ? at::kComplexDouble : at::kDouble);
  if (t.kind == Kind::Diagonal && value.dim() == 1) value = at::diag_embed(value);
  base::require(value.sizes() == at::IntArrayRef(t.sizes),
                "{} has shape [{}], but tensor '{}' is declared with [{}]", what,
                fmt::join(value.sizes(), ", "), t.name, fmt::join(t.sizes, ", "));
  base::require(at::isfinite(value).all().item<bool>(), "{} holds NaN or infinity", what);
  const double wrong = violation(t, value);
  base::require(wrong < 1e-6, "{} is not {}: it is off by {:.2g}", what, to_string(t.kind), wrong);
  return value.contiguous();
}

Tensor built_in_value(Kind kind, const std::vector<std::int64_t>& sizes, at::ScalarType dtype) {
  const std::int64_t count = numbers_of(sizes, fmt::format("'{}'", to_string(kind)));
  if (kind == Kind::Ones) return at::ones(sizes, dtype);
  if (kind == Kind::Zeros) return at::zeros(sizes, dtype);
  if (kind == Kind::Fuse) return at::eye(sizes.back(), dtype).reshape(sizes);
  // Elements with equal indices are evenly spaced.
  Tensor value = at::zeros({count}, dtype);
  std::int64_t step = 0;
  for (const std::int64_t size : sizes) step = step * size + 1;
  for (std::int64_t k = 0; k < sizes.front(); ++k) value[k * step] = 1;
  return value.reshape(sizes);
}

}  // namespace ranklens::tn::diagram

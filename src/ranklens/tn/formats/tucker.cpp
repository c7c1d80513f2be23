#include "ranklens/tn/formats/tucker.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/real.h>

#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"
#include "ranklens/tn/formats/mode_product.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn {

void check(const Tucker& tucker) {
  base::require(tucker.core.defined() && tucker.core.numel() > 0,
                "the core of a Tucker tensor is empty");
  base::require(tucker.core.dim() == static_cast<std::int64_t>(tucker.factors.size()),
                "a Tucker tensor has {} factors for a core of {} modes", tucker.factors.size(),
                tucker.core.dim());
  for (std::size_t k = 0; k < tucker.factors.size(); ++k) {
    const auto& factor = tucker.factors[k];
    const auto r = tucker.core.size(static_cast<std::int64_t>(k));
    base::require(factor.defined() && factor.dim() == 2 && factor.size(0) > 0,
                  "factor {} of a Tucker tensor must be a matrix [size, rank]", k);
    base::require(factor.size(1) == r,
                  "factor {} of a Tucker tensor has {} columns, its core {} entries in that mode",
                  k, factor.size(1), r);
    base::require(
        computes_in(factor.scalar_type()) && factor.scalar_type() == tucker.core.scalar_type(),
        "factor {} of a Tucker tensor is of type {}, its core of type {}", k,
        base::dtype_name(factor.scalar_type()), base::dtype_name(tucker.core.scalar_type()));
  }
}

std::vector<std::int64_t> ranks(const Tucker& tucker) { return tucker.core.sizes().vec(); }

std::vector<std::int64_t> shape(const Tucker& tucker) {
  std::vector<std::int64_t> sizes;
  for (const auto& factor : tucker.factors) sizes.push_back(factor.size(0));
  return sizes;
}

at::Tensor full(const Tucker& tucker) {
  check(tucker);
  auto tensor = tucker.core;
  for (std::size_t k = 0; k < tucker.factors.size(); ++k) {
    tensor = mode_product(tensor, static_cast<std::int64_t>(k), tucker.factors[k]);
  }
  return tensor;
}

double norm(const Tucker& tucker) {
  check(tucker);
  const auto wide = widened(tucker.core.scalar_type());
  const auto core = tucker.core.to(wide);
  auto turned = core;
  for (std::size_t k = 0; k < tucker.factors.size(); ++k) {
    const auto factor = tucker.factors[k].to(wide);
    turned = mode_product(turned, static_cast<std::int64_t>(k), at::mm(factor.mH(), factor));
  }
  return std::sqrt(std::max(0.0, at::real((core.conj() * turned).sum()).item<double>()));
}

std::int64_t parameters(const Tucker& tucker) {
  std::int64_t count = tucker.core.numel();
  for (const auto& factor : tucker.factors) count += factor.numel();
  return count;
}

}  // namespace ranklens::tn

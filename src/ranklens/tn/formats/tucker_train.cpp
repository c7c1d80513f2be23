#include "ranklens/tn/formats/tucker_train.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/decompose.h"
#include "ranklens/tn/train/make.h"

namespace ranklens::tn {

void check(const TuckerTrain& hybrid) {
  check(hybrid.core);
  base::require(hybrid.factors.size() == hybrid.core.cores.size(),
                "a Tucker train has {} factors for a core of {} modes", hybrid.factors.size(),
                hybrid.core.cores.size());
  for (std::size_t k = 0; k < hybrid.factors.size(); ++k) {
    const auto& factor = hybrid.factors[k];
    const auto& core = hybrid.core.cores[k];
    base::require(factor.defined() && factor.dim() == 2 && factor.size(0) > 0 &&
                      factor.size(1) == core.size(1),
                  "factor {} of a Tucker train must be a matrix [size, {}]", k, core.size(1));
    base::require(factor.scalar_type() == core.scalar_type(),
                  "factor {} of a Tucker train is of type {}, its core of type {}", k,
                  base::dtype_name(factor.scalar_type()), base::dtype_name(core.scalar_type()));
  }
}

Shape shape(const TuckerTrain& hybrid) {
  Shape sizes;
  for (const auto& factor : hybrid.factors) sizes.push_back(factor.size(0));
  return sizes;
}

at::Tensor full(const TuckerTrain& hybrid) {
  check(hybrid);
  return full(from_tucker(hybrid.core, hybrid.factors));
}

std::int64_t parameters(const TuckerTrain& hybrid) {
  std::int64_t count = parameters(hybrid.core);
  for (const auto& factor : hybrid.factors) count += factor.numel();
  return count;
}

TuckerTrainDecomposition tucker_train(const at::Tensor& dense, const TuckerTrainOptions& options) {
  // Half of the squared error each, at first; the train gets what the modes did not need.
  TuckerTrainDecomposition out;
  out.outer =
      st_hosvd(dense, {.bounds = {.eps = options.eps / std::sqrt(2.0), .ranks = options.ranks}});
  const auto& core = out.outer.value.core;
  const double norm = frobenius(dense), core_norm = frobenius(core);
  const double spent = out.outer.error;
  const double left = std::max(0.0, options.eps * options.eps * norm * norm - spent * spent);
  const double eps = core_norm > 0 ? std::sqrt(left) / core_norm : 0;
  auto inner = decompose(core, {.eps = eps, .ranks = options.train_ranks});
  for (const auto& cut : inner.cuts) out.discarded_values.push_back(cut.discarded_values);
  const double train_error = inner.error * core_norm;
  out.relative_error = norm > 0 ? std::hypot(spent, train_error) / norm : 0;
  out.value = {std::move(inner.train), out.outer.value.factors};
  return out;
}

}  // namespace ranklens::tn

#pragma once

#include <vector>

#include <ATen/ops/einsum.h>
#include <fmt/format.h>

#include "ranklens/nn/weight_spec.h"

#include "testing/normal.h"

namespace ranklens::compress {

/// A kernel of so many rank-one terms with normal factors.
inline at::Tensor of_terms(const nn::Shape& sizes, std::int64_t terms) {
  std::vector<at::Tensor> factors;
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    factors.push_back(
        testing::normal_double({sizes[k], terms}, fmt::format("factor {}", k).c_str()));
  }
  return at::einsum("or,ir,yr,xr->oiyx", factors);
}

}  // namespace ranklens::compress

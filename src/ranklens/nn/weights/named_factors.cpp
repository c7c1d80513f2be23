#include "ranklens/nn/weights/named_factors.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <fmt/ranges.h>

#include "ranklens/base/error.h"

namespace ranklens::nn {

std::vector<at::Tensor> in_order(const std::vector<Factor>& factors,
                                 const std::vector<std::string>& names, std::string_view what) {
  std::vector<at::Tensor> tensors(names.size());
  for (const auto& factor : factors) {
    const auto found = std::find(names.begin(), names.end(), factor.name);
    base::require(found != names.end(), "{} has no factor '{}': it is stored as {}", what,
                  factor.name, fmt::join(names, ", "));
    tensors[static_cast<std::size_t>(found - names.begin())] = factor.tensor;
  }
  for (std::size_t k = 0; k < names.size(); ++k)
    base::require(tensors[k].defined(), "{} lacks its factor '{}'", what, names[k]);
  return tensors;
}

std::vector<std::string> core_names(std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t k = 0; k < count; ++k) names.push_back(fmt::format("core.{}", k));
  return names;
}

std::vector<Factor> named(const std::vector<std::string>& names,
                          const std::vector<at::Tensor>& tensors) {
  std::vector<Factor> factors;
  for (std::size_t k = 0; k < names.size(); ++k) factors.push_back({names[k], tensors[k]});
  return factors;
}

void check_cores(const std::vector<at::Tensor>& cores, std::int64_t left, std::size_t first) {
  base::require(!cores.empty(), "a tensor train needs at least one core");
  for (std::size_t k = 0; k < cores.size(); ++k) {
    base::require(cores[k].dim() == 4, "core {} of a tensor train must be [r, out, in, r']",
                  first + k);
    base::require(cores[k].size(0) == left,
                  "core {} of a tensor train has left rank {}, its neighbour {}", first + k,
                  cores[k].size(0), left);
    left = cores[k].size(3);
  }
  base::require(left == 1, "the last core of a tensor train must end with rank 1");
}

at::Tensor select_rows(const at::Tensor& matrix, const at::Tensor& indices) {
  auto sizes = indices.sizes().vec();
  sizes.push_back(matrix.size(1));
  return matrix.index_select(0, indices.reshape(-1)).reshape(sizes);
}

}  // namespace ranklens::nn

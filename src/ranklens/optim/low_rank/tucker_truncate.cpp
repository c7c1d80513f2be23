#include "ranklens/optim/low_rank/tucker_truncate.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>

#include "ranklens/base/error.h"
#include "ranklens/tn/formats/mode_product.h"
#include "ranklens/tn/linalg/factorise.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/linalg/svd.h"

namespace ranklens::optim {
namespace {

// Left singular vectors and values of a wide matrix A: with A^T = Q R they are those of R^T.
std::pair<at::Tensor, at::Tensor> left_vectors(const at::Tensor& matrix) {
  const auto small = matrix.size(1) > matrix.size(0) ? tn::qr(matrix.t()).r.t() : matrix;
  const auto [left, values, right_transposed] = tn::reduced_svd(small);
  return {left, values};
}

std::int64_t checked_rank(std::int64_t wanted, const at::Tensor& values, const char* mode) {
  base::require(wanted >= 1 && wanted <= values.size(0),
                "rank {} of the {} channels is not between 1 and {}, the present one", wanted, mode,
                values.size(0));
  return wanted;
}

}  // namespace

TuckerValues mode_values(const at::Tensor& core) {
  const auto out = left_vectors(tn::unfolding(core, 0)), in = left_vectors(tn::unfolding(core, 1));
  return {out.first, out.second, in.first, in.second};
}

RankPolicy for_one_mode(const RankPolicy& policy) {
  RankPolicy one = policy;
  one.tau /= std::sqrt(2.0);
  return one;
}

TuckerTruncated cut(const TuckerKernel& kernel, const TuckerValues& values,
                    const TuckerRanks& ranks) {
  const auto& [u, core, v] = kernel;
  const auto window = core.numel() / (core.size(0) * core.size(1));
  auto out = checked_rank(ranks.out, values.out, "output"),
       in = checked_rank(ranks.in, values.in, "input");
  out = std::min(out, in * window), in = std::min(in, out * window);
  const auto left = values.out_vectors.narrow(1, 0, out);
  const auto right = values.in_vectors.narrow(1, 0, in);
  const auto smaller = contracted(core, left, right);
  // Both are projections, but differences of squared norms would lose half of the digits.
  const auto back = contracted(smaller, left.t(), right.t());
  return {.kernel = {at::matmul(u, left), smaller, at::matmul(v, right)},
          .left = left,
          .right = right,
          .discarded = tn::frobenius(core - back),
          .norm = tn::frobenius(core)};
}

TuckerTruncated truncate(const TuckerKernel& kernel, const RankPolicy& policy) {
  const auto values = mode_values(kernel.core);
  const auto one = for_one_mode(policy);
  return cut(kernel, values, {rank_for(values.out, one), rank_for(values.in, one)});
}

}  // namespace ranklens::optim

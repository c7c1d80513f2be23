#include "ranklens/optim/dmrg/side.h"

#include <algorithm>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/log.h>
#include <ATen/ops/nonzero.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include "ranklens/tn/linalg/tall.h"

namespace ranklens::optim {
namespace {

/// So many samples at a time: what a product needs stays in the processor's cache.
constexpr std::int64_t kRows = 4096;

/// Divides each sample's numbers by the largest, whose square could already be zero.
Side normalised(at::Tensor vectors, const at::Tensor& logs) {
  const auto rows = vectors.flatten(1);
  auto size = rows.abs().amax(1);
  size = at::where(size > 0, size, at::ones({}, size.options()));
  rows.div_(size.unsqueeze(1));
  return {std::move(vectors), logs + at::log(size.to(at::kDouble))};
}

/// `rows` gives the vectors of some samples, [samples, r] or, with `classes`, [samples, classes,
/// r].
template <class Rows>
Side in_parts(const Side& side, std::int64_t classes, std::int64_t rank, const Rows& rows) {
  const auto samples = side.vectors.size(0);
  auto vectors = classes > 0 ? at::empty({samples, classes, rank}, side.vectors.options())
                             : at::empty({samples, rank}, side.vectors.options());
  const auto each = std::max<std::int64_t>(32, kRows / std::max<std::int64_t>(1, classes));
  for (std::int64_t from = 0; from < samples; from += each) {
    const auto count = std::min(each, samples - from);
    vectors.narrow(0, from, count).copy_(rows(from, count));
  }
  return normalised(std::move(vectors), side.logs);
}

/// Classes of the side beyond a core; 0 where neither it nor the core has the label.
std::int64_t classes_beyond(const Side& side, const at::Tensor& core) {
  if (is_labelled(side)) return side.vectors.size(1);
  return core.dim() == 4 ? core.size(2) : 0;
}

at::Tensor times_matrix(const at::Tensor& vectors, const at::Tensor& matrix,
                        const at::Tensor& factors) {
  const auto met = tn::tall_times(vectors.flatten(0, -2), matrix).view({vectors.size(0), -1});
  return met.mul_(factors.unsqueeze(1));
}

/// The sum over the feature's numbers of number times vectors times the number's matrix, [samples,
/// (classes) columns]. Of most samples (a black pixel is (1, 0)) all numbers but the first are
/// zero.
at::Tensor met(const at::Tensor& vectors, const at::Tensor& feature,
               const std::vector<at::Tensor>& matrices) {
  auto sum = times_matrix(vectors, matrices[0], feature.select(1, 0));
  if (matrices.size() == 1) return sum;
  const auto rest = feature.narrow(1, 1, feature.size(1) - 1);
  const auto rows = at::nonzero(rest.ne(0).any(1)).squeeze(1);
  if (rows.size(0) == 0) return sum;
  const auto chosen = vectors.index_select(0, rows), numbers = feature.index_select(0, rows);
  for (std::size_t k = 1; k < matrices.size(); ++k) {
    const auto number = numbers.select(1, static_cast<std::int64_t>(k));
    sum.index_add_(0, rows, times_matrix(chosen, matrices[k], number));
  }
  return sum;
}

Side extended(const Side& side, const at::Tensor& feature, std::int64_t classes, std::int64_t rank,
              const std::vector<at::Tensor>& matrices) {
  return in_parts(side, classes, rank, [&](std::int64_t from, std::int64_t count) {
    const auto found =
        met(side.vectors.narrow(0, from, count), feature.narrow(0, from, count), matrices);
    return classes > 0 ? found.view({count, classes, rank}) : found;
  });
}

}  // namespace

Side end_of_train(std::int64_t samples, const at::TensorOptions& options) {
  return {at::ones({samples, 1}, options), at::zeros({samples}, options.dtype(at::kDouble))};
}

at::Tensor row_products(const at::Tensor& a, const at::Tensor& b) {
  return (a.unsqueeze(2) * b.unsqueeze(1)).flatten(1);
}

at::Tensor products_before(const at::Tensor& vectors, const at::Tensor& feature) {
  if (vectors.dim() == 2) return row_products(vectors, feature);
  return (vectors.unsqueeze(3) * feature.unsqueeze(1).unsqueeze(2)).flatten(2);
}

at::Tensor products_behind(const at::Tensor& feature, const at::Tensor& vectors) {
  if (vectors.dim() == 2) return row_products(feature, vectors);
  return (feature.unsqueeze(1).unsqueeze(3) * vectors.unsqueeze(2)).flatten(2);
}

Side extended_before(const Side& before, const at::Tensor& feature, const at::Tensor& core) {
  std::vector<at::Tensor> matrices;
  for (std::int64_t k = 0; k < core.size(1); ++k) {
    matrices.push_back(core.select(1, k).flatten(1).contiguous());
  }
  return extended(before, feature, classes_beyond(before, core), core.size(-1), matrices);
}

Side extended_behind(const Side& behind, const at::Tensor& feature, const at::Tensor& core) {
  std::vector<at::Tensor> matrices;
  for (std::int64_t k = 0; k < core.size(1); ++k) {
    const auto one = core.select(1, k);  // [r, r'] or [r, classes, r']
    matrices.push_back(one.dim() == 2 ? one.t().contiguous() : one.permute({2, 1, 0}).flatten(1));
  }
  return extended(behind, feature, classes_beyond(behind, core), core.size(0), matrices);
}

}  // namespace ranklens::optim

#include "ranklens/optim/dmrg/side.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/log.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

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
  const auto classes = classes_beyond(before, core), rank = core.size(-1);
  const auto matrix = core.reshape({core.size(0) * core.size(1), -1});
  return in_parts(before, classes, rank, [&](std::int64_t from, std::int64_t count) {
    const auto met = at::matmul(
        products_before(before.vectors.narrow(0, from, count), feature.narrow(0, from, count)),
        matrix);
    return classes > 0 ? met.view({count, classes, rank}) : met;
  });
}

Side extended_behind(const Side& behind, const at::Tensor& feature, const at::Tensor& core) {
  const auto classes = classes_beyond(behind, core), rank = core.size(0);
  const bool of_label = core.dim() == 4;
  const auto rows = of_label ? core.transpose(1, 2).flatten(0, 1).flatten(1) : core.flatten(1);
  const auto matrix = rows.t();
  return in_parts(behind, classes, rank, [&](std::int64_t from, std::int64_t count) {
    const auto met = at::matmul(
        products_behind(feature.narrow(0, from, count), behind.vectors.narrow(0, from, count)),
        matrix);
    return of_label ? met.view({count, rank, classes}).transpose(1, 2) : met;
  });
}

}  // namespace ranklens::optim

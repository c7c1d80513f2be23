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

/// Divides rows by their largest entries, whose squares could already be zero.
Side normalised(at::Tensor vectors, const at::Tensor& logs) {
  auto size = vectors.abs().amax(1);
  size = at::where(size > 0, size, at::ones({}, size.options()));
  vectors.div_(size.unsqueeze(1));
  return {std::move(vectors), logs + at::log(size.to(at::kDouble))};
}

/// `rows` gives the products of some samples.
template <class Rows>
Side in_parts(const Side& side, std::int64_t rank, const Rows& rows) {
  const auto samples = side.vectors.size(0);
  auto vectors = at::empty({samples, rank}, side.vectors.options());
  for (std::int64_t from = 0; from < samples; from += kRows) {
    const auto count = std::min(kRows, samples - from);
    vectors.narrow(0, from, count).copy_(rows(from, count));
  }
  return normalised(std::move(vectors), side.logs);
}

}  // namespace

Side end_of_train(std::int64_t samples, const at::TensorOptions& options) {
  return {at::ones({samples, 1}, options), at::zeros({samples}, options.dtype(at::kDouble))};
}

at::Tensor row_products(const at::Tensor& a, const at::Tensor& b) {
  return (a.unsqueeze(2) * b.unsqueeze(1)).flatten(1);
}

Side extended_before(const Side& before, const at::Tensor& feature, const at::Tensor& core) {
  const auto matrix = core.flatten(0, 1);
  return in_parts(before, core.size(2), [&](std::int64_t from, std::int64_t count) {
    return at::matmul(
        row_products(before.vectors.narrow(0, from, count), feature.narrow(0, from, count)),
        matrix);
  });
}

Side extended_behind(const Side& behind, const at::Tensor& feature, const at::Tensor& core) {
  const auto matrix = core.flatten(1).t();
  return in_parts(behind, core.size(0), [&](std::int64_t from, std::int64_t count) {
    return at::matmul(
        row_products(feature.narrow(0, from, count), behind.vectors.narrow(0, from, count)),
        matrix);
  });
}

}  // namespace ranklens::optim

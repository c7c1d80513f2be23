#include "ranklens/tn/train/tensor_train.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/bmm.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/tensor.h>
#include <fmt/ranges.h>

#include "ranklens/base/dtype.h"
#include "ranklens/base/error.h"
#include "ranklens/tn/linalg/numbers.h"
#include "ranklens/tn/train/container_parts.h"

namespace ranklens::tn {
namespace {

void check_cores(const std::vector<at::Tensor>& cores, std::int64_t dimensions,
                 const char* layout) {
  base::require(!cores.empty(), "a tensor train needs at least one core");
  for (std::size_t k = 0; k < cores.size(); ++k) {
    const auto& core = cores[k];
    base::require(core.defined() && core.dim() == dimensions,
                  "core {} of a tensor train must be {}", k, layout);
    base::require(computes_in(core.scalar_type()),
                  "core {} is of type {}; tensor networks are computed in float32, float64, "
                  "complex64 or complex128",
                  k, base::dtype_name(core.scalar_type()));
    base::require(
        core.scalar_type() == cores[0].scalar_type() && core.device() == cores[0].device(),
        "core {} differs from core 0 in dtype or device", k);
    base::require(core.numel() > 0, "core {} of shape [{}] has no entries", k,
                  fmt::join(core.sizes(), ", "));
    const auto left = k == 0 ? 1 : cores[k - 1].size(-1);
    base::require(core.size(0) == left, "core {} of a tensor train has left rank {}, not {}", k,
                  core.size(0), left);
  }
  base::require(cores.back().size(-1) == 1,
                "the last core of a tensor train ends with rank {}, not 1", cores.back().size(-1));
}

template <class Train>
void check_state(const Train& train) {
  base::require(train.centre >= -1 && train.centre < static_cast<std::int64_t>(train.cores.size()),
                "a tensor train of {} cores has no centre {}", train.cores.size(), train.centre);
  base::require(std::isfinite(train.log_scale), "the scale of a tensor train is not finite");
}

template <class Train>
Train converted(const Train& train, const at::TensorOptions& options) {
  check(train);
  auto result = train;
  const auto before = train.cores[0].scalar_type();
  const auto after = options.has_dtype() ? c10::typeMetaToScalarType(options.dtype()) : before;
  base::require(computes_in(after), "a tensor train cannot be of type {}", base::dtype_name(after));
  base::require(c10::isComplexType(after) || !c10::isComplexType(before),
                "a complex tensor train cannot become real");
  for (auto& core : result.cores) core = core.to(options.dtype(after));
  if (after != before) result.centre = -1;
  return result;
}

template <class Train>
Shape inner_ranks(const Train& train) {
  Shape ranks;
  for (std::size_t k = 0; k + 1 < train.cores.size(); ++k) ranks.push_back(train.cores[k].size(-1));
  return ranks;
}

template <class Train>
std::int64_t stored(const Train& train) {
  std::int64_t count = 0;
  for (const auto& core : train.cores) count += core.numel();
  return count;
}

Shape modes(const std::vector<at::Tensor>& cores, std::int64_t dimension) {
  Shape sizes;
  for (const auto& core : cores) sizes.push_back(core.size(dimension));
  return sizes;
}

/// Rows [count, 1, r] brought near one; logarithms of what each was divided by go to `logs`
/// [count].
void rescale_rows(at::Tensor& rows, at::Tensor& logs) {
  auto sizes = rows.detach().abs().amax({1, 2}).to(at::kDouble);
  sizes = sizes.masked_fill(sizes == 0, 1);
  rows = rows / sizes.to(c10::toRealValueType(rows.scalar_type())).reshape({-1, 1, 1});
  logs = logs.defined() ? logs + sizes.log() : sizes.log();
}

}  // namespace

std::string text(const Shape& shape) { return fmt::format("{}", fmt::join(shape, "x")); }

void check(const TensorTrain& train) {
  check_cores(train.cores, 3, "[r, n, r']");
  check_state(train);
}

void check(const TTMatrix& matrix) {
  check_cores(matrix.cores, 4, "[r, m, n, r']");
  check_state(matrix);
}

Shape shape(const TensorTrain& train) { return modes(train.cores, 1); }
Shape row_modes(const TTMatrix& matrix) { return modes(matrix.cores, 1); }
Shape column_modes(const TTMatrix& matrix) { return modes(matrix.cores, 2); }
Shape ranks(const TensorTrain& train) { return inner_ranks(train); }
Shape ranks(const TTMatrix& matrix) { return inner_ranks(matrix); }
std::int64_t parameters(const TensorTrain& train) { return stored(train); }
std::int64_t parameters(const TTMatrix& matrix) { return stored(matrix); }

TensorTrain fused(const TTMatrix& matrix) {
  check(matrix);
  TensorTrain train{{}, matrix.centre, matrix.log_scale};
  for (const auto& core : matrix.cores) {
    train.cores.push_back(core.reshape({core.size(0), -1, core.size(3)}));
  }
  return train;
}

TTMatrix split(const TensorTrain& train, const Shape& rows, const Shape& columns) {
  check(train);
  base::require(rows.size() == train.cores.size() && columns.size() == rows.size(),
                "a train of {} cores cannot become a matrix with {} row and {} column modes",
                train.cores.size(), rows.size(), columns.size());
  TTMatrix matrix{{}, train.centre, train.log_scale};
  for (std::size_t k = 0; k < rows.size(); ++k) {
    const auto& core = train.cores[k];
    base::require(rows[k] > 0 && columns[k] > 0 && core.size(1) % rows[k] == 0 &&
                      core.size(1) / rows[k] == columns[k],
                  "mode {} of size {} does not split into {} x {}", k, core.size(1), rows[k],
                  columns[k]);
    matrix.cores.push_back(core.reshape({core.size(0), rows[k], columns[k], core.size(2)}));
  }
  return matrix;
}

TensorTrain to(const TensorTrain& train, const at::TensorOptions& options) {
  return converted(train, options);
}

TTMatrix to(const TTMatrix& matrix, const at::TensorOptions& options) {
  return converted(matrix, options);
}

at::Tensor full(const TensorTrain& train) {
  check(train);
  check_writable(shape(train));
  // The scale is spread over the cores, since product and scale may each leave the range.
  const double share = std::exp(train.log_scale / static_cast<double>(train.cores.size()));
  at::Tensor grown;
  for (const auto& core : train.cores) {
    const auto matrix = core.reshape({core.size(0), -1});
    const auto scaled = train.log_scale == 0 ? matrix : matrix * share;
    grown = grown.defined() ? at::mm(grown, scaled).reshape({-1, core.size(2)})
                            : scaled.reshape({-1, core.size(2)});
  }
  return grown.reshape(shape(train));
}

at::Tensor full(const TTMatrix& matrix) {
  const auto rows = row_modes(matrix), columns = column_modes(matrix);
  Shape sizes, order;
  std::int64_t m = 1;
  const auto d = static_cast<std::int64_t>(rows.size());
  for (std::int64_t k = 0; k < d; ++k) {
    sizes.insert(sizes.end(), {rows[k], columns[k]});
    order.insert(order.begin() + k, 2 * k);
    order.push_back(2 * k + 1);
    m *= rows[k];
  }
  return full(fused(matrix)).reshape(sizes).permute(order).reshape({m, -1});
}

at::Tensor elements(const TensorTrain& train, const at::Tensor& indices) {
  check(train);
  const auto d = static_cast<std::int64_t>(train.cores.size());
  base::require(indices.dim() == 2 && indices.size(1) == d && indices.scalar_type() == at::kLong,
                "indices of entries must be int64 [count, {}]", d);
  const auto sizes = shape(train);
  const auto bounds = at::tensor(sizes, at::kLong).to(indices.device());
  base::require(indices.numel() == 0 || (indices.ge(0) & indices.lt(bounds)).all().item<bool>(),
                "an index lies outside the shape {}", text(sizes));
  const double share = std::exp(train.log_scale / static_cast<double>(d));
  at::Tensor rows, logs;
  for (std::int64_t k = 0; k < d; ++k) {
    const auto& core = train.cores[k];
    const auto chosen = core.permute({1, 0, 2}).index_select(0, indices.select(1, k));
    rows = rows.defined() ? at::bmm(rows, chosen) : chosen;
    if (train.log_scale != 0) rows = rows * share;
    if (k % 8 == 7) rescale_rows(rows, logs);  // before long products leave the range
  }
  auto values = rows.reshape({-1});
  if (!logs.defined()) return values;
  const auto dtype = values.scalar_type();
  return (values.to(widened(dtype)) * logs.exp()).to(dtype);
}

at::Tensor element(const TensorTrain& train, const Shape& index) {
  const auto list = at::tensor(index, at::kLong).unsqueeze(0);
  return elements(train, list.to(train.cores.at(0).device())).squeeze(0);
}

}  // namespace ranklens::tn

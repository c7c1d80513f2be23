#include "ranklens/nn/weights/tt_matrix.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <c10/util/accumulate.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/nn/weights/dense.h"
#include "ranklens/nn/weights/named_factors.h"
#include "ranklens/tn/linear/merge.h"
#include "ranklens/tn/linear/tt_linear.h"
#include "ranklens/tn/linear/tt_rows.h"
#include "ranklens/tn/train/decompose.h"

namespace ranklens::nn {

TTMatrix::TTMatrix(Shape shape, std::vector<at::Tensor> cores)
    : FactorisedFormat(std::move(shape)), cores_(std::move(cores)) {
  check_cores(cores_, 1);
  base::require(c10::multiply_integers(out_modes()) * c10::multiply_integers(in_modes()) ==
                        c10::multiply_integers(shape_) &&
                    !shape_.empty() && c10::multiply_integers(out_modes()) == shape_[0],
                "tensor-train modes {}x{} do not give a weight of shape {}",
                fmt::join(out_modes(), "x"), fmt::join(in_modes(), "x"), fmt::join(shape_, "x"));
}

Weight TTMatrix::from_dense(const at::Tensor& dense, const Shape& out, const Shape& in,
                            const Shape& ranks, double eps) {
  const auto found =
      tn::decompose(dense.reshape({dense.size(0), -1}), out, in, {.eps = eps, .ranks = ranks});
  auto cores = found.matrix.cores;
  cores.front() = cores.front() * std::exp(found.matrix.log_scale);
  for (auto& core : cores) core = core.contiguous();
  return Weight(std::make_shared<TTMatrix>(dense.sizes().vec(), std::move(cores)));
}

Weight TTMatrix::read(const nlohmann::json& structure, const std::vector<Factor>& factors) {
  auto cores = in_order(factors, core_names(factors.size()), "a tensor train");
  return Weight(std::make_shared<TTMatrix>(structure.at("shape").get<Shape>(), std::move(cores)));
}

Shape TTMatrix::out_modes() const { return tn::modes_of(cores_).out; }

Shape TTMatrix::in_modes() const { return tn::modes_of(cores_).in; }

Shape TTMatrix::ranks() const {
  Shape ranks;
  for (std::size_t k = 0; k + 1 < cores_.size(); ++k) ranks.push_back(cores_[k].size(3));
  return ranks;
}

std::vector<Factor> TTMatrix::factors() const { return named(core_names(cores_.size()), cores_); }

Weight TTMatrix::with(std::vector<at::Tensor> tensors) const {
  return Weight(std::make_shared<TTMatrix>(shape_, std::move(tensors)));
}

std::string TTMatrix::spec() const {
  // One core has no bonds, but a spec is read with a rank alone.
  const auto bonds = cores_.size() == 1 ? Shape{1} : ranks();
  return fmt::format("tt(out={},in={},r={})", fmt::join(out_modes(), "x"),
                     fmt::join(in_modes(), "x"), fmt::join(bonds, "x"));
}

std::int64_t TTMatrix::multiply_adds() const {
  if (shape_.size() > 2) return c10::multiply_integers(shape_);
  constexpr std::int64_t batch = 128;  // what a schedule is, at a usual size
  const auto schedule = tn::tt_linear_schedule(cores_, batch, false);
  if (schedule.rebuild) return c10::multiply_integers(shape_);
  double count = 0;
  for (const auto& step : tn::step_sizes(tn::modes_of(cores_), schedule, 1))
    count += step.multiply_adds();
  return static_cast<std::int64_t>(count);
}

at::Tensor TTMatrix::linear(const at::Tensor& x, const at::Tensor& bias) const {
  return tn::tt_linear(cores_, x, bias);
}

at::Tensor TTMatrix::linear_adjoint(const at::Tensor& y) const {
  std::vector<at::Tensor> transposed;
  for (const auto& core : cores_) transposed.push_back(core.transpose(1, 2));
  Shape shape{c10::multiply_integers(in_modes()), shape_[0]};
  return TTMatrix(shape, transposed).linear(y, {});
}

at::Tensor TTMatrix::conv2d(const at::Tensor& x, const at::Tensor& bias,
                            const ConvGeometry& geometry) const {
  return convolve(x, dense(), bias, geometry);
}

at::Tensor TTMatrix::dense() const { return tn::dense_matrix(cores_).reshape(shape_); }

at::Tensor TTMatrix::rows(const at::Tensor& indices) const {
  auto sizes = indices.sizes().vec();
  sizes.push_back(columns());
  return tn::tt_rows(cores_, indices.reshape(-1)).reshape(sizes);
}

std::int64_t TTMatrix::row_multiply_adds() const {
  std::int64_t sum = 0, done = cores_.front().size(2);
  for (std::size_t k = 1; k < cores_.size(); ++k) {
    sum += done * cores_[k].size(0) * cores_[k].size(2) * cores_[k].size(3);
    done *= cores_[k].size(2);
  }
  return sum;
}

}  // namespace ranklens::nn

#include "ranklens/nn/weights/tt_matrix.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_svd.h>
#include <c10/util/accumulate.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/nn/weights/dense.h"
#include "ranklens/tn/linear/merge.h"
#include "ranklens/tn/linear/tt_linear.h"

namespace ranklens::nn {

TTMatrix::TTMatrix(Shape shape, std::vector<at::Tensor> cores)
    : shape_(std::move(shape)), cores_(std::move(cores)) {
  base::require(!cores_.empty(), "a tensor train needs at least one core");
  for (std::size_t k = 0; k < cores_.size(); ++k) {
    base::require(cores_[k].dim() == 4, "core {} of a tensor train must be [r, out, in, r']", k);
    const auto left = k == 0 ? 1 : cores_[k - 1].size(3);
    base::require(cores_[k].size(0) == left,
                  "core {} of a tensor train has left rank {}, its neighbour {}", k,
                  cores_[k].size(0), left);
  }
  base::require(cores_.back().size(3) == 1, "the last core of a tensor train must end with rank 1");
  base::require(c10::multiply_integers(out_modes()) * c10::multiply_integers(in_modes()) ==
                        c10::multiply_integers(shape_) &&
                    !shape_.empty() && c10::multiply_integers(out_modes()) == shape_[0],
                "tensor-train modes {}x{} do not give a weight of shape {}",
                fmt::join(out_modes(), "x"), fmt::join(in_modes(), "x"), fmt::join(shape_, "x"));
}

Weight TTMatrix::from_dense(const at::Tensor& dense, const Shape& out, const Shape& in,
                            const Shape& ranks) {
  const auto d = static_cast<std::int64_t>(out.size());
  Shape sizes = out, order;
  sizes.insert(sizes.end(), in.begin(), in.end());
  for (std::int64_t k = 0; k < d; ++k) order.insert(order.end(), {k, d + k});
  auto rest = dense.reshape(sizes).permute(order).contiguous();
  std::vector<at::Tensor> cores;
  std::int64_t left = 1;
  for (std::int64_t k = 0; k + 1 < d; ++k) {
    const auto unfolding = rest.reshape({left * out[k] * in[k], -1});
    const auto rank = std::min({ranks[k], unfolding.size(0), unfolding.size(1)});
    const auto [u, s, vh] = at::linalg_svd(unfolding, false);
    cores.push_back(u.narrow(1, 0, rank).reshape({left, out[k], in[k], rank}).contiguous());
    rest = s.narrow(0, 0, rank).unsqueeze(1) * vh.narrow(0, 0, rank);
    left = rank;
  }
  cores.push_back(rest.reshape({left, out.back(), in.back(), 1}).contiguous());
  return Weight(std::make_shared<TTMatrix>(dense.sizes().vec(), std::move(cores)));
}

Weight TTMatrix::read(const nlohmann::json& structure, std::vector<Factor> factors) {
  std::vector<at::Tensor> cores(factors.size());
  for (const auto& factor : factors) {
    std::size_t k = factors.size();
    for (std::size_t i = 0; i < factors.size(); ++i) {
      if (factor.name == fmt::format("core.{}", i)) k = i;
    }
    base::require(k < cores.size(), "a tensor train of {} cores has no factor '{}'", factors.size(),
                  factor.name);
    cores[k] = factor.tensor;
  }
  for (std::size_t k = 0; k < cores.size(); ++k) {
    base::require(cores[k].defined(), "a tensor train lacks its factor 'core.{}'", k);
  }
  return Weight(std::make_shared<TTMatrix>(structure.at("shape").get<Shape>(), std::move(cores)));
}

Shape TTMatrix::out_modes() const {
  Shape modes;
  for (const auto& core : cores_) modes.push_back(core.size(1));
  return modes;
}

Shape TTMatrix::in_modes() const {
  Shape modes;
  for (const auto& core : cores_) modes.push_back(core.size(2));
  return modes;
}

Shape TTMatrix::ranks() const {
  Shape ranks;
  for (std::size_t k = 0; k + 1 < cores_.size(); ++k) ranks.push_back(cores_[k].size(3));
  return ranks;
}

std::vector<Factor> TTMatrix::factors() const {
  std::vector<Factor> factors;
  for (std::size_t k = 0; k < cores_.size(); ++k) {
    factors.push_back({fmt::format("core.{}", k), cores_[k]});
  }
  return factors;
}

Weight TTMatrix::with(std::vector<at::Tensor> tensors) const {
  return Weight(std::make_shared<TTMatrix>(shape_, std::move(tensors)));
}

nlohmann::json TTMatrix::structure() const { return {{"shape", shape_}}; }

std::string TTMatrix::spec() const {
  return fmt::format("tt(out={},in={},r={})", fmt::join(out_modes(), "x"),
                     fmt::join(in_modes(), "x"), fmt::join(ranks(), "x"));
}

std::int64_t TTMatrix::multiply_adds() const {
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

}  // namespace ranklens::nn

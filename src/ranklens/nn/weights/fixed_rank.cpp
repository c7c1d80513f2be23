#include "ranklens/nn/weights/fixed_rank.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/sqrt.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/product.h"
#include "ranklens/nn/weights/dense.h"

namespace ranklens::nn {
namespace {

std::int64_t columns(const Shape& shape) {
  std::int64_t product = 1;
  for (std::size_t k = 1; k < shape.size(); ++k) product *= shape[k];
  return product;
}

}  // namespace

FixedRank::FixedRank(Shape shape, at::Tensor u, at::Tensor s, at::Tensor v)
    : shape_(std::move(shape)), u_(std::move(u)), s_(std::move(s)), v_(std::move(v)) {
  base::require(shape_.size() >= 2, "a low-rank weight needs at least two dimensions");
  base::require(u_.dim() == 2 && u_.size(0) == shape_[0],
                "the factor U of a low-rank weight must have {} rows", shape_[0]);
  base::require(v_.dim() == 2 && v_.size(0) == columns(shape_) && v_.size(1) == u_.size(1),
                "the factor V of a low-rank weight must be {} x {}", columns(shape_), u_.size(1));
  base::require(!s_.defined() || (s_.dim() == 2 && s_.size(0) == rank() && s_.size(1) == rank()),
                "the factor S of a low-rank weight must be {0} x {0}", rank());
}

Weight FixedRank::from_dense(const at::Tensor& dense, std::int64_t rank) {
  const auto matrix = dense.reshape({dense.size(0), -1});
  const auto largest = std::min(matrix.size(0), matrix.size(1));
  base::require(rank >= 1 && rank <= largest,
                "rank {} is not between 1 and {}, the most that a {} x {} weight can have", rank,
                largest, matrix.size(0), matrix.size(1));
  const auto [u, s, vh] = at::linalg_svd(matrix, false);
  const auto root = at::sqrt(s.narrow(0, 0, rank));
  return Weight(
      std::make_shared<FixedRank>(dense.sizes().vec(), (u.narrow(1, 0, rank) * root).contiguous(),
                                  at::Tensor(), (vh.narrow(0, 0, rank).t() * root).contiguous()));
}

Weight FixedRank::read(const nlohmann::json& structure, std::vector<Factor> factors) {
  at::Tensor u, s, v;
  for (auto& factor : factors) {
    if (factor.name == "U") u = factor.tensor;
    if (factor.name == "S") s = factor.tensor;
    if (factor.name == "V") v = factor.tensor;
  }
  base::require(u.defined() && v.defined() && factors.size() == (s.defined() ? 3U : 2U),
                "a low-rank weight is stored as U, V and perhaps S");
  return Weight(std::make_shared<FixedRank>(structure.at("shape").get<Shape>(), u, s, v));
}

std::vector<Factor> FixedRank::factors() const {
  if (!s_.defined()) return {{"U", u_}, {"V", v_}};
  return {{"U", u_}, {"S", s_}, {"V", v_}};
}

Weight FixedRank::with(std::vector<at::Tensor> tensors) const {
  base::require(tensors.size() == (s_.defined() ? 3U : 2U),
                "a low-rank weight has {} factors, not {}", s_.defined() ? 3 : 2, tensors.size());
  const auto s = s_.defined() ? tensors[1] : at::Tensor();
  return Weight(std::make_shared<FixedRank>(shape_, tensors.front(), s, tensors.back()));
}

nlohmann::json FixedRank::structure() const { return {{"shape", shape_}}; }

std::string FixedRank::spec() const { return fmt::format("low_rank(r={})", rank()); }

at::Tensor FixedRank::left() const { return s_.defined() ? at::matmul(u_, s_) : u_; }

at::Tensor FixedRank::linear(const at::Tensor& x, const at::Tensor& bias) const {
  return base::linear(at::matmul(x, v_), left(), bias);
}

at::Tensor FixedRank::linear_adjoint(const at::Tensor& y) const {
  return at::matmul(at::matmul(y, left()), v_.t());
}

at::Tensor FixedRank::conv2d(const at::Tensor& x, const at::Tensor& bias,
                             const ConvGeometry& geometry) const {
  base::require(geometry.groups == 1, "a grouped convolution cannot have a low-rank kernel");
  Shape inner = shape_;
  inner[0] = rank();
  const auto reduced = convolve(x, v_.t().reshape(inner), {}, geometry);
  return convolve(reduced, left().reshape({shape_[0], rank(), 1, 1}), bias, {});
}

at::Tensor FixedRank::dense() const { return at::matmul(left(), v_.t()).reshape(shape_); }

}  // namespace ranklens::nn

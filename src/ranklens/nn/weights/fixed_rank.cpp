#include "ranklens/nn/weights/fixed_rank.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/sqrt.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/product.h"
#include "ranklens/nn/weights/dense.h"
#include "ranklens/nn/weights/named_factors.h"
#include "ranklens/tn/linalg/factorise.h"

namespace ranklens::nn {
FixedRank::FixedRank(Shape shape, at::Tensor u, at::Tensor s, at::Tensor v)
    : FactorisedFormat(std::move(shape)), u_(std::move(u)), s_(std::move(s)), v_(std::move(v)) {
  base::require(shape_.size() >= 2, "a low-rank weight needs at least two dimensions");
  base::require(u_.dim() == 2 && u_.size(0) == shape_[0],
                "the factor U of a low-rank weight must have {} rows", shape_[0]);
  base::require(v_.dim() == 2 && v_.size(0) == columns() && v_.size(1) == u_.size(1),
                "the factor V of a low-rank weight must be {} x {}", columns(), u_.size(1));
  base::require(!s_.defined() || (s_.dim() == 2 && s_.size(0) == rank() && s_.size(1) == rank()),
                "the factor S of a low-rank weight must be {0} x {0}", rank());
}

Weight FixedRank::from_dense(const at::Tensor& dense, const Shape& ranks, double eps) {
  base::require(dense.dim() >= 2, "only a weight of two or more dimensions has a low-rank form");
  const auto matrix = dense.reshape({dense.size(0), -1});
  const auto largest = std::min(matrix.size(0), matrix.size(1));
  base::require(ranks.empty() || (ranks.size() == 1 && ranks[0] >= 1 && ranks[0] <= largest),
                "rank {} is not between 1 and {}, the most that a {} x {} weight can have",
                fmt::join(ranks, "x"), largest, matrix.size(0), matrix.size(1));
  tn::Truncation truncation{.max_rank = ranks.empty() ? largest : ranks[0]};
  if (eps > 0) truncation.tolerance = eps * at::linalg_vector_norm(matrix).item<double>();
  const auto found = tn::factorise(matrix, truncation);
  const auto root = at::sqrt(found.s);
  return Weight(std::make_shared<FixedRank>(dense.sizes().vec(), (found.u * root).contiguous(),
                                            at::Tensor(), (found.vh.t() * root).contiguous()));
}

Weight FixedRank::read(const nlohmann::json& structure, const std::vector<Factor>& factors) {
  std::vector<std::string> names{"U", "V"};
  if (factors.size() == 3) names.insert(names.begin() + 1, "S");
  const auto found = in_order(factors, names, "a low-rank weight");
  return Weight(std::make_shared<FixedRank>(structure.at("shape").get<Shape>(), found.front(),
                                            factors.size() == 3 ? found[1] : at::Tensor(),
                                            found.back()));
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

std::string FixedRank::spec() const { return fmt::format("low_rank(r={})", rank()); }

at::Tensor FixedRank::left() const { return s_.defined() ? at::matmul(u_, s_) : u_; }

at::Tensor FixedRank::linear(const at::Tensor& x, const at::Tensor& bias) const {
  return base::linear(at::matmul(x, v_), left(), bias);
}

at::Tensor FixedRank::linear_adjoint(const at::Tensor& y) const {
  return at::matmul(at::matmul(y, left()), v_.t());
}

at::Tensor FixedRank::rows(const at::Tensor& indices) const {
  auto rows = select_rows(u_, indices);
  if (s_.defined()) rows = at::matmul(rows, s_);
  return base::linear(rows, v_);
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

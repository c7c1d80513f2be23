#include "ranklens/optim/low_rank/probe.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros_like.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/optim/clip.h"
#include "ranklens/optim/low_rank/probe_convolution.h"
#include "ranklens/optim/low_rank/probe_dense.h"
#include "ranklens/optim/low_rank/probe_linear.h"
#include "ranklens/optim/low_rank/probe_rows.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::optim {
namespace {

class Probe final : public nn::FactorisedFormat, public OverlappingGradients {
 public:
  Probe(nn::Shape shape, LowRank point, std::vector<at::Tensor> slots, std::shared_ptr<Uses> uses)
      : FactorisedFormat(std::move(shape)),
        point_(std::move(point)),
        slots_(std::move(slots)),
        uses_(std::move(uses)) {}

  std::string_view kind() const override { return "probe"; }
  std::vector<nn::Factor> factors() const override {
    if (of_core_alone()) return {{"dS", slots_[0]}};
    return {{"dK", slots_[0]}, {"dS", slots_[1]}, {"dL", slots_[2]}};
  }
  nn::Weight with(std::vector<at::Tensor> tensors) const override {
    base::require(tensors.size() == slots_.size(), "a probe has {} factors, not {}", slots_.size(),
                  tensors.size());
    return nn::Weight(std::make_shared<Probe>(shape_, point_, std::move(tensors), uses_));
  }
  std::string spec() const override { return "probe"; }
  double norm_squared(const std::vector<at::Tensor>& parts) const override {
    if (of_core_alone()) return std::pow(tn::frobenius(parts[0]), 2);
    return projected_norm_squared({.k = parts[0], .l = parts[2], .s = parts[1]});
  }

  at::Tensor linear(const at::Tensor& x, const at::Tensor& bias) const override {
    return probed_linear(call(), x, bias);
  }
  at::Tensor linear_adjoint(const at::Tensor& y) const override {
    return at::matmul(at::matmul(at::matmul(y, point_.u), point_.s), point_.v.t());
  }
  at::Tensor conv2d(const at::Tensor& x, const at::Tensor& bias,
                    const nn::ConvGeometry& geometry) const override {
    return probed_convolution(call(), shape_, x, bias, geometry);
  }
  at::Tensor dense() const override { return probed_dense(call()).reshape(shape_); }
  at::Tensor rows(const at::Tensor& indices) const override { return probed_rows(call(), indices); }
  std::int64_t multiply_adds() const override {
    return point_.u.numel() + point_.s.numel() + point_.v.numel();
  }
  std::int64_t row_multiply_adds() const override { return point_.s.numel() + point_.v.numel(); }

 private:
  bool of_core_alone() const { return slots_.size() == 1; }

  ProbeCall call() const {
    const auto type = slots_.front().scalar_type();
    const LowRank cast{point_.u.to(type), point_.s.to(type), point_.v.to(type)};
    if (!of_core_alone()) return {cast, slots_[0], slots_[1], slots_[2], uses_};
    const auto unread = slots_[0].new_empty({0});  // a Function takes no undefined tensors
    return {cast, unread, slots_[0], unread, uses_};
  }

  LowRank point_;
  std::vector<at::Tensor> slots_;
  std::shared_ptr<Uses> uses_;
};

std::int64_t rows_of(const Uses& uses) {
  return std::accumulate(uses.begin(), uses.end(), std::int64_t{0},
                         [](std::int64_t sum, const Use& use) { return sum + use.in.size(0); });
}

at::Tensor joined(const Uses& uses, at::Tensor Use::* part, at::ScalarType type) {
  std::vector<at::Tensor> rows;
  for (const auto& use : uses) rows.push_back(use.*part);
  return at::cat(rows, 0).t().to(type);
}

}  // namespace

nn::Weight probe(const nn::Shape& shape, const LowRank& point, std::shared_ptr<Uses> uses,
                 Reads reads) {
  const auto& [u, s, v] = point;
  std::vector<at::Tensor> slots{at::zeros_like(s)};
  if (reads == Reads::all) {
    slots.insert(slots.begin(), u.new_zeros({u.size(0), s.size(1)}));
    slots.push_back(v.new_zeros({v.size(0), s.size(0)}));
  }
  return nn::Weight(std::make_shared<Probe>(shape, point, std::move(slots), std::move(uses)));
}

std::function<at::Tensor(const at::Tensor& left, const at::Tensor& right)> between_of(
    const Uses& uses, double scale) {
  return [uses, scale](const at::Tensor& left, const at::Tensor& right) {
    at::Tensor sum;
    for (const auto& use : uses) {
      const auto one = use.between(left, right);
      sum = sum.defined() ? sum + one : one;
    }
    return scale == 1 ? sum : sum * scale;
  };
}

Gradient probed_gradient(const at::Tensor& k, const at::Tensor& s, const at::Tensor& l,
                         const Uses& uses, double scale) {
  Gradient found{.k = k, .l = l, .s = s};
  if (uses.empty()) return found;
  found.between = between_of(uses, scale);
  const bool linear = std::all_of(uses.begin(), uses.end(),
                                  [](const Use& use) { return use.out_gradient.defined(); });
  if (linear && rows_of(uses) < s.size(0)) {
    found.k_span = joined(uses, &Use::out_gradient, k.scalar_type());
    found.l_span = joined(uses, &Use::in, l.scalar_type());
  }
  return found;
}

}  // namespace ranklens::optim

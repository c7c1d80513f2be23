#include "ranklens/nn/weights/tt_matrix.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_svd.h>
#include <ATen/ops/matmul.h>
#include <c10/util/accumulate.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/base/product.h"
#include "ranklens/nn/weights/dense.h"

namespace ranklens::nn {
namespace {

/// Multiply–adds for one row when the cores are absorbed one after another, from the left or from
/// the right.
std::int64_t chain_cost(const std::vector<at::Tensor>& cores, bool from_left) {
  std::int64_t open_in = 1, done_out = 1, cost = 0;
  for (const auto& core : cores) open_in *= core.size(2);
  const auto absorb = [&](const at::Tensor& core) {
    cost += open_in * done_out * core.size(1) * core.size(0) * core.size(3);
    open_in /= core.size(2);
    done_out *= core.size(1);
  };
  if (from_left) {
    std::for_each(cores.begin(), cores.end(), absorb);
  } else {
    std::for_each(cores.rbegin(), cores.rend(), absorb);
  }
  return cost;
}

/// x [B, N] times the train, cores absorbed from the left: the state is [B, n_k..n_d,
/// (m_1..m_{k-1}), r] and each step is one product with a core folded to [(n_k r), (m_k r')].
at::Tensor apply_from_left(const at::Tensor& x, const std::vector<at::Tensor>& cores) {
  const auto batch = x.size(0);
  auto state = x.reshape({batch, -1, 1, 1});
  for (const auto& core : cores) {
    const auto r = core.size(0), m = core.size(1), n = core.size(2), next = core.size(3);
    const auto rest = state.size(1) / n, done = state.size(2);
    const auto folded = core.permute({2, 0, 1, 3}).reshape({n * r, m * next});
    auto rows = state.reshape({batch, n, rest, done, r}).permute({0, 2, 3, 1, 4});
    state = at::matmul(rows.reshape({-1, n * r}), folded).reshape({batch, rest, done * m, next});
  }
  return state.reshape({batch, -1});
}

/// The same from the right: the state is [B, r, n_1..n_k, (m_{k+1}..m_d)].
at::Tensor apply_from_right(const at::Tensor& x, const std::vector<at::Tensor>& cores) {
  const auto batch = x.size(0);
  auto state = x.reshape({batch, -1, 1, 1});  // [B, n_1..n_k, r, done]
  for (auto core = cores.rbegin(); core != cores.rend(); ++core) {
    const auto r = core->size(0), m = core->size(1), n = core->size(2), next = core->size(3);
    const auto rest = state.size(1) / n, done = state.size(3);
    const auto folded = core->permute({0, 1, 2, 3}).reshape({r * m, n * next});
    const auto columns = state.reshape({batch * rest, n * next, done});
    state = at::matmul(folded, columns).reshape({batch, rest, r, m * done});
  }
  return state.reshape({batch, -1});
}

}  // namespace

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
  return std::min(
      {chain_cost(cores_, true), chain_cost(cores_, false), c10::multiply_integers(shape_)});
}

at::Tensor TTMatrix::linear(const at::Tensor& x, const at::Tensor& bias) const {
  base::require(x.size(-1) == c10::multiply_integers(in_modes()),
                "a tensor-train weight takes {} inputs, not {}", c10::multiply_integers(in_modes()),
                x.size(-1));
  const auto left = chain_cost(cores_, true), right = chain_cost(cores_, false);
  const auto rows = x.reshape({-1, x.size(-1)});
  // Rebuilding costs the dense product, at its full speed and without the copies of a chain.
  if (std::min(left, right) >= c10::multiply_integers(shape_))
    return base::linear(x, dense().reshape({shape_[0], -1}), bias);
  auto y = left <= right ? apply_from_left(rows, cores_) : apply_from_right(rows, cores_);
  if (bias.defined()) y = y + bias;
  Shape sizes = x.sizes().vec();
  sizes.back() = shape_[0];
  return y.reshape(sizes);
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

at::Tensor TTMatrix::dense() const {
  // [(m_1..m_k), (n_1..n_k), r_k], grown core by core.
  auto grown = cores_.front().reshape({cores_.front().size(1), cores_.front().size(2), -1});
  for (std::size_t k = 1; k < cores_.size(); ++k) {
    const auto& core = cores_[k];
    const auto rows = grown.size(0), columns = grown.size(1);
    const auto m = core.size(1), n = core.size(2), next = core.size(3);
    grown = at::matmul(grown.reshape({rows * columns, -1}), core.reshape({core.size(0), -1}))
                .reshape({rows, columns, m, n, next})
                .permute({0, 2, 1, 3, 4})
                .reshape({rows * m, columns * n, next});
  }
  return grown.reshape(shape_);
}

}  // namespace ranklens::nn

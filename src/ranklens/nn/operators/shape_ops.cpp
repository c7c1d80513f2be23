#include "ranklens/nn/operators/shape_ops.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/nn/operators/bounds.h"
#include "ranklens/nn/operators/read_options.h"

namespace ranklens::nn {
namespace {

/// A dimension counted from the front, where negative ones count from the end.
std::size_t place(std::int64_t dim, const Shape& shape) {
  const auto dims = static_cast<std::int64_t>(shape.size());
  base::require(dim >= -dims && dim < dims, "a value of {} dimensions has no dimension {}", dims,
                dim);
  return static_cast<std::size_t>(dim < 0 ? dim + dims : dim);
}

}  // namespace

OperatorPtr Flatten::read(const nlohmann::json& options) {
  bool channels_last = false;
  OptionReader("flatten", options).read("channels_last", channels_last).finish();
  return std::make_shared<Flatten>(channels_last);
}

nlohmann::json Flatten::options() const { return {{"channels_last", channels_last_}}; }

std::vector<at::Tensor> Flatten::run(const Call& call) const {
  const auto& x = call.input();
  base::require(x.dim() >= 2, "node '{}' (flatten) takes a batch, not a single value", call.node);
  if (!channels_last_ || x.dim() == 2) return {x.flatten(1)};
  return {x.movedim(1, -1).flatten(1)};
}

std::vector<Shape> Flatten::infer(std::span<const Shape> inputs) const {
  const auto& x = inputs.front();
  base::require(x.size() >= 2, "flatten takes a batch, not a single value");
  return {{x[0], std::accumulate(x.begin() + 1, x.end(), std::int64_t{1}, std::multiplies<>())}};
}

nlohmann::json Add::options() const { return nlohmann::json::object(); }

std::vector<at::Tensor> Add::run(const Call& call) const {
  base::require(call.input(0).sizes() == call.input(1).sizes(),
                "node '{}' (add) takes two values of one shape", call.node);
  return {call.input(0) + call.input(1)};
}

std::vector<Shape> Add::infer(std::span<const Shape> inputs) const {
  base::require(inputs[0] == inputs[1], "add takes two values of one shape");
  return {inputs[0]};
}

OperatorPtr Concat::read(const nlohmann::json& options) {
  std::int64_t dim = 1;
  OptionReader("concat", options).read("dim", dim).finish();
  return std::make_shared<Concat>(dim);
}

nlohmann::json Concat::options() const { return {{"dim", dim_}}; }

std::vector<at::Tensor> Concat::run(const Call& call) const {
  return {at::cat(std::vector<at::Tensor>(call.inputs.begin(), call.inputs.end()), dim_)};
}

std::vector<Shape> Concat::infer(std::span<const Shape> inputs) const {
  Shape shape = inputs.front();
  const auto dim = place(dim_, shape);
  for (const auto& other : inputs.subspan(1)) {
    Shape expected = shape;
    base::require(other.size() == shape.size(), "concat takes values of equally many dimensions");
    expected[dim] = other[dim];
    base::require(other == expected, "concat takes values that differ in dimension {} only", dim_);
    shape[dim] += other[dim];
  }
  return {shape};
}

Split::Split(std::vector<std::int64_t> sizes, std::int64_t dim)
    : sizes_(std::move(sizes)), dim_(dim) {
  base::require(!sizes_.empty() &&
                    std::all_of(sizes_.begin(), sizes_.end(), [](auto size) { return size >= 1; }),
                "a split needs at least one positive size");
  for (const auto size : sizes_) require_at_most(kMostFeatures, {size}, "the sizes of a split");
}

OperatorPtr Split::read(const nlohmann::json& options) {
  std::vector<std::int64_t> sizes;
  std::int64_t dim = 1;
  OptionReader("split", options).read("sizes", sizes).read("dim", dim).finish();
  return std::make_shared<Split>(std::move(sizes), dim);
}

nlohmann::json Split::options() const { return {{"sizes", sizes_}, {"dim", dim_}}; }

std::vector<at::Tensor> Split::run(const Call& call) const {
  const auto total = std::accumulate(sizes_.begin(), sizes_.end(), std::int64_t{0});
  base::require(call.input().size(dim_) == total, "node '{}' (split) cuts {} entries, not {}",
                call.node, total, call.input().size(dim_));
  return call.input().split_with_sizes(sizes_, dim_);
}

std::vector<Shape> Split::infer(std::span<const Shape> inputs) const {
  std::vector<Shape> pieces(sizes_.size(), inputs.front());
  const auto dim = place(dim_, inputs.front());
  base::require(
      inputs.front()[dim] == std::accumulate(sizes_.begin(), sizes_.end(), std::int64_t{0}),
      "a split's sizes do not add up to {}", inputs.front()[dim]);
  for (std::size_t k = 0; k < sizes_.size(); ++k) pieces[k][dim] = sizes_[k];
  return pieces;
}

Dropout::Dropout(double p) : p_(p) {
  base::require(p >= 0 && p < 1, "a dropout probability must be from 0 to below 1, not {}", p);
}

OperatorPtr Dropout::read(const nlohmann::json& options) {
  double p = 0;
  OptionReader("dropout", options).read("p", p).finish();
  return std::make_shared<Dropout>(p);
}

nlohmann::json Dropout::options() const { return {{"p", p_}}; }

std::vector<at::Tensor> Dropout::run(const Call& call) const {
  const auto& x = call.input();
  if (call.mode == Mode::evaluate || p_ == 0) return {x};
  const auto mask = keep(x.sizes(), call.node, call.random).to(x.device(), x.scalar_type());
  return {x * mask.mul_(1 / (1 - p_))};
}

at::Tensor Dropout::keep(at::IntArrayRef sizes, std::string_view node,
                         const base::Stream* random) const {
  base::require(random != nullptr, "node '{}' (dropout) needs a random stream in training mode",
                node);
  auto stream = *random;
  return stream.bernoulli_mask(sizes, 1 - p_);
}

}  // namespace ranklens::nn

#include "ranklens/nn/operators/norm.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/native_batch_norm.h>
#include <ATen/ops/tensor.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/error.h"
#include "ranklens/nn/operators/read_options.h"

namespace ranklens::nn {

BatchNorm::BatchNorm(std::int64_t features, const BatchNormOptions& options)
    : features_(features), settings_(options) {
  base::require(features >= 1, "a batch norm needs at least one feature");
  base::require(options.eps > 0 && options.momentum >= 0 && options.momentum <= 1,
                "a batch norm needs eps > 0 and a momentum between 0 and 1");
}

OperatorPtr BatchNorm::read(const nlohmann::json& options) {
  std::int64_t features = 0;
  BatchNormOptions settings;
  OptionReader("batch_norm", options)
      .read("features", features)
      .read("eps", settings.eps)
      .read("momentum", settings.momentum)
      .finish();
  return std::make_shared<BatchNorm>(features, settings);
}

nlohmann::json BatchNorm::options() const {
  return {{"features", features_}, {"eps", settings_.eps}, {"momentum", settings_.momentum}};
}

std::vector<Role> BatchNorm::roles() const {
  const Init ones{.kind = Init::Kind::ones}, zeros{.kind = Init::Kind::zeros};
  return {{.name = "weight", .shape = {features_}, .init = ones},
          {.name = "bias", .shape = {features_}, .init = zeros},
          {.name = "running_mean", .shape = {features_}, .init = zeros, .buffer = true},
          {.name = "running_var", .shape = {features_}, .init = ones, .buffer = true}};
}

std::vector<at::Tensor> BatchNorm::run(const Call& call) const {
  const auto& x = call.input();
  base::require(x.dim() >= 2 && x.size(1) == features_,
                "node '{}' (batch_norm) takes {} features, not {}", call.node, features_,
                x.dim() >= 2 ? x.size(1) : 0);
  const bool update = call.mode == Mode::train && call.batch_norm == BatchNormMode::update;
  const auto running = [&](const char* role) { return update ? at::Tensor() : call.tensor(role); };
  const auto [y, mean, inverse_std] =
      at::native_batch_norm(x, call.tensor("weight"), call.tensor("bias"), running("running_mean"),
                            running("running_var"), update, settings_.momentum, settings_.eps);
  if (update && call.changes != nullptr) report(call, mean, inverse_std, x.numel() / features_);
  return {y};
}

void BatchNorm::report(const Call& call, const at::Tensor& mean, const at::Tensor& inverse_std,
                       std::int64_t count) const {
  const c10::NoGradGuard no_grad;
  const double bessel =
      static_cast<double>(count) / static_cast<double>(std::max<std::int64_t>(count - 1, 1));
  const auto variance = (inverse_std.pow(-2) - settings_.eps).clamp_min(0) * bessel;
  const auto moved = [&](const char* role, const at::Tensor& batch) {
    const auto old = call.tensor(role);
    (*call.changes)[role] = old + settings_.momentum * (batch.to(old.scalar_type()) - old);
  };
  moved("running_mean", mean);
  moved("running_var", variance);
}

LayerNorm::LayerNorm(std::int64_t features, const LayerNormOptions& options)
    : features_(features), eps_(options.eps) {
  base::require(features >= 1 && eps_ > 0, "a layer norm needs at least one feature and eps > 0");
}

OperatorPtr LayerNorm::read(const nlohmann::json& options) {
  std::int64_t features = 0;
  LayerNormOptions settings;
  OptionReader("layer_norm", options).read("features", features).read("eps", settings.eps).finish();
  return std::make_shared<LayerNorm>(features, settings);
}

nlohmann::json LayerNorm::options() const { return {{"features", features_}, {"eps", eps_}}; }

std::vector<Role> LayerNorm::roles() const {
  return {{.name = "weight", .shape = {features_}, .init = {.kind = Init::Kind::ones}},
          {.name = "bias", .shape = {features_}, .init = {.kind = Init::Kind::zeros}}};
}

std::vector<at::Tensor> LayerNorm::run(const Call& call) const {
  base::require(call.input().size(-1) == features_,
                "node '{}' (layer_norm) takes {} features, not {}", call.node, features_,
                call.input().size(-1));
  return {
      at::layer_norm(call.input(), {features_}, call.tensor("weight"), call.tensor("bias"), eps_)};
}

Normalise::Normalise(std::vector<double> mean, std::vector<double> std)
    : mean_(std::move(mean)), std_(std::move(std)) {
  base::require(!mean_.empty() && mean_.size() == std_.size(),
                "a normalise node needs a mean and a std per channel");
  base::require(std::all_of(std_.begin(), std_.end(), [](double s) { return s > 0; }),
                "a normalise node needs positive standard deviations");
}

OperatorPtr Normalise::read(const nlohmann::json& options) {
  std::vector<double> mean, std;
  OptionReader("normalise", options).read("mean", mean).read("std", std).finish();
  return std::make_shared<Normalise>(std::move(mean), std::move(std));
}

nlohmann::json Normalise::options() const { return {{"mean", mean_}, {"std", std_}}; }

std::vector<at::Tensor> Normalise::run(const Call& call) const {
  const auto& x = call.input();
  const auto channels = static_cast<std::int64_t>(mean_.size());
  base::require(x.dim() >= 2 && x.size(1) == channels,
                "node '{}' (normalise) takes {} channels, not {}", call.node, channels,
                x.dim() >= 2 ? x.size(1) : 0);
  std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
  shape[1] = channels;
  const auto constant = [&](const std::vector<double>& values) {
    return at::tensor(values, at::TensorOptions().dtype(x.scalar_type()))
        .to(x.device())
        .reshape(shape);
  };
  return {(x - constant(mean_)) / constant(std_)};
}

std::vector<Shape> BatchNorm::infer(std::span<const Shape> inputs) const {
  const auto& x = inputs.front();
  base::require(x.size() >= 2 && x[1] == features_, "a batch norm of {} features does not take {}",
                features_, x.size() >= 2 ? x[1] : 0);
  return {x};
}

std::vector<Shape> LayerNorm::infer(std::span<const Shape> inputs) const {
  const auto& x = inputs.front();
  base::require(!x.empty() && x.back() == features_, "a layer norm of {} features does not take {}",
                features_, x.empty() ? 0 : x.back());
  return {x};
}

std::vector<Shape> Normalise::infer(std::span<const Shape> inputs) const {
  const auto& x = inputs.front();
  base::require(x.size() >= 2 && x[1] == static_cast<std::int64_t>(mean_.size()),
                "a normalise node of {} channels does not take {}", mean_.size(),
                x.size() >= 2 ? x[1] : 0);
  return {x};
}

}  // namespace ranklens::nn

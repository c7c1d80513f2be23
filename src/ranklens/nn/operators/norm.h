#pragma once

#include "ranklens/nn/operator.h"
#include "ranklens/nn/operators/options.h"

namespace ranklens::nn {

/// Batch normalisation over all dimensions but the second (Ioffe, Szegedy 2015). In training mode
/// with BatchNormMode::update it reports new running statistics (with Bessel's correction) and
/// changes nothing.
class BatchNorm final : public Operator {
 public:
  BatchNorm(std::int64_t features, const BatchNormOptions& options = {});
  static OperatorPtr read(const nlohmann::json& options);

  std::int64_t features() const { return features_; }
  const BatchNormOptions& settings() const { return settings_; }
  std::string_view kind() const override { return "batch_norm"; }
  nlohmann::json options() const override;
  std::vector<Role> roles() const override;
  std::vector<at::Tensor> run(const Call& call) const override;
  std::vector<Shape> infer(std::span<const Shape> inputs) const override;

  /// Puts the new running statistics of one batch into `call.changes`, given the batch's mean and
  /// 1/std and the number of values each was taken over.
  void report(const Call& call, const at::Tensor& mean, const at::Tensor& inverse_std,
              std::int64_t count) const;

 private:
  std::int64_t features_;
  BatchNormOptions settings_;
};

/// Layer normalisation over the last dimension (Ba, Kiros, Hinton 2016).
class LayerNorm final : public Operator {
 public:
  LayerNorm(std::int64_t features, const LayerNormOptions& options = {});
  static OperatorPtr read(const nlohmann::json& options);
  std::string_view kind() const override { return "layer_norm"; }
  nlohmann::json options() const override;
  std::vector<Role> roles() const override;
  std::vector<at::Tensor> run(const Call& call) const override;
  std::vector<Shape> infer(std::span<const Shape> inputs) const override;

 private:
  std::int64_t features_;
  double eps_;
};

/// (x - mean) / std per channel: a network's own preprocessing of images in [0, 1].
class Normalise final : public Operator {
 public:
  Normalise(std::vector<double> mean, std::vector<double> std);
  static OperatorPtr read(const nlohmann::json& options);
  const std::vector<double>& mean() const { return mean_; }
  const std::vector<double>& std() const { return std_; }
  std::string_view kind() const override { return "normalise"; }
  nlohmann::json options() const override;
  std::vector<at::Tensor> run(const Call& call) const override;
  std::vector<Shape> infer(std::span<const Shape> inputs) const override;

 private:
  std::vector<double> mean_, std_;
};

}  // namespace ranklens::nn

#pragma once

#include "ranklens/nn/operator.h"
#include "ranklens/nn/operators/options.h"

namespace ranklens::nn {

/// Maximum or mean over windows. Averages leave padding out of the count.
class Pool2d final : public Operator {
 public:
  enum class Function { max, average };
  Pool2d(Function function, const PoolOptions& options);
  static OperatorPtr read(Function function, const nlohmann::json& options);

  Function function() const { return function_; }
  const PoolOptions& window() const { return window_; }
  std::string_view kind() const override {
    return function_ == Function::max ? "max_pool2d" : "avg_pool2d";
  }
  nlohmann::json options() const override;
  std::vector<at::Tensor> run(const Call& call) const override;
  std::vector<Shape> infer(std::span<const Shape> inputs) const override;

 private:
  Function function_;
  PoolOptions window_;
};

/// Mean over a grid of height x width cells, whatever the input's size.
class AdaptiveAvgPool2d final : public Operator {
 public:
  AdaptiveAvgPool2d(std::int64_t height, std::int64_t width);
  static OperatorPtr read(const nlohmann::json& options);
  std::string_view kind() const override { return "adaptive_avg_pool2d"; }
  nlohmann::json options() const override;
  std::vector<at::Tensor> run(const Call& call) const override;
  std::vector<Shape> infer(std::span<const Shape> inputs) const override;

 private:
  std::int64_t height_, width_;
};

}  // namespace ranklens::nn

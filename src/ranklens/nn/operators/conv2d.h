#pragma once

#include "ranklens/nn/operator.h"
#include "ranklens/nn/operators/options.h"

namespace ranklens::nn {

/// Two-dimensional convolution, [batch, in, h, w] -> [batch, out, h', w'].
class Conv2d final : public Operator {
 public:
  struct Sizes {
    std::int64_t in = 0, out = 0, kernel = 3, stride = 1, dilation = 1, groups = 1, padding = 0;
    bool same = false, bias = true;
  };
  explicit Conv2d(const Sizes& sizes);
  static OperatorPtr read(const nlohmann::json& options);

  const Sizes& sizes() const { return sizes_; }
  std::string_view kind() const override { return "conv2d"; }
  nlohmann::json options() const override;
  std::vector<Role> roles() const override;
  std::vector<at::Tensor> run(const Call& call) const override;
  std::vector<Shape> infer(std::span<const Shape> inputs) const override;
  std::int64_t multiply_adds(const NodeShapes& shapes) const override;

  /// The padding that applies to an input of this size.
  ConvGeometry geometry(std::int64_t height, std::int64_t width) const;
  /// The pixels of one image, for an input and its output of these shapes.
  ConvSizes pixels(const Shape& input, const Shape& output) const;

 private:
  Sizes sizes_;
};

}  // namespace ranklens::nn

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>
#include <nlohmann/json_fwd.hpp>

namespace ranklens::nn {

using Shape = std::vector<std::int64_t>;

/// How a two-dimensional convolution walks over its input. Padding is in pixels.
struct ConvGeometry {
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t groups = 1;
  std::int64_t top = 0, left = 0, bottom = 0, right = 0;
};

/// The pixels of one image that a convolution meets: those it is given, these with the padding
/// around them, and those it makes.
struct ConvSizes {
  std::int64_t in_height = 0, in_width = 0;
  std::int64_t padded_height = 0, padded_width = 0;
  std::int64_t out_height = 0, out_width = 0;

  std::int64_t in_pixels() const { return in_height * in_width; }
  std::int64_t padded_pixels() const { return padded_height * padded_width; }
  std::int64_t out_pixels() const { return out_height * out_width; }
};

/// One stored tensor of a weight. A dense weight has one factor, with an empty name.
struct Factor {
  std::string name;
  at::Tensor tensor;
};

class WeightFormat;

/// A weight as a value: a dense tensor or factors that stand for one. Copies share tensors.
///
/// The tensor it stands for has the output first: [out, in] for a linear map, [out, in/groups,
/// height, width] for a convolution.
class Weight {
 public:
  Weight() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a tensor is a dense weight
  Weight(const at::Tensor& dense);
  explicit Weight(std::shared_ptr<const WeightFormat> format) : format_(std::move(format)) {}

  bool defined() const { return format_ != nullptr; }
  const WeightFormat* operator->() const { return format_.get(); }
  const WeightFormat& operator*() const { return *format_; }
  bool is_dense() const;
  /// The tensor of a dense weight; an Error for any other format.
  const at::Tensor& tensor() const;

 private:
  std::shared_ptr<const WeightFormat> format_;
};

/// What every way of storing a weight offers. Implementations are immutable, and differentiable in
/// their factors.
class WeightFormat {
 public:
  virtual ~WeightFormat() = default;

  /// "dense", "low_rank", "tt".
  virtual std::string_view kind() const = 0;
  /// The shape of the dense tensor it stands for.
  virtual Shape shape() const = 0;
  virtual std::vector<Factor> factors() const = 0;
  /// The same structure over other tensors, one for each of factors(), in that order. Ranks may
  /// differ.
  virtual Weight with(std::vector<at::Tensor> tensors) const = 0;
  /// What else than the tensors is needed to read it back, e.g. {"out":[8,4,4],"in":[16,16,8]}.
  virtual nlohmann::json structure() const = 0;
  /// The textual spec that would make it, e.g. "tt(out=8x4x4,in=16x16x8,r=16)".
  virtual std::string spec() const = 0;

  /// x [..., in] -> [..., out]; `bias` [out] may be undefined.
  virtual at::Tensor linear(const at::Tensor& x, const at::Tensor& bias) const = 0;
  /// The adjoint of linear without bias: y [..., out] -> [..., in].
  virtual at::Tensor linear_adjoint(const at::Tensor& y) const = 0;
  /// x [batch, in, h, w] -> [batch, out, h', w'].
  virtual at::Tensor conv2d(const at::Tensor& x, const at::Tensor& bias,
                            const ConvGeometry& geometry) const = 0;
  virtual at::Tensor dense() const = 0;
  /// The rows of the matrix [out, in] at `indices` (int64, any shape, each in [0, out)): [..., in],
  /// what an embedding looks up. Nothing but these rows is multiplied out. Error where the weight
  /// is no table.
  virtual at::Tensor rows(const at::Tensor& indices) const;
  /// Multiply–adds of linear() for one row, or of conv2d() where each factor meets one pixel. What
  /// is formed once for all rows is left out: merged cores, U S, a kernel multiplied out.
  virtual std::int64_t multiply_adds() const = 0;
  /// Multiply–adds of conv2d() for one image. Factors that meet other pixels than those of the
  /// output override it.
  virtual std::int64_t conv_multiply_adds(const ConvSizes& sizes) const {
    return sizes.out_pixels() * multiply_adds();
  }
  /// Multiply–adds of rows() for one index.
  virtual std::int64_t row_multiply_adds() const { return 0; }

  /// Stored numbers: the sum over the factors.
  std::int64_t parameters() const;
};

/// What formats of several factors have in common.
class FactorisedFormat : public WeightFormat {
 public:
  Shape shape() const final { return shape_; }
  /// {"shape": [...]}: the rest is read from the factors.
  nlohmann::json structure() const final;

 protected:
  explicit FactorisedFormat(Shape shape) : shape_(std::move(shape)) {}
  /// in (... height * width) of the matrix form [out, in].
  std::int64_t columns() const;

  Shape shape_;
};

/// A weight with the factors mapped one by one (device, dtype, detach, clone, ...).
template <class Map>
Weight map_factors(const Weight& weight, Map&& map) {
  std::vector<at::Tensor> tensors;
  for (const auto& factor : weight->factors()) tensors.push_back(map(factor.tensor));
  return weight->with(std::move(tensors));
}

/// x in the weight's floating type: operators compute in the type of their weight, so a network
/// whose weights were cast to bfloat16 runs in bfloat16 from its first weight on.
at::Tensor in_type_of(const at::Tensor& x, const Weight& weight);

/// Reads a weight from its kind, structure and named tensors (the inverse of kind(), structure(),
/// factors()); an Error says what does not fit.
Weight make_weight(const std::string& kind, const nlohmann::json& structure,
                   const std::vector<Factor>& factors);

}  // namespace ranklens::nn

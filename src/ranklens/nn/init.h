#pragma once

#include <string_view>

#include <ATen/core/Tensor.h>

#include "ranklens/base/random.h"
#include "ranklens/nn/weight.h"
#include "ranklens/nn/weight_spec.h"

namespace ranklens::nn {

/// How a fresh weight is drawn.
struct Init {
  enum class Kind {
    zeros,
    ones,
    /// Uniform, variance 2 / fan_in (He, Zhang, Ren, Sun 2015, eq. 10).
    he_uniform,
    /// Normal, variance 2 / fan_out (He et al. 2015, eq. 14), as torchvision's residual networks.
    he_normal_out,
    /// Uniform, variance 2 / (fan_in + fan_out) (Glorot, Bengio 2010, eq. 16).
    glorot_uniform,
    /// Uniform in +-1/sqrt(fan_in): the default of PyTorch's layers.
    torch_uniform,
    /// Normal of the given standard deviation.
    normal,
    /// Of a core [r, n, r'] of a matrix product state: every slice the identity, as far as it fits,
    /// plus normal noise of the given standard deviation.
    identity,
    /// Each factor normal of the given standard deviation, whatever the product's variance becomes.
    factors_normal,
  };
  Kind kind = Kind::torch_uniform;
  double std = 0.02;
  /// For a bias under torch_uniform: the fan-in of the weight it goes with.
  std::int64_t fan_in = 0;
};

inline constexpr Init he_uniform{.kind = Init::Kind::he_uniform};
inline constexpr Init he_normal_out{.kind = Init::Kind::he_normal_out};

/// Standard deviation of an entry of the dense weight of this shape under `init`.
double entry_std(const Init& init, const Shape& shape);

/// A fresh weight of `shape` stored as `spec` says, drawn from `stream`. Entries of a factorised
/// weight have the variance that the dense one would have; its factors are normal with standard
/// deviation (entry_std / sqrt(product of ranks))^(1/number of factors).
Weight initialise(const Shape& shape, const WeightSpec& spec, const Init& init,
                  base::Stream stream);

}  // namespace ranklens::nn

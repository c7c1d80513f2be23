#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ranklens/nn/init.h"

namespace ranklens::nn {

struct Conv2dOptions {
  std::int64_t out = 0;
  std::int64_t kernel = 3;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t groups = 1;
  std::int64_t padding = 0;
  /// TensorFlow's "same": the output has ceil(size / stride) pixels; the odd pixel of padding goes
  /// below and right.
  bool same = false;
  bool bias = true;
  std::string weight = "dense";
  std::optional<Init> init = {};
  std::optional<Init> bias_init = {};
};

struct LinearOptions {
  std::int64_t out = 0;
  bool bias = true;
  std::string weight = "dense";
  std::optional<Init> init = {};
  std::optional<Init> bias_init = {};
};

/// A table of `rows` vectors of `columns` numbers.
struct EmbeddingOptions {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::string weight = "dense";
  std::optional<Init> init = {};
};

struct MPSClassifierOptions {
  std::int64_t classes = 0;
  std::int64_t bond = 32;  ///< largest rank
  /// How many sites stand before the core of the label; -1: half of them.
  std::int64_t label = -1;
  /// What a number x of the input becomes: [cos(pi x / 2), sin(pi x / 2)] (Stoudenmire, Schwab
  /// 2016, eq. 3), [1 - x, x]; or the input gives each site's vector itself.
  enum class Map { cosine, linear, given };
  Map map = Map::cosine;
  /// Two outputs, values and exponents [batch], instead of the values times 2^exponent.
  bool scaled = false;
};

/// Running statistics move by `momentum` of the way to the batch's: 0.1 is PyTorch's default, 0.01
/// Keras's.
struct BatchNormOptions {
  double eps = 1e-5;
  double momentum = 0.1;
};

struct LayerNormOptions {
  double eps = 1e-5;
};

struct PoolOptions {
  std::int64_t kernel = 2;
  std::int64_t stride = 0;  ///< 0: the kernel's size
  std::int64_t padding = 0;
};

}  // namespace ranklens::nn

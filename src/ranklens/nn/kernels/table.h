#pragma once

#include <cstdint>

namespace ranklens::nn::kernels {

/// A piece of a value laid out channels-last: `rows` pixels of `channels` numbers.
struct Rows {
  std::int64_t rows = 0;
  std::int64_t channels = 0;
};

/// Two neighbouring lines of an image, `columns` pixels each (even), which a 2x2 pool makes one of.
struct Lines {
  std::int64_t columns = 0;
  std::int64_t channels = 0;
};

/// y = scale r + shift for each channel.
struct Affine {
  const float* scale;
  const float* shift;
};

/// Gradient of a batch norm towards its input r: by g + with r + constant, for each channel.
struct Slope {
  const float* by;
  const float* with;
  const float* constant;
};

/// ReLU (or nothing) and batch norm over numbers of type T (float, or bfloat16 as its 16 bits). r
/// is relu(z), or z. Everything is computed in float32, over one piece at a time: the pieces fit
/// the first cache, and the caller adds up their sums in an order of its own.
template <class T>
struct NormKernels {
  /// Sum of r over the piece, and sum of squared distances from the piece's own mean.
  void (*moments)(const T* z, Rows size, bool relu, float* sum, float* squares);
  void (*normalise)(const T* z, Rows size, bool relu, Affine affine, T* y);
  /// Sums of g and of g (r - mean).
  void (*slopes)(const T* z, const T* g, Rows size, bool relu, const float* mean, float* sum,
                 float* product);
  /// The gradient towards z.
  void (*backward)(const T* z, const T* g, Rows size, bool relu, Slope slope, T* out);

  /// The same with a 2x2 maximum pool and a dropout after it. z holds two lines, y and g one of
  /// half as many pixels; `which` tells which of the four (in reading order) was the first largest;
  /// `keep` (null: all) holds 0 where y is dropped, and what is kept is multiplied by `factor`.
  void (*normalise_pool)(const T* z, Lines size, bool relu, Affine affine, const std::uint8_t* keep,
                         float factor, T* y, std::uint8_t* which);
  void (*slopes_pool)(const T* z, const T* g, const std::uint8_t* which, const std::uint8_t* keep,
                      float factor, Lines size, bool relu, const float* mean, float* sum,
                      float* product);
  void (*backward_pool)(const T* z, const T* g, const std::uint8_t* which, const std::uint8_t* keep,
                        float factor, Lines size, bool relu, Slope slope, T* out);
};

struct Table {
  const char* name;
  NormKernels<float> float32;
  NormKernels<std::uint16_t> bfloat16;
};

/// The kernels for this processor (AVX-512 or AVX2), or null where there are none: then libtorch's
/// operators compute alone.
const Table* table();

extern const Table avx512, avx2;

}  // namespace ranklens::nn::kernels

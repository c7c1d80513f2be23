#pragma once

#include <cstdint>
#include <vector>

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

/// Images [image, height, width, channels] in tiles of 4x4 pixels, counted along the lines of one
/// image after the other. Height and width are multiples of 4, channels of 16.
struct Tiling {
  std::int64_t height = 0, width = 0, channels = 0;
};

/// Some tiles in a row, transformed to 6x6 numbers each: number (i, j) of tile `first + k` lies at
/// (6 i + j) stride + k channels.
struct Tiles {
  std::int64_t first = 0, count = 0, stride = 0;
};

/// Element (i, j) at data[i row_stride + j column_stride].
struct Matrix {
  const float* data;
  std::int64_t rows, columns, row_stride, column_stride;
};

/// The two ends of a 3x3 convolution with a border of one zero pixel, stride 1, after Winograd
/// 1980: 36 products of matrices for 16 pixels in place of 144. Values of type T, computed in
/// float32.
template <class T>
struct TileKernels {
  /// Tiles with the pixels around them: what is multiplied by transformed weights.
  void (*input)(const T* x, Tiling tiling, Tiles tiles, float* out);
  /// Tiles of a gradient towards the output, and their sum for each channel.
  void (*gradient)(const T* g, Tiling tiling, Tiles tiles, float* out, float* sums);
  /// Back from products to pixels; `bias` may be null.
  void (*output)(const float* in, Tiling tiling, Tiles tiles, const float* bias, T* y);
};

/// The same kernels for each type of numbers.
template <template <class> class Kernels>
struct BothTypes {
  Kernels<float> float32;
  Kernels<std::uint16_t> bfloat16;
};

struct Table {
  const char* name;
  BothTypes<NormKernels> norm;
  BothTypes<TileKernels> tile;
  /// w [3, 3, count] to u: (i, j) at (6 i + j) stride. `count` is a multiple of 16.
  void (*tile_weight)(const float* w, std::int64_t count, std::int64_t stride, float* u);
  /// The adjoint, from the gradient towards u to that towards w.
  void (*tile_weight_gradient)(const float* u, std::int64_t count, std::int64_t stride, float* w);
  /// c = a b, or c += a b; b [a.columns, columns] and c [a.rows, columns] by rows, `columns` a
  /// multiple of 16.
  void (*product)(Matrix a, const float* b, std::int64_t columns, float* c, bool add);
};

/// The kernels in use, or null where there are none: then libtorch's operators compute alone. At
/// first the widest that this processor has.
const Table* table();
/// Takes others: what processors without AVX-512, or without AVX2, compute can be tested on one
/// that has both.
void use(const Table* kernels);

/// Those that this processor has, the widest first.
std::vector<const Table*> tables();

/// Whether the processor multiplies matrices of bfloat16 in a unit of its own (AMX), which libtorch
/// uses.
bool has_matrix_unit();

}  // namespace ranklens::nn::kernels

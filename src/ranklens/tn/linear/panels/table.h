#pragma once

#include <cstdint>
#include <vector>

/// Hand-written kernels of TT layers. A *panel* is a matrix [rows, width] of one, two or three
/// vector registers' numbers a row, rows one after the other: the right operand and the result of
/// every product here. Its columns are rows of the batch, or, in gradients of matrices, input or
/// output numbers.
namespace ranklens::tn::panels {

/// Rows of a panel [outer, rows, inner] as a left operand whose row m is a[o][m][i] over (o, i):
/// the sum runs over the columns of many panels.
struct States {
  const float* data;
  std::int64_t rows;
  std::int64_t outer, outer_stride;
  std::int64_t vectors;  ///< one or two: inner is as many registers
};

/// A left operand whose number (m, k) lies at data[m * row_stride + k * inner_stride].
struct Strided {
  const float* data;
  std::int64_t rows, inner;
  std::int64_t row_stride, inner_stride;
};

/// Numbers of a batch, row b at data + b * stride; number e belongs in row place[e] of a panel.
struct BatchRows {
  std::int64_t rows, numbers, stride;
  const std::int32_t* place;
};

struct Table {
  const char* name;
  std::int64_t lanes;    ///< numbers of a register
  std::int64_t tallest;  ///< rows of the blocks that matrices are packed in, at most

  /// out (+)= matrix [rows, inner] times panel [inner, width of `vectors`]. The matrix is packed in
  /// blocks of rows as evenly as can be (block_of()), each [inner, rows of the block]. Row m of the
  /// result lies at out + places[m], or one after the other where places is null.
  void (*by_matrix)(const float* matrix, std::int64_t rows, std::int64_t inner, const float* panel,
                    std::int64_t vectors, float* out, const std::int64_t* places, bool add);
  /// out = a times panel [a.inner, width]; row m of the result lies at out + m * out_stride.
  void (*by_strided)(const Strided& a, const float* panel, std::int64_t vectors, float* out,
                     std::int64_t out_stride);
  /// out [states.rows, width of `vectors`] += states times panel [outer * inner, width].
  void (*add_by_states)(const States& states, const float* panel, std::int64_t vectors, float* out);
  /// Rows of a batch into columns of a panel; columns without a row become zero.
  void (*to_panel)(const float* x, BatchRows batch, std::int64_t vectors, float* panel);
  /// Back; `bias` is added, or null.
  void (*from_panel)(const float* panel, std::int64_t vectors, BatchRows batch, const float* bias,
                     float* y);
  /// panel [rows, width of `vectors`] to its transpose as a panel of `out_vectors`: columns from
  /// `rows` on become zero.
  void (*turn)(const float* panel, std::int64_t rows, std::int64_t vectors,
               std::int64_t out_vectors, float* out);
};

/// Rows first, first + 1, ... of a matrix.
struct Block {
  std::int64_t first, count;
};

/// How `rows` rows are divided into blocks of at most `tallest`. Always inlined: a copy compiled
/// for one instruction set must not be linked into other code.
[[gnu::always_inline]] constexpr std::int64_t blocks_of(std::int64_t rows, std::int64_t tallest) {
  return (rows + tallest - 1) / tallest;
}
[[gnu::always_inline]] constexpr Block block_of(std::int64_t rows, std::int64_t blocks,
                                                std::int64_t k) {
  const auto first = rows * k / blocks;
  return {first, rows * (k + 1) / blocks - first};
}

/// Those that this processor has, the widest first; empty where there are none.
std::vector<const Table*> tables();

/// The widest, or null.
const Table* table();

}  // namespace ranklens::tn::panels

#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "ranklens/tn/linear/panels/table.h"

/// A TT matrix that meets the batch in two steps, both in one pass over a few rows of the batch:
///
///     z[s, p, r] = sum_q   first[s, r, q] x[p, q]
///     y[s, t]    = sum_p,r second[t, p, r] z[s, p, r]
///
/// q and s are the inputs and outputs of the cores that are absorbed first, p and t those of the
/// others, r the bond between. The batch is the index of the vectors, as many rows as two registers
/// hold: every product is one of panels as they lie, whatever the sizes, and z, a few s at a time,
/// stays in the cache of the core.
namespace ranklens::tn::panels {

struct TwoSteps {
  std::int64_t p, q, r, s, t;
  bool from_left;  ///< x [.., q, p] and y [.., s, t]; else x [.., p, q] and y [.., t, s]

  std::int64_t state() const { return s * p * r; }  ///< numbers of z for one row of the batch
};

/// Where the numbers of a matrix [out, in, bond] lie: data[outs[o] + ins[i] + b * bond_stride].
struct Laid {
  std::vector<std::int64_t> outs, ins;
  std::int64_t bond_stride;
};

/// Numbers of a kernel's memory.
using Room = std::function<float*(std::int64_t numbers)>;

/// What matrices and memory are wanted for.
enum class Pass {
  forward,
  backward,             ///< states are computed again
  backward_with_states  ///< states were kept
};

/// The matrices as products take them; null where a pass does not.
struct Packed {
  const float* first;          ///< for a few s at a time: rows (s r), inner q
  const float* second;         ///< rows t, inner (p r)
  const float* first_turned;   ///< for a few s at a time: rows q, inner (s r)
  const float* second_turned;  ///< rows (p r), inner t
};
Packed pack(const Table& kernels, const TwoSteps& sizes, const float* first, const Laid& first_laid,
            const float* second, const Laid& second_laid, Pass pass, const Room& room);

/// Numbers that the states of `rows` rows of the batch take where they are kept.
std::int64_t kept_numbers(const Table& kernels, const TwoSteps& sizes, std::int64_t rows);

/// What one thread does with some rows of the batch, at most tile_rows() at a time.
class TwoStepWorker {
 public:
  /// `rows`: how many come at once at most; memory is taken for no more of them than tile_rows().
  TwoStepWorker(const Table& kernels, const TwoSteps& sizes, const Packed& matrices, Pass pass,
                std::int64_t rows, const Room& room);

  static std::int64_t tile_rows(const Table& kernels) { return 2 * kernels.lanes; }

  /// x [rows, p q] -> y [rows, s t]; `bias` and `kept` (kept_numbers(), written) may be null.
  void forward(const float* x, std::int64_t rows, const float* bias, float* y, float* kept);
  /// Adds to the gradients of the matrices; writes dx [rows, p q] unless null. Without `kept`
  /// states are computed again.
  void backward(const float* x, const float* dy, std::int64_t rows, const float* kept, float* dx);
  /// Adds the gradients so far to the matrices' numbers.
  void add_gradients(float* first, const Laid& first_laid, float* second,
                     const Laid& second_laid) const;

 private:
  struct Group {
    std::int64_t first, count;  ///< values of s
  };
  struct Strip {
    std::int64_t first, vectors;  ///< numbers of a row from `first` on, and registers for them
  };
  static std::vector<Strip> strips_of(std::int64_t numbers, std::int64_t lanes);

  Group group(std::int64_t k) const;
  void first_step(Group g, std::int64_t vectors, float* states);
  void take_group(Group g, std::int64_t vectors, const float* states, bool dx_wanted);
  void turn_rows(const float* panel, std::int64_t outer, std::int64_t inner,
                 const std::vector<Strip>& strips, std::int64_t vectors, float* out) const;

  const Table& k_;
  TwoSteps n_;
  Packed m_;
  std::int64_t groups_;
  std::vector<std::int32_t> x_place_, y_place_;
  std::vector<std::int64_t> places_;
  std::vector<Strip> q_strips_, t_strips_;
  float *x_ = nullptr, *y_ = nullptr, *z_ = nullptr;
  float *dy_ = nullptr, *dz_ = nullptr, *dx_ = nullptr, *x_turned_ = nullptr, *dy_turned_ = nullptr;
  float *d_first_ = nullptr, *d_second_ = nullptr;
};

}  // namespace ranklens::tn::panels

#include "ranklens/tn/linalg/sketch.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/linalg_qr.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/view_as_complex.h>

#include "ranklens/tn/linalg/kernels.h"
#include "ranklens/tn/linalg/numbers.h"

namespace ranklens::tn {

namespace {

/// Entries by draw(sizes, deviation, real dtype): pairs of them for complex numbers.
template <class Draw>
at::Tensor entries(at::IntArrayRef sizes, const at::TensorOptions& options, const Draw& draw) {
  const auto dtype = c10::typeMetaToScalarType(options.dtype());
  if (!c10::isComplexType(dtype)) return draw(sizes, 1, dtype).to(options.device());
  auto pairs = sizes.vec();
  pairs.push_back(2);
  const auto parts = draw(pairs, std::sqrt(0.5), c10::toRealValueType(dtype));
  return at::view_as_complex(parts).to(options.device());
}

}  // namespace

at::Tensor gaussian(base::Stream& stream, at::IntArrayRef sizes, const at::TensorOptions& options) {
  return entries(sizes, options, [&](at::IntArrayRef shape, double deviation, at::ScalarType type) {
    return stream.normal(shape, 0, deviation, type);
  });
}

at::Tensor uniform(base::Stream& stream, at::IntArrayRef sizes, const at::TensorOptions& options) {
  return entries(sizes, options, [&](at::IntArrayRef shape, double deviation, at::ScalarType type) {
    const double bound = deviation * std::sqrt(3.0);
    return stream.uniform(shape, -bound, bound, type);
  });
}

namespace kernels {
namespace {

constexpr std::int64_t kOversampling = 8;
constexpr int kMostIterations = 4;
// Excess of the squared error over the best that is not worth another pass over the matrix.
constexpr double kSettled = 1e-3;

/// An orthonormal basis q [m, width] and rows = q^H A, with the squared error of q q^H A.
struct Sketch {
  at::Tensor q, rows;
  Eigen inside;         ///< of rows rows^H: squares of the approximate singular values
  double residual = 0;  ///< ||A - q q^H A||_F^2
};

/// ||A||^2 - ||q^H A||^2 is exact, but for cancellation; where that shows, the residual is formed.
double squared_residual(const at::Tensor& matrix, const Sketch& sketch, double norm) {
  double captured = 0;
  for (const double square : sketch.inside.values) captured += square;
  const double difference = norm * norm - captured;
  const double trusted = 1e3 * machine_epsilon(matrix.scalar_type()) * norm * norm;
  if (difference > trusted) return difference;
  const double left = frobenius(at::addmm(matrix, sketch.q, sketch.rows, 1, -1));
  return left * left;
}

void iterate(const at::Tensor& matrix, Sketch& sketch, double norm) {
  sketch.q = std::get<0>(at::linalg_qr(at::mm(matrix, sketch.rows.mH()), "reduced"));
  sketch.rows = at::mm(sketch.q.mH(), matrix);
  sketch.inside = eigen(gram(sketch.rows));
  sketch.residual = squared_residual(matrix, sketch, norm);
}

Sketch begin(const at::Tensor& matrix, std::int64_t width) {
  base::Stream stream(0, "noise", "tn.sketch");
  const auto m = matrix.size(0), n = matrix.size(1);
  Sketch sketch;
  if (m <= n) {
    sketch.rows = at::mm(gaussian(stream, {width, m}, matrix.options()), matrix);
  } else {
    sketch.rows = gaussian(stream, {width, n}, matrix.options());
  }
  return sketch;
}

/// The squared error when only `rank` values are kept.
double error_at(const Sketch& sketch, std::int64_t rank) {
  double error = sketch.residual;
  for (auto i = static_cast<std::size_t>(rank); i < sketch.inside.values.size(); ++i) {
    error += sketch.inside.values[i];
  }
  return error;
}

/// Iterates until the best `rank` directions no longer improve.
bool settle(const at::Tensor& matrix, Sketch& sketch, std::int64_t rank, double norm) {
  double before = std::numeric_limits<double>::infinity();
  const double noise = 16 * machine_epsilon(matrix.scalar_type()) * norm;
  for (int i = 0; i < kMostIterations; ++i) {
    iterate(matrix, sketch, norm);
    const double error = error_at(sketch, rank);
    if (before - error <= kSettled * error || error <= noise * noise) return true;
    before = error;
    // A sharp drop after `rank` values: the start, itself multiplied by A, has done a power step.
    const auto& squares = sketch.inside.values;
    const bool powered = i > 0 || matrix.size(0) <= matrix.size(1);
    const double gap = squares[static_cast<std::size_t>(rank)] /
                       std::max(squares[static_cast<std::size_t>(rank - 1)], 1e-300);
    if (powered && gap * static_cast<double>(rank) < kSettled) return true;
  }
  return false;
}

Split finish(const at::Tensor& matrix, const Sketch& sketch, const Truncation& truncation) {
  const auto inside = thin_svd(sketch.rows);
  std::vector<double> squares;
  const auto values = inside.s.to(at::kCPU, at::kDouble).contiguous();
  for (std::int64_t i = 0; i < values.numel(); ++i) {
    const double value = values.const_data_ptr<double>()[i];
    squares.push_back(value * value);
  }
  const auto rank = rank_for(squares, truncation, sketch.residual);
  double error = sketch.residual;
  for (auto i = static_cast<std::size_t>(rank); i < squares.size(); ++i) error += squares[i];
  const auto kept = inside.s.narrow(0, 0, rank);
  return {at::mm(sketch.q, inside.u.narrow(1, 0, rank)).to(matrix.scalar_type()),
          inside.vh.narrow(0, 0, rank) * kept.unsqueeze(1), std::sqrt(error), kept,
          inside.s.narrow(0, rank, inside.s.size(0) - rank)};
}

}  // namespace

std::optional<Split> by_sketch(const at::Tensor& matrix, const Truncation& truncation,
                               double norm) {
  const auto shorter = std::min(matrix.size(0), matrix.size(1));
  const auto widest = shorter / 4;
  const double allowed = truncation.tolerance * truncation.tolerance;
  for (std::int64_t rank = 16;; rank *= 2) {
    rank = std::min(rank, truncation.max_rank);
    const auto width = rank + kOversampling;
    if (width > widest) return std::nullopt;
    auto sketch = begin(matrix, width);
    if (rank == truncation.max_rank) {
      if (!settle(matrix, sketch, rank, norm)) return std::nullopt;
      return finish(matrix, sketch, truncation);
    }
    iterate(matrix, sketch, norm);
    if (sketch.residual > allowed) iterate(matrix, sketch, norm);
    if (sketch.residual <= allowed) return finish(matrix, sketch, truncation);
  }
}

}  // namespace kernels
}  // namespace ranklens::tn

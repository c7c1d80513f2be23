#include "ranklens/nn/fused/norm_passes.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>

#include "ranklens/base/parallel.h"
#include "ranklens/nn/fused/raw.h"

namespace ranklens::nn::fused {
namespace {

using kernels::Lines;
using kernels::Rows;

// Numbers of a piece: 16 KB of float32, so that what a kernel reads twice stays in the first cache.
constexpr std::int64_t piece_size = 4096;

/// A value laid out channels-last as pieces: of some rows (pixels), or of two lines of an image.
struct Pieces {
  Pieces(const NormPass& pass, bool lines)
      : channels(pass.z.size(1)), columns(pass.z.size(3)), all(pass.z.numel() / channels) {
    rows = lines ? 2 * columns : std::max<std::int64_t>(1, piece_size / channels);
    count = (all + rows - 1) / rows;
  }
  std::int64_t rows_of(std::int64_t piece) const { return std::min(rows, all - piece * rows); }
  Rows size(std::int64_t piece) const { return {rows_of(piece), channels}; }
  Lines lines() const { return {columns, channels}; }
  std::int64_t begin(std::int64_t piece) const { return piece * rows * channels; }

  std::int64_t channels, columns, all;
  std::int64_t rows = 0, count = 0;
};

template <class Body>
void for_pieces(const Pieces& pieces, const Body& body) {
  base::parallel_over(pieces.count, 4, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t piece = begin; piece < end; ++piece) body(piece);
  });
}

/// Two sums per piece and channel, and their totals in the order of the pieces.
class Sums {
 public:
  explicit Sums(const Pieces& pieces)
      : channels_(pieces.channels),
        values_(at::empty({pieces.count, 2, pieces.channels}, at::kFloat)) {}
  float* first(std::int64_t piece) {
    return values_.mutable_data_ptr<float>() + 2 * piece * channels_;
  }
  float* second(std::int64_t piece) { return first(piece) + channels_; }

  std::vector<double> total(bool second_sums) {
    std::vector<double> totals(static_cast<std::size_t>(channels_), 0);
    for (std::int64_t piece = 0; piece < values_.size(0); ++piece) {
      const float* sums = second_sums ? second(piece) : first(piece);
      for (std::int64_t c = 0; c < channels_; ++c) totals[static_cast<std::size_t>(c)] += sums[c];
    }
    return totals;
  }

 private:
  std::int64_t channels_;
  at::Tensor values_;
};

const std::uint8_t* bytes_of(const at::Tensor& t) {
  return t.defined() ? begin_of<std::uint8_t>(t) : nullptr;
}

const std::uint8_t* from(const std::uint8_t* bytes, std::int64_t offset) {
  return bytes == nullptr ? nullptr : bytes + offset;
}

// The kernels for the type of a pass.
template <class Body>
auto with_kernels(const NormPass& pass, const Body& body) {
  return by_type(pass.z, kernels::table()->norm, body);
}

at::Tensor floats(std::int64_t count) { return at::empty({count}, at::kFloat); }

// Chan, Golub, LeVeque 1983: the squares of all from the squares about each piece's own mean.
Moments merged(const Pieces& pieces, Sums& sums, double eps) {
  const auto totals = sums.total(false);
  auto squares = sums.total(true);
  const auto count = static_cast<double>(pieces.all);
  for (std::int64_t piece = 0; piece < pieces.count; ++piece) {
    const auto rows = static_cast<double>(pieces.rows_of(piece));
    const float* sum = sums.first(piece);
    for (std::size_t c = 0; c < totals.size(); ++c) {
      const double away = sum[c] / rows - totals[c] / count;
      squares[c] += rows * away * away;
    }
  }
  Moments found{floats(pieces.channels), floats(pieces.channels)};
  auto* mean = room_of<float>(found.mean);
  auto* inverse_std = room_of<float>(found.inverse_std);
  for (std::size_t c = 0; c < totals.size(); ++c) {
    mean[c] = static_cast<float>(totals[c] / count);
    inverse_std[c] = static_cast<float>(1 / std::sqrt(squares[c] / count + eps));
  }
  return found;
}

/// How the gradient of the norm's output becomes that of its input.
struct Coefficients {
  Coefficients(const Moments& moments, const at::Tensor& weight, const std::vector<double>& sums,
               const std::vector<double>& products, double count)
      : by(sums.size()), with(sums.size()), constant(sums.size()) {
    const auto* mean = begin_of<float>(moments.mean);
    const auto* inverse_std = begin_of<float>(moments.inverse_std);
    const auto* scale = begin_of<float>(weight);
    for (std::size_t c = 0; c < sums.size(); ++c) {
      const double s = inverse_std[c], a = scale[c] * s;
      const double b = -a * s * s * products[c] / count;
      by[c] = static_cast<float>(a);
      with[c] = static_cast<float>(b);
      constant[c] = static_cast<float>(-a * sums[c] / count - b * mean[c]);
    }
  }
  kernels::Slope slope() const { return {by.data(), with.data(), constant.data()}; }
  std::vector<float> by, with, constant;
};

/// What reaches the norm from above, as its kernels take it.
struct Reached {
  const at::Tensor& gradient;
  const std::uint8_t* which;
  const std::uint8_t* keep;
};

// Sums of g and of g (r - mean).
void add_slopes(const NormPass& pass, const Reached& reached, const Pieces& pieces,
                const at::Tensor& means, Sums& sums) {
  const auto* mean = begin_of<float>(means);
  with_kernels(pass, [&](const auto& kernel, auto type) {
    const auto* z = begin_of<decltype(type)>(pass.z);
    const auto* g = begin_of<decltype(type)>(reached.gradient);
    for_pieces(pieces, [&](std::int64_t k) {
      const std::int64_t at = pieces.begin(k), half = at / 4;
      if (pass.pool) {
        kernel.slopes_pool(z + at, g + half, from(reached.which, half), from(reached.keep, half),
                           pass.factor, pieces.lines(), pass.relu, mean, sums.first(k),
                           sums.second(k));
      } else {
        kernel.slopes(z + at, g + at, pieces.size(k), pass.relu, mean, sums.first(k),
                      sums.second(k));
      }
    });
  });
}

at::Tensor input_gradient(const NormPass& pass, const Reached& reached, const Pieces& pieces,
                          kernels::Slope slope) {
  const auto result = at::empty_like(pass.z, pass.z.options(), channels_last);
  with_kernels(pass, [&](const auto& kernel, auto type) {
    const auto* z = begin_of<decltype(type)>(pass.z);
    const auto* g = begin_of<decltype(type)>(reached.gradient);
    auto* out = room_of<decltype(type)>(result);
    for_pieces(pieces, [&](std::int64_t k) {
      const std::int64_t at = pieces.begin(k), half = at / 4;
      if (pass.pool) {
        kernel.backward_pool(z + at, g + half, from(reached.which, half), from(reached.keep, half),
                             pass.factor, pieces.lines(), pass.relu, slope, out + at);
      } else {
        kernel.backward(z + at, g + at, pieces.size(k), pass.relu, slope, out + at);
      }
    });
  });
  return result;
}

}  // namespace

Moments moments(const NormPass& pass, double eps) {
  const Pieces pieces(pass, false);
  Sums sums(pieces);
  with_kernels(pass, [&](const auto& kernel, auto type) {
    const auto* z = begin_of<decltype(type)>(pass.z);
    for_pieces(pieces, [&](std::int64_t k) {
      kernel.moments(z + pieces.begin(k), pieces.size(k), pass.relu, sums.first(k), sums.second(k));
    });
  });
  return merged(pieces, sums, eps);
}

at::Tensor normalise(const NormPass& pass, const Moments& moments, const at::Tensor& weight,
                     const at::Tensor& bias, at::Tensor& which) {
  const at::Tensor scales = weight * moments.inverse_std;
  const at::Tensor shifts = bias - scales * moments.mean;
  const kernels::Affine affine{begin_of<float>(scales), begin_of<float>(shifts)};
  const Pieces pieces(pass, pass.pool);
  const auto& z = pass.z;
  const auto options = z.options().memory_format(channels_last);
  const std::int64_t halves = pass.pool ? 2 : 1;
  const auto out =
      at::empty({z.size(0), z.size(1), z.size(2) / halves, z.size(3) / halves}, options);
  if (pass.pool) which = at::empty(out.sizes(), options.dtype(at::kByte));
  with_kernels(pass, [&](const auto& kernel, auto type) {
    using T = decltype(type);
    const auto* in = begin_of<T>(z);
    auto* y = room_of<T>(out);
    for_pieces(pieces, [&](std::int64_t k) {
      const std::int64_t at = pieces.begin(k);
      if (pass.pool) {
        kernel.normalise_pool(in + at, pieces.lines(), pass.relu, affine,
                              from(bytes_of(pass.keep), at / 4), pass.factor, y + at / 4,
                              room_of<std::uint8_t>(which) + at / 4);
      } else {
        kernel.normalise(in + at, pieces.size(k), pass.relu, affine, y + at);
      }
    });
  });
  return out;
}

NormGradients gradients(const NormPass& pass, const Moments& moments, const at::Tensor& weight,
                        const at::Tensor& which, const at::Tensor& gradient, bool input_wanted) {
  const Pieces pieces(pass, pass.pool);
  const Reached reached{gradient, bytes_of(which), bytes_of(pass.keep)};
  Sums sums(pieces);
  add_slopes(pass, reached, pieces, moments.mean, sums);
  const auto totals = sums.total(false), products = sums.total(true);
  NormGradients found{
      .input = {}, .weight = floats(pieces.channels), .bias = floats(pieces.channels)};
  const auto* inverse_std = begin_of<float>(moments.inverse_std);
  for (std::size_t c = 0; c < totals.size(); ++c) {
    room_of<float>(found.weight)[c] = static_cast<float>(products[c] * inverse_std[c]);
    room_of<float>(found.bias)[c] = static_cast<float>(totals[c]);
  }
  if (input_wanted) {
    const Coefficients way(moments, weight, totals, products, static_cast<double>(pieces.all));
    found.input = input_gradient(pass, reached, pieces, way.slope());
  }
  return found;
}

// A norm that changes nothing: the kernels multiply by one and add zero, which is exact.
at::Tensor pooled(const NormPass& pass, at::Tensor& which) {
  const auto channels = pass.z.size(1);
  const auto zeros = floats(channels).zero_(), ones = floats(channels).fill_(1);
  return normalise(pass, {zeros, ones}, ones, zeros, which);
}

at::Tensor pooled_gradient(const NormPass& pass, const at::Tensor& which,
                           const at::Tensor& gradient) {
  const auto channels = static_cast<std::size_t>(pass.z.size(1));
  const std::vector<float> ones(channels, 1), zeros(channels, 0);
  return input_gradient(pass, {gradient, bytes_of(which), bytes_of(pass.keep)}, Pieces(pass, true),
                        {ones.data(), zeros.data(), zeros.data()});
}

}  // namespace ranklens::nn::fused

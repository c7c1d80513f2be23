#include "ranklens/nn/fused/winograd_passes.h"

#include <algorithm>
#include <vector>

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include "ranklens/base/parallel.h"
#include "ranklens/base/threads.h"
#include "ranklens/nn/fused/raw.h"

namespace ranklens::nn::fused {
namespace {

using kernels::Tiles;
using kernels::Tiling;

constexpr std::int64_t numbers = 36;  // of a transformed tile
// Between the 36 matrices: their first elements would else fall into one set of the cache.
constexpr std::int64_t padding = 16;

/// Tiles in groups that are transformed, multiplied and transformed back while they are in the
/// second cache. Where the weights themselves do not fit there, larger groups read them less often.
struct Groups {
  Groups(const at::Tensor& x, std::int64_t in, std::int64_t out)
      : tiles(x.size(0) * x.size(2) * x.size(3) / 16),
        size(in + out <= 96 || in * out >= std::int64_t{128} * 128 ? 64 : 32),
        count((tiles + size - 1) / size) {}
  Tiles group(std::int64_t k, std::int64_t channels) const {
    return {
        .first = k * size, .count = std::min(size, tiles - k * size), .stride = stride(channels)};
  }
  std::int64_t stride(std::int64_t channels) const { return size * channels + padding; }
  at::Tensor workspace(std::int64_t channels) const {
    return at::empty({numbers * stride(channels)}, at::kFloat);
  }

  std::int64_t tiles, size, count;
};

Tiling tiling_of(const at::Tensor& x) {
  return {.height = x.size(2), .width = x.size(3), .channels = x.size(1)};
}

/// What one thread sums of the weight's gradient.
struct Share {
  at::Tensor weight;  ///< [36, in out + padding]
  std::vector<double> bias;
};

void add_share(const at::Tensor& x, const at::Tensor& gradient, const Groups& groups,
               std::int64_t begin, std::int64_t end, Share& share) {
  const std::int64_t in = x.size(1), out = gradient.size(1), stride = in * out + padding;
  share.weight = at::zeros({numbers, stride}, at::kFloat);
  share.bias.assign(static_cast<std::size_t>(out), 0);
  const auto inputs = groups.workspace(in), slopes = groups.workspace(out);
  auto *v = room_of<float>(inputs), *g = room_of<float>(slopes),
       *sum = room_of<float>(share.weight);
  std::vector<float> bias(static_cast<std::size_t>(out));
  by_type(x, kernels::table()->tile, [&](const auto& kernel, auto type) {
    using T = decltype(type);
    for (std::int64_t k = begin; k < end; ++k) {
      const Tiles from = groups.group(k, in), to = groups.group(k, out);
      kernel.input(begin_of<T>(x), tiling_of(x), from, v);
      kernel.gradient(begin_of<T>(gradient), tiling_of(gradient), to, g, bias.data());
      for (std::int64_t n = 0; n < numbers; ++n) {
        kernels::table()->product({v + n * from.stride, in, from.count, 1, in}, g + n * to.stride,
                                  out, sum + n * stride, true);
      }
      for (std::size_t c = 0; c < bias.size(); ++c) share.bias[c] += bias[c];
    }
  });
}

}  // namespace

TileWeight::TileWeight(const at::Tensor& weight)
    : rows(weight.size(2)), columns(weight.size(3)), stride(rows * columns + padding) {
  const auto exact = weight.to(at::kFloat).contiguous();
  values = at::empty({numbers, stride}, at::kFloat);
  kernels::table()->tile_weight(begin_of<float>(exact), rows * columns, stride,
                                room_of<float>(values));
}

at::Tensor correlate(const at::Tensor& x, const TileWeight& weight, const at::Tensor& bias) {
  const std::int64_t in = weight.rows, out = weight.columns;
  const auto y =
      at::empty({x.size(0), out, x.size(2), x.size(3)}, x.options().memory_format(channels_last));
  const Groups groups(x, in, out);
  const auto* u = begin_of<float>(weight.values);
  const auto* shift = bias.defined() ? begin_of<float>(bias) : nullptr;
  by_type(x, kernels::table()->tile, [&](const auto& kernel, auto type) {
    using T = decltype(type);
    base::parallel_over(groups.count, 1, [&](std::int64_t begin, std::int64_t end) {
      const auto inputs = groups.workspace(in), products = groups.workspace(out);
      auto *v = room_of<float>(inputs), *m = room_of<float>(products);
      for (std::int64_t k = begin; k < end; ++k) {
        const Tiles from = groups.group(k, in), to = groups.group(k, out);
        kernel.input(begin_of<T>(x), tiling_of(x), from, v);
        for (std::int64_t n = 0; n < numbers; ++n) {
          kernels::table()->product({v + n * from.stride, from.count, in, in, 1},
                                    u + n * weight.stride, out, m + n * to.stride, false);
        }
        kernel.output(m, tiling_of(y), to, shift, room_of<T>(y));
      }
    });
  });
  return y;
}

WeightGradient weight_gradient(const at::Tensor& x, const at::Tensor& gradient) {
  const std::int64_t in = x.size(1), out = gradient.size(1), stride = in * out + padding;
  const Groups groups(x, in, out);
  const std::int64_t threads = std::min<std::int64_t>(groups.count, base::threads());
  std::vector<Share> shares(static_cast<std::size_t>(threads));
  base::parallel_over(threads, 1, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t k = first; k < last; ++k) {
      add_share(x, gradient, groups, k * groups.count / threads, (k + 1) * groups.count / threads,
                shares[static_cast<std::size_t>(k)]);
    }
  });
  auto& whole = shares.front();
  for (std::size_t k = 1; k < shares.size(); ++k) {
    whole.weight.add_(shares[k].weight);
    for (std::size_t c = 0; c < whole.bias.size(); ++c) whole.bias[c] += shares[k].bias[c];
  }
  WeightGradient found{at::empty({3, 3, in, out}, at::kFloat), at::empty({out}, at::kFloat)};
  kernels::table()->tile_weight_gradient(begin_of<float>(whole.weight), in * out, stride,
                                         room_of<float>(found.weight));
  std::copy(whole.bias.begin(), whole.bias.end(), room_of<float>(found.bias));
  return found;
}

}  // namespace ranklens::nn::fused

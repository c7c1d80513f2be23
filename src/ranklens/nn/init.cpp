#include "ranklens/nn/init.h"

#include <cmath>
#include <functional>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/ops/eye.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/nn/weights/cp.h"
#include "ranklens/nn/weights/fixed_rank.h"
#include "ranklens/nn/weights/tt_conv.h"
#include "ranklens/nn/weights/tt_matrix.h"
#include "ranklens/nn/weights/tucker.h"

namespace ranklens::nn {
namespace {

struct Fan {
  double in, out;
};

Fan fan(const Shape& shape) {
  if (shape.size() < 2) return {1, 1};
  double field = 1;
  for (std::size_t k = 2; k < shape.size(); ++k) field *= static_cast<double>(shape[k]);
  return {static_cast<double>(shape[1]) * field, static_cast<double>(shape[0]) * field};
}

bool is_uniform(Init::Kind kind) {
  return kind == Init::Kind::he_uniform || kind == Init::Kind::glorot_uniform ||
         kind == Init::Kind::torch_uniform;
}

at::Tensor draw_identity(const Shape& shape, double std, base::Stream stream) {
  base::require(shape.size() == 3, "only a core [r, n, r'] starts at the identity");
  return stream.normal(shape, 0.0, std, at::kFloat) + at::eye(shape[0], shape[2]).unsqueeze(1);
}

at::Tensor draw_dense(const Shape& shape, const Init& init, base::Stream stream) {
  if (init.kind == Init::Kind::zeros) return at::zeros(shape);
  if (init.kind == Init::Kind::ones) return at::ones(shape);
  const double std = entry_std(init, shape);
  if (init.kind == Init::Kind::identity) return draw_identity(shape, std, stream);
  const double bound = std * std::sqrt(3.0);
  return is_uniform(init.kind) ? stream.uniform(shape, -bound, bound, at::kFloat)
                               : stream.normal(shape, 0.0, std, at::kFloat);
}

/// The standard deviation each of `count` factors needs so that a sum over `paths` products of them
/// has `std`.
double factor_std(const Init& init, double std, double paths, double count) {
  if (init.kind == Init::Kind::factors_normal) return init.std;
  return std::pow(std / std::sqrt(paths), 1.0 / count);
}

Weight draw_low_rank(const Shape& shape, const WeightSpec& spec, const Init& init,
                     base::Stream stream) {
  const auto rank = spec.ranks[0];
  const auto columns =
      std::accumulate(shape.begin() + 1, shape.end(), std::int64_t{1}, std::multiplies<>());
  const double each = factor_std(init, entry_std(init, shape), static_cast<double>(rank), 2);
  return Weight(std::make_shared<FixedRank>(
      shape, stream.child("U").normal({shape[0], rank}, 0.0, each, at::kFloat), at::Tensor(),
      stream.child("V").normal({columns, rank}, 0.0, each, at::kFloat)));
}

double product_of_ranks(const WeightSpec& spec) {
  double paths = 1;
  for (const auto rank : spec.ranks) paths *= static_cast<double>(rank);
  return paths;
}

Weight draw_tucker(const Shape& shape, const WeightSpec& spec, const Init& init,
                   base::Stream stream) {
  const double each = factor_std(init, entry_std(init, shape), product_of_ranks(spec), 3);
  Shape core = shape;
  core[0] = spec.ranks[0], core[1] = spec.ranks[1];
  return Weight(std::make_shared<Tucker2>(
      shape, stream.child("U").normal({shape[0], core[0]}, 0.0, each, at::kFloat),
      stream.child("C").normal(core, 0.0, each, at::kFloat),
      stream.child("V").normal({shape[1], core[1]}, 0.0, each, at::kFloat)));
}

Weight draw_cp(const Shape& shape, const WeightSpec& spec, const Init& init, base::Stream stream) {
  const double each = factor_std(init, entry_std(init, shape), product_of_ranks(spec),
                                 static_cast<double>(shape.size()));
  std::vector<at::Tensor> factors;
  for (std::size_t k = 0; k < shape.size(); ++k) {
    factors.push_back(stream.child(fmt::format("factor.{}", k))
                          .normal({shape[k], spec.ranks[0]}, 0.0, each, at::kFloat));
  }
  return Weight(std::make_shared<CPKernel>(shape, std::move(factors)));
}

Weight draw_tt_conv(const Shape& shape, const WeightSpec& spec, const Init& init,
                    base::Stream stream) {
  const auto d = spec.out.size();
  const double each =
      factor_std(init, entry_std(init, shape), product_of_ranks(spec), static_cast<double>(d + 1));
  const auto window =
      stream.child("core.0").normal({shape[2], shape[3], spec.ranks[0]}, 0.0, each, at::kFloat);
  std::vector<at::Tensor> cores;
  for (std::size_t k = 0; k < d; ++k) {
    const auto right = k + 1 == d ? 1 : spec.ranks[k + 1];
    cores.push_back(
        stream.child(fmt::format("core.{}", k + 1))
            .normal({spec.ranks[k], spec.out[k], spec.in[k], right}, 0.0, each, at::kFloat));
  }
  return Weight(std::make_shared<TTConv>(shape, window, std::move(cores)));
}

Weight draw_tt(const Shape& shape, const WeightSpec& spec, const Init& init, base::Stream stream) {
  if (has_window_core(spec, shape)) return draw_tt_conv(shape, spec, init, stream);
  const auto d = spec.out.size();
  const double each =
      factor_std(init, entry_std(init, shape), product_of_ranks(spec), static_cast<double>(d));
  std::vector<at::Tensor> cores;
  for (std::size_t k = 0; k < d; ++k) {
    const auto left = k == 0 ? 1 : spec.ranks[k - 1];
    const auto right = k + 1 == d ? 1 : spec.ranks[k];
    cores.push_back(stream.child(fmt::format("core.{}", k))
                        .normal({left, spec.out[k], spec.in[k], right}, 0.0, each, at::kFloat));
  }
  return Weight(std::make_shared<TTMatrix>(shape, std::move(cores)));
}

}  // namespace

double entry_std(const Init& init, const Shape& shape) {
  const auto [in, out] = fan(shape);
  switch (init.kind) {
    case Init::Kind::zeros:
    case Init::Kind::ones:
      return 0;
    case Init::Kind::he_uniform:
      return std::sqrt(2 / in);
    case Init::Kind::he_normal_out:
      return std::sqrt(2 / out);
    case Init::Kind::glorot_uniform:
      return std::sqrt(2 / (in + out));
    case Init::Kind::torch_uniform:
      return 1 / std::sqrt(3 * (init.fan_in > 0 ? static_cast<double>(init.fan_in) : in));
    case Init::Kind::normal:
    case Init::Kind::identity:
    case Init::Kind::factors_normal:
      return init.std;
  }
  return 0;
}

Weight initialise(const Shape& shape, const WeightSpec& spec, const Init& init,
                  base::Stream stream) {
  const auto resolved = resolve(spec, shape);
  switch (resolved.format) {
    case WeightSpec::Format::dense:
      return Weight(draw_dense(shape, init, stream));
    case WeightSpec::Format::low_rank:
      return draw_low_rank(shape, resolved, init, stream);
    case WeightSpec::Format::tt:
      return draw_tt(shape, resolved, init, stream);
    case WeightSpec::Format::tucker:
      return draw_tucker(shape, resolved, init, stream);
    case WeightSpec::Format::cp:
      return draw_cp(shape, resolved, init, stream);
  }
  base::fail("unknown weight format");
}

}  // namespace ranklens::nn

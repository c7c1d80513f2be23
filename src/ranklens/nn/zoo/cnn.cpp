// The two networks of the tensor-train hackathon, and those that share the dense one's shape.

#include <array>

#include <fmt/format.h>

#include "ranklens/base/error.h"
#include "ranklens/nn/builder.h"
#include "ranklens/nn/zoo/zoo.h"

namespace ranklens::nn::zoo {
namespace {

constexpr Init glorot{.kind = Init::Kind::glorot_uniform};
constexpr Init zeros{.kind = Init::Kind::zeros};
constexpr Init published_cores{.kind = Init::Kind::factors_normal, .std = 0.05};
constexpr BatchNormOptions keras{.eps = 1e-3, .momentum = 0.01};

struct Plan {
  std::int64_t channels, size, classes, width;
  double dropout;                 ///< factor on the published rates
  std::string layers = {};        ///< Options::layers
  std::string kernels = "dense";  ///< format of all convolutions but the first
  std::int64_t cells() const { return (size / 8) * (size / 8); }
};

Plan plan_of(const Options& o) {
  Plan plan{.channels = o.channels > 0 ? o.channels : 1,
            .size = o.size > 0 ? o.size : 32,
            .classes = o.classes > 0 ? o.classes : 10,
            .width = o.width > 0 ? o.width : 32,
            .dropout = o.dropout,
            .layers = o.layers};
  base::require(o.dropout >= 0 && o.dropout <= 1,
                "the factor on the dropout rates lies in [0, 1], not at {}", o.dropout);
  base::require(
      plan.size >= 8,
      "this network halves its image three times: it needs at least 8x8 pixels, not {0}x{0}",
      plan.size);
  base::require(plan.width % 4 == 0, "the width of this network must be a multiple of 4, not {}",
                plan.width);
  return plan;
}

/// conv, ReLU, batch norm twice, then pooling and dropout.
Value block(GraphBuilder& g, Value x, int index, std::int64_t out, const Plan& plan) {
  constexpr std::array rates{0.2, 0.3, 0.4};
  for (int half = 0; half < 2; ++half) {
    const int k = 2 * index + half + 1;
    x = g.conv2d(fmt::format("conv{}", k), x,
                 {.out = out,
                  .kernel = 3,
                  .padding = 1,
                  .weight = k == 1 ? "dense" : plan.kernels,
                  .init = he_uniform,
                  .bias_init = zeros});
    x = g.relu(fmt::format("relu{}", k), x);
    x = g.batch_norm(fmt::format("bn{}", k), x, keras);
  }
  x = g.max_pool2d(fmt::format("pool{}", index + 1), x);
  return g.dropout(fmt::format("drop{}", index + 1), x,
                   rates[static_cast<std::size_t>(index)] * plan.dropout);
}

/// The trunk, down to the flattened features in the order (row, column, channel).
Value trunk(GraphBuilder& g, const Plan& plan) {
  auto x = g.input("image", {plan.channels, plan.size, plan.size});
  for (int index = 0; index < 3; ++index) x = block(g, x, index, plan.width << index, plan);
  return g.flatten("flatten", x, true);
}

Network with_head(const Plan& plan, std::uint64_t seed, const std::string& spec) {
  GraphBuilder g(plan.layers);
  auto x = trunk(g, plan);
  x = g.linear("head", x,
               {.out = 4 * plan.width, .weight = spec, .init = glorot, .bias_init = zeros});
  x = g.batch_norm("head_bn", x, keras);
  x = g.dropout("head_drop", x, 0.5 * plan.dropout);
  g.linear("classifier", x, {.out = plan.classes, .init = glorot, .bias_init = zeros});
  return g.build(seed);
}

/// Rank of the matched tensor train: 16 at the published width, in proportion elsewhere.
std::int64_t matched_rank(const Plan& plan) { return std::max<std::int64_t>(1, plan.width / 2); }

std::string matched_spec(const Plan& plan) {
  return fmt::format("tt(out=8x4x{},in={}x16x{},r={})", plan.width / 8 > 0 ? plan.width / 8 : 1,
                     plan.cells(), plan.width / 4, matched_rank(plan));
}

}  // namespace

Network cnn_dense(const Options& options) {
  return with_head(plan_of(options), options.seed, options.head.empty() ? "dense" : options.head);
}

Network cnn_tt_matched(const Options& options) {
  const auto plan = plan_of(options);
  base::require(plan.width % 8 == 0, "cnn-tt-matched needs a width that is a multiple of 8, not {}",
                plan.width);
  return with_head(plan, options.seed, matched_spec(plan));
}

Network cnn_low_rank(const Options& options) {
  auto same = options;
  same.layers = {};
  const auto matched = cnn_tt_matched(same);
  const auto& head = matched.state.at("head.weight").weight;
  const auto shape = head->shape();
  const auto sides = shape[0] + shape[1];
  const auto rank = std::max<std::int64_t>(1, (head->parameters() + sides / 2) / sides);
  return with_head(plan_of(options), options.seed, fmt::format("low_rank(r={})", rank));
}

Network cnn_tt_trunk(const Options& options) {
  auto plan = plan_of(options);
  base::require(plan.width % 8 == 0, "cnn-tt-trunk needs a width that is a multiple of 8, not {}",
                plan.width);
  plan.kernels = "tt(ratio=0.25)";
  return with_head(plan, options.seed, "dense");
}

Network cnn_tt(const Options& options) {
  const auto plan = plan_of(options);
  base::require(plan.width % 8 == 0, "cnn-tt needs a width that is a multiple of 8, not {}",
                plan.width);
  const auto last = 24 * plan.width / 32, out = 8 * plan.width / 32;
  GraphBuilder g(plan.layers);
  auto x = trunk(g, plan);
  x = g.linear("head", x,
               {.out = last * 24 * 24,
                .weight = fmt::format("tt(out=24x24x{},in={}x16x{},r=16)", last, plan.cells(),
                                      plan.width / 4),
                .init = published_cores,
                .bias_init = zeros});
  x = g.relu("head_relu", x);
  x = g.batch_norm("head_bn", x, keras);
  x = g.linear("head2", x,
               {.out = out * 8 * 8,
                .weight = fmt::format("tt(out=8x8x{},in=24x24x{},r=16)", out, last),
                .init = published_cores,
                .bias_init = zeros});
  x = g.relu("head2_relu", x);
  x = g.batch_norm("head2_bn", x, keras);
  x = g.dropout("head_drop", x, 0.5 * plan.dropout);
  g.linear("classifier", x, {.out = plan.classes, .init = glorot, .bias_init = zeros});
  return g.build(options.seed);
}

}  // namespace ranklens::nn::zoo

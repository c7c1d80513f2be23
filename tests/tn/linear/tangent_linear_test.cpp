// Parts of tangent vectors from one pass through a TT layer, against the projection of the dense
// gradient.
#include "ranklens/tn/linear/tangent_linear.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/random.h"
#include "ranklens/tn/linear/merge.h"
#include "ranklens/tn/linear/panels/table.h"
#include "ranklens/tn/manifold/tangent.h"

#include "testing/expect_error.h"

namespace ranklens::tn {
namespace {

/// A train with fused modes, and its modes apart.
struct Layer {
  TrainModes modes;
  TangentSpace space;
  OrthogonalForms forms;
};

Layer layer_of(const TrainModes& modes, at::ScalarType type) {
  base::Stream stream(3, "noise", "tangent");
  TensorTrain train;
  for (std::size_t k = 0; k < modes.cores(); ++k) {
    train.cores.push_back(
        stream.normal({modes.ranks[k], modes.out[k] * modes.in[k], modes.ranks[k + 1]}, 0, 0.5)
            .to(type));
  }
  Layer layer{modes, tangent_space(train), {}};
  const double scale = std::exp(layer.space.log_scale);
  layer.space.left.back() = layer.space.left.back() * scale;
  layer.space.right.front() = layer.space.right.front() * scale;
  layer.space.log_scale = 0;
  const auto apart = [&](const std::vector<at::Tensor>& cores) {
    std::vector<at::Tensor> found;
    for (std::size_t k = 0; k < cores.size(); ++k) {
      found.push_back(
          cores[k].reshape({modes.ranks[k], modes.out[k], modes.in[k], modes.ranks[k + 1]}));
    }
    return found;
  };
  layer.forms = {apart(layer.space.left), apart(layer.space.right)};
  return layer;
}

/// The dense matrix [M, N] as a tensor whose modes are those of the train.
at::Tensor with_fused_modes(const at::Tensor& matrix, const TrainModes& modes) {
  const auto d = static_cast<std::int64_t>(modes.cores());
  auto sizes = modes.out;
  sizes.insert(sizes.end(), modes.in.begin(), modes.in.end());
  std::vector<std::int64_t> order, fused;
  for (std::int64_t k = 0; k < d; ++k) {
    order.insert(order.end(), {k, d + k});
    fused.push_back(modes.out[static_cast<std::size_t>(k)] * modes.in[static_cast<std::size_t>(k)]);
  }
  return matrix.reshape(sizes).permute(order).reshape(fused);
}

void expect_near(const at::Tensor& a, const at::Tensor& b, double tolerance,
                 const std::string& what) {
  EXPECT_LE((a - b).abs().max().item<double>(), tolerance * b.abs().max().item<double>()) << what;
}

/// Everything that comes out of a pass, against the dense matrix and the projection of its
/// gradient.
void expect_projection(const Layer& layer, const TTLinearOptions& options, double tolerance,
                       const std::string& what) {
  const auto type = layer.space.left[0].scalar_type();
  const auto outs = layer.modes.outs(0, layer.modes.cores()),
             ins = layer.modes.ins(0, layer.modes.cores());
  base::Stream stream(4, "noise", "tangent");
  const auto draw = [&](at::IntArrayRef sizes) { return stream.normal(sizes).to(type); };
  const auto x = draw({37, ins}).requires_grad_(), bias = draw({outs}).requires_grad_();
  const auto dy = draw({37, outs});
  std::vector<at::Tensor> leaves{x, bias};
  for (const auto& core : layer.forms.left) leaves.push_back(at::zeros_like(core).requires_grad_());
  const std::vector<at::Tensor> parts(leaves.begin() + 2, leaves.end());
  const auto y = tangent_linear(layer.forms, parts, x, bias, options);
  const auto found = torch::autograd::grad({y}, leaves, {dy});

  const auto matrix = dense_matrix(layer.forms.left);
  const auto by_dense = at::linear(x, matrix, bias);
  expect_near(y, by_dense, tolerance, what + ": y");
  expect_near(found[0], dy.matmul(matrix), tolerance, what + ": x");
  expect_near(found[1], dy.sum(0), tolerance, what + ": bias");
  std::vector<at::Tensor> fused;
  for (std::size_t k = 0; k < parts.size(); ++k)
    fused.push_back(found[k + 2].reshape(layer.space.left[k].sizes()));
  const auto tangent = gauged(layer.space, fused);
  const auto dense_gradient = with_fused_modes(dy.t().matmul(x).detach(), layer.modes);
  const auto expected = project(layer.space, dense_gradient);
  for (std::size_t k = 0; k < parts.size(); ++k)
    expect_near(tangent.deltas[k], expected.deltas[k], tolerance, what + ": core");
}

const TrainModes kFourCores{.out = {3, 2, 4, 2}, .in = {2, 3, 2, 5}, .ranks = {1, 3, 4, 2, 1}};

// Cores one by one and merged, from either end, batch first and last, states kept and not.
TEST(TangentLinear, IsTheProjectionInEveryOrderFromOneEnd) {
  const auto layer = layer_of(kFourCores, at::kDouble);
  const std::vector<std::vector<Absorption>> orders{
      {{0, 4, true}},
      {{0, 1, true}, {1, 4, true}},
      {{0, 2, true}, {2, 4, true}},
      {{0, 1, true}, {1, 2, true}, {2, 3, true}, {3, 4, true}},
      {{2, 4, false}, {0, 2, true}},
      {{3, 4, false}, {1, 3, false}, {0, 1, false}},
      {{3, 4, false}, {2, 3, false}, {1, 2, false}, {0, 1, true}}};
  for (const auto& steps : orders) {
    for (const bool batch_last : {false, true}) {
      for (const bool stored : {false, true}) {
        Schedule schedule{.steps = steps, .batch_last = batch_last, .tile = 16};
        schedule.stored.assign(steps.size() - 1, stored);
        expect_projection(layer, {.schedule = schedule}, 1e-12, describe(schedule));
      }
    }
  }
  Schedule rebuilt{.steps = {{0, 4, true}}, .tile = 37, .rebuild = true, .stored = {true}};
  expect_projection(layer, {.schedule = rebuilt}, 1e-12, describe(rebuilt));
}

TEST(TangentLinear, IsTheProjectionByOurKernels) {
  if (panels::table() == nullptr) GTEST_SKIP() << "no kernels for this processor";
  const auto layer =
      layer_of({.out = {4, 8, 16}, .in = {8, 16, 16}, .ranks = {1, 5, 6, 1}}, at::kFloat);
  for (std::size_t k : {1U, 2U}) {
    for (const bool from_left : {false, true}) {
      for (const bool stored : {false, true}) {
        Schedule schedule{.tile = 32, .panels = true, .stored = {stored}};
        schedule.steps = from_left ? std::vector<Absorption>{{0, k, true}, {k, 3, true}}
                                   : std::vector<Absorption>{{k, 3, false}, {0, k, true}};
        expect_projection(layer, {.schedule = schedule}, 2e-5, describe(schedule));
      }
    }
    const Schedule strips{
        .steps = {{0, k, true}, {k, 3, true}}, .tile = 32, .rebuild = true, .panels = true};
    expect_projection(layer, {.schedule = strips}, 2e-5, describe(strips));
  }
}

TEST(TangentLinear, IsTheProjectionAsItIsPlanned) {
  for (const auto type : {at::kDouble, at::kFloat}) {
    const double tolerance = type == at::kDouble ? 1e-12 : 2e-5;
    for (const auto keep : {KeepStates::fast, KeepStates::low_memory}) {
      expect_projection(layer_of(kFourCores, type), {.keep = keep}, tolerance, "four cores");
      expect_projection(
          layer_of({.out = {8, 4, 4}, .in = {16, 16, 8}, .ranks = {1, 6, 6, 1}}, type),
          {.keep = keep}, tolerance, "three cores");
      expect_projection(layer_of({.out = {5}, .in = {7}, .ranks = {1, 1}}, type), {.keep = keep},
                        tolerance, "one core");
    }
  }
}

TEST(TangentLinear, RefusesAnOrderFromBothEnds) {
  const auto layer = layer_of(kFourCores, at::kDouble);
  Schedule both{.steps = {{0, 1, true}, {3, 4, false}, {1, 3, true}}, .stored = {true, true}};
  std::vector<at::Tensor> parts;
  for (const auto& core : layer.forms.left) parts.push_back(at::zeros_like(core));
  testing::expect_error(
      [&] {
        tangent_linear(layer.forms, parts, at::ones({2, 60}, at::kDouble), {}, {.schedule = both});
      },
      {"need an order from one end"});
}

// What is planned one way is never dearer than what a search over both ends' orders would be with
// its mixed ones left out, and mixes none.
TEST(TangentLinear, PlansFromOneEnd) {
  for (const auto& modes :
       {kFourCores,
        TrainModes{.out = {2, 8, 8, 2}, .in = {8, 2, 2, 8}, .ranks = {1, 2, 9, 2, 1}}}) {
    for (const std::int64_t batch : {1, 100, 5000}) {
      ScheduleOptions options{.batch = batch, .training = true};
      const auto any = plan_application(modes, options);
      options.order = Order::one_way;
      const auto one = plan_application(modes, options);
      EXPECT_LE(any.seconds, one.seconds * (1 + 1e-12));
      for (std::size_t k = 1; k + 1 < one.steps.size(); ++k)
        EXPECT_EQ(one.steps[k].from_left, one.steps[0].from_left);
      for (const auto& other : possible_schedules(modes, options))
        EXPECT_LE(one.seconds, other.seconds);
      options.order = Order::from_left;
      const auto left = plan_application(modes, options);
      EXPECT_LE(one.seconds, left.seconds * (1 + 1e-12));
      for (const auto& step : left.steps)
        EXPECT_TRUE(step.from_left || &step == &left.steps.back());
      EXPECT_TRUE(left.steps.front().from_left);
    }
  }
}

}  // namespace
}  // namespace ranklens::tn

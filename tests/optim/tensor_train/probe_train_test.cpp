// A train whose gradients are parts of a tangent vector: in every use of a weight what
// differentiating the train of twice the ranks gives (Novikov, Rakhuba and Oseledets 2022).
#include "ranklens/optim/tensor_train/probe_train.h"

#include <functional>
#include <string>
#include <vector>

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "ranklens/nn/weights/tt_conv_steps.h"
#include "ranklens/optim/clip.h"
#include "ranklens/optim/tensor_train/gradients.h"
#include "ranklens/optim/tensor_train/tangent_point.h"
#include "ranklens/tn/linear/tt_linear.h"

#include "optim/tensor_train/trains.h"
#include "testing/expect_error.h"

namespace ranklens::optim {
namespace {

using ranklens::testing::expect_error;
using testing::distance;
using testing::OfState;
using testing::state_of;
using testing::tt_weight;
using testing::values;

struct Use {
  std::string name;
  nn::Shape shape;  ///< of the weight
  std::function<at::Tensor(const nn::Weight&)> of;
};

const std::vector<Use>& uses() {
  static const auto x = values({5, 12}, 9), images = values({2, 12, 3, 3}, 10);
  static const auto rows = at::tensor(std::vector<std::int64_t>{3, 0, 3, 11});
  static const std::vector<Use> all{
      {"linear", {12, 12}, [](const nn::Weight& w) { return w->linear(x, {}); }},
      {"adjoint", {12, 12}, [](const nn::Weight& w) { return w->linear_adjoint(x); }},
      {"dense", {12, 12}, [](const nn::Weight& w) { return w->dense(); }},
      {"rows", {12, 12}, [](const nn::Weight& w) { return w->rows(rows); }},
      {"convolution",
       {12, 12, 1, 1},
       [](const nn::Weight& w) { return w->conv2d(images, {}, {}); }},
      {"twice", {12, 12}, [](const nn::Weight& w) {
         return w->linear(w->linear(x, {}).cos(), {}) + w->linear_adjoint(x);
       }}};
  return all;
}

TEST(TrainProbe, GivesTheTangentGradientInEveryUse) {
  for (const auto& use : uses()) {
    const auto state = state_of(nn::Weight(std::make_shared<nn::TTMatrix>(
        use.shape, dynamic_cast<const nn::TTMatrix&>(*tt_weight(1)).cores())));
    const auto layer = train_layers(state).at(0);
    const auto space = space_at(layer.train);
    OfState objective([&](const nn::State& at) { return use.of(at.at("w").weight).cos().mean(); });
    const auto gradient_of = [&](const nn::State& probed) {
      const auto found = objective.loss_and_gradients(probed, {});
      EXPECT_NEAR(found.loss, objective.loss(state), 1e-12) << use.name;
      auto gradients = named_gradients(found);
      return gradient_in(space, take_cores(layer, gradients));
    };
    nn::State probed = state, slotted = state;
    probed.replace("w", train_probe(state.at("w").weight, space));
    set_cores(slotted, layer, with_slots(space));
    const auto found = gradient_of(probed), expected = gradient_of(slotted);
    EXPECT_GT(tn::norm(expected), 1e-3) << use.name;
    for (std::size_t k = 0; k < 3; ++k)
      EXPECT_LT(distance(found.deltas[k], expected.deltas[k]), 1e-12) << use.name << " " << k;
  }
}

// What clipping sees: the projected gradient, whose parts are orthogonal in the gauge alone.
TEST(TrainProbe, IsClippedByTheNormOfTheTangentGradient) {
  const auto state = state_of(tt_weight(5));
  const auto layer = train_layers(state).at(0);
  const auto space = space_at(layer.train);
  testing::OneWeight objective(values({5, 12}, 12));
  nn::State probed = state;
  probed.replace("w", train_probe(state.at("w").weight, space));
  const auto found = objective.loss_and_gradients(probed, {});
  std::vector<at::Tensor> parts;
  for (const auto& one : found.gradients) parts.push_back(one.tensor);
  auto gradients = named_gradients(found);
  const double expected = tn::norm(gradient_in(space, take_cores(layer, gradients)));
  EXPECT_NEAR(global_norm(probed, parts), expected, 1e-12 * expected);
  EXPECT_GT(global_norm(parts), 1.1 * expected);
}

// A convolution over its window: gradients, and what clipping sees of them.
TEST(TrainProbe, GivesTheTangentGradientOfAConvolution) {
  const auto state = state_of(testing::conv_weight(4));
  const auto layer = train_layers(state).at(0);
  const auto space = space_at(layer.train);
  testing::OneWeight objective(values({2, 6, 5, 5}, 13));
  nn::State probed = state, slotted = state;
  probed.replace("w", train_probe(state.at("w").weight, space));
  set_cores(slotted, layer, with_slots(space));
  const auto found = objective.loss_and_gradients(probed, {}),
             wanted = objective.loss_and_gradients(slotted, {});
  EXPECT_NEAR(found.loss, objective.loss(state), 1e-12);
  auto own = named_gradients(found), other = named_gradients(wanted);
  const auto tangent = gradient_in(space, take_cores(layer, own)),
             expected = gradient_in(space, take_cores(layer, other));
  const double size = tn::norm(expected);
  EXPECT_GT(size, 1e-3);
  for (std::size_t k = 0; k < 3; ++k)
    EXPECT_LT(distance(tangent.deltas[k], expected.deltas[k]), 1e-12 * size) << k;
  std::vector<at::Tensor> parts;
  for (const auto& one : found.gradients) parts.push_back(one.tensor);
  EXPECT_NEAR(global_norm(probed, parts), size, 1e-12 * size);
  EXPECT_GT(global_norm(parts), 1.1 * size);
}

// With steps of two pixels, padding that differs from side to side, and a bias: what is said, and
// what comes back to cores and image.
void expect_same_convolution(const nn::Weight& weight, const at::Tensor& image) {
  const nn::ConvGeometry geometry{.stride = 2, .top = 1, .left = 2, .bottom = 0, .right = 1};
  const auto bias = values({weight->shape()[0]}, 14);
  const auto state = state_of(weight);
  const auto layer = train_layers(state).at(0);
  const auto space = space_at(layer.train);
  nn::State probed = state, slotted = state;
  probed.replace("w", train_probe(state.at("w").weight, space));
  set_cores(slotted, layer, with_slots(space));
  const auto of = [&](const nn::State& given) {
    const auto leaves = given.as_leaves();
    const auto x = image.clone().requires_grad_();
    const auto y = leaves.at("w").weight->conv2d(x, bias, geometry);
    std::vector<at::Tensor> inputs{x};
    for (const auto& one : leaves.trainable()) inputs.push_back(one.tensor);
    auto found = torch::autograd::grad({y.cos().sum()}, inputs);
    NamedGradients named;
    for (std::size_t k = 1; k < found.size(); ++k) named[leaves.trainable()[k - 1].name] = found[k];
    const auto tangent = gradient_in(space, take_cores(layer, named));
    std::vector<at::Tensor> all{y.detach(), found[0]};
    all.insert(all.end(), tangent.deltas.begin(), tangent.deltas.end());
    return all;
  };
  const auto found = of(probed), expected = of(slotted);
  const auto y = weight->conv2d(image, bias, geometry);
  EXPECT_LT(distance(found[0], y), 1e-12 * testing::norm(y));
  for (std::size_t k = 0; k < found.size(); ++k) {
    EXPECT_GT(expected[k].abs().max().item<double>(), 1e-3) << k;
    EXPECT_LT(distance(found[k], expected[k]), 1e-11 * testing::norm(expected[k])) << k;
  }
}

// Behind the window cores are applied one by one, as one (there is but one), and, where there are
// many pixels and ranks are high, as the dense matrix of them all.
TEST(TrainProbe, ConvolvesAsTheTrainOfTwiceTheRanks) {
  expect_same_convolution(testing::conv_weight(4), values({2, 6, 7, 6}, 15));
  expect_same_convolution(
      nn::Weight(std::make_shared<nn::TTConv>(nn::Shape{4, 6, 3, 3}, values({3, 3, 2}, 1),
                                              std::vector<at::Tensor>{values({2, 4, 6, 1}, 2)})),
      values({2, 6, 7, 6}, 15));
  const nn::Weight high(std::make_shared<nn::TTConv>(
      nn::Shape{16, 16, 3, 3}, values({3, 3, 7}, 3),
      std::vector<at::Tensor>{values({7, 4, 4, 14}, 4), values({14, 4, 4, 1}, 5)}));
  const auto image = values({16, 16, 20, 20}, 16);
  EXPECT_TRUE(tn::tt_linear_schedule(
                  nn::channel_train({high->factors()[1].tensor, high->factors()[2].tensor}),
                  image.numel() / 16 / 4, true, tn::KeepStates::fast, tn::Order::from_left)
                  .rebuild);
  expect_same_convolution(high, image);
}

TEST(TrainProbe, RefusesOtherFormats) {
  const auto space = space_at(train_layers(state_of(testing::conv_weight(4))).at(0).train);
  expect_error([&] { train_probe(nn::Weight(values({4, 4}, 1)), space); }, "of format dense");
}

}  // namespace
}  // namespace ranklens::optim

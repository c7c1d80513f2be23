// A train whose gradients are parts of a tangent vector: in every use of a weight what
// differentiating the train of twice the ranks gives (Novikov, Rakhuba and Oseledets 2022).
#include "ranklens/optim/tensor_train/probe_train.h"

#include <functional>
#include <string>
#include <vector>

#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "ranklens/optim/clip.h"
#include "ranklens/optim/tensor_train/gradients.h"
#include "ranklens/optim/tensor_train/tangent_point.h"

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

TEST(TrainProbe, RefusesOtherFormats) {
  const auto space = space_at(train_layers(state_of(testing::conv_weight(4))).at(0).train);
  expect_error([&] { train_probe(nn::Weight(values({4, 4}, 1)), space); }, "of format dense");
}

}  // namespace
}  // namespace ranklens::optim

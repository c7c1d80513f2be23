// Gradients of the loss of a network along the factors of its weights, against finite differences
// of that loss.
#include <array>
#include <map>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "ranklens/optim/low_rank/layers.h"
#include "ranklens/optim/low_rank/probe.h"
#include "ranklens/train/batch_objective.h"

#include "train/tiny.h"

namespace ranklens::train {
namespace {

/// A convolution and two linear maps, all of low rank, smooth in between; in double precision.
nn::Network smooth_network() {
  nn::GraphBuilder g;
  auto x = g.input("image", {1, 8, 8});
  x = g.conv2d("conv", x, {.out = 5, .kernel = 3, .stride = 2, .weight = "low_rank(r=2)"});
  x = g.flatten("flat", g.gelu("gelu_conv", x));
  x = g.gelu("gelu", g.linear("first", x, {.out = 12, .weight = "low_rank(r=3)"}));
  g.linear("second", x, {.out = 3, .weight = "low_rank(r=2)"});
  auto network = g.build(21);
  network.state = network.state.to(at::kDouble);
  return network;
}

at::Tensor direction(at::IntArrayRef sizes, const std::string& name) {
  return base::Stream(22, "noise", name).normal(sizes, 0, 1, at::kDouble);
}

/// The derivative at 0 of a smooth function, to the fourth order of the difference.
template <class Function>
double slope(const Function& f) {
  const auto central = [&](double h) { return (f(h) - f(-h)) / (2 * h); };
  return (4 * central(5e-4) - central(1e-3)) / 3;
}

class LowRankGradient : public ::testing::Test {
 protected:
  LowRankGradient() {
    const auto data = tiny_data(20, 23);
    data::Batch batch;
    batch.images = data.images.to(at::kDouble), batch.labels = data.labels;
    objective_ = std::make_unique<BatchObjective>(network_.graph, batch, base::Stream(1, "dropout"),
                                                  ObjectiveOptions{});
  }

  /// The loss with one weight replaced by a matrix.
  double loss_with(const optim::LowRankLayer& layer, const at::Tensor& matrix) const {
    auto state = network_.state;
    state.replace(layer.name, nn::Weight(matrix.reshape(layer.shape)));
    return objective_->loss(state);
  }

  const nn::Network network_ = smooth_network();
  std::unique_ptr<BatchObjective> objective_;
};

TEST_F(LowRankGradient, IsThatOfFiniteDifferences) {
  const auto layers = optim::low_rank_layers(network_.state);
  ASSERT_EQ(layers.size(), 3U);
  auto probed = network_.state;
  std::map<std::string, std::shared_ptr<optim::Uses>> uses;
  for (const auto& layer : layers) {
    uses[layer.name] = std::make_shared<optim::Uses>();
    probed.set(layer.name, {.weight = optim::probe(layer.shape, layer.point, uses[layer.name])});
  }
  std::map<std::string, at::Tensor> found;
  for (const auto& one : objective_->loss_and_gradients(probed, {"factors"}).gradients) {
    found[one.name] = one.tensor;
  }
  for (const auto& layer : layers) {
    const auto& [u, s, v] = layer.point;
    const auto slots = std::array{found.at(layer.name + ".dK"), found.at(layer.name + ".dS"),
                                  found.at(layer.name + ".dL")};
    const auto left = direction({u.size(0), 2}, layer.name + ".left"),
               right = direction({v.size(0), 2}, layer.name + ".right");
    const auto dk = direction(slots[0].sizes(), layer.name + ".k"),
               ds = direction(slots[1].sizes(), layer.name + ".s"),
               dl = direction(slots[2].sizes(), layer.name + ".l");
    const auto along = [&](const at::Tensor& change) {
      return slope([&](double h) { return loss_with(layer, layer.point.dense() + h * change); });
    };
    const auto inner = [](const at::Tensor& a, const at::Tensor& b) {
      return (a * b).sum().item<double>();
    };
    EXPECT_NEAR(along(dk.matmul(v.t())), inner(slots[0], dk), 1e-9) << layer.name;
    EXPECT_NEAR(along(u.matmul(ds).matmul(v.t())), inner(slots[1], ds), 1e-9) << layer.name;
    EXPECT_NEAR(along(u.matmul(dl.t())), inner(slots[2], dl), 1e-9) << layer.name;
    const auto between = optim::between_of(*uses[layer.name], 1)(left, right);
    EXPECT_NEAR(along(left.matmul(right.t())), between.trace().item<double>(), 1e-9) << layer.name;
    EXPECT_GT(std::abs(inner(slots[0], dk)), 1e-4) << layer.name;
  }
}

}  // namespace
}  // namespace ranklens::train

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"
#include "ranklens/data/open.h"
#include "ranklens/study/born_machine/experiment.h"
#include "ranklens/study/born_machine/likelihood.h"
#include "ranklens/tn/born/born.h"

#include "testing/expect_error.h"

namespace ranklens::study::born_machine {
namespace {

TEST(Likelihood, IsThatOfTheTrainAndDifferentiable) {
  base::Stream stream(1, "study");
  tn::TensorTrain train;
  const std::vector<std::int64_t> bonds{1, 3, 4, 2, 1};
  for (std::size_t k = 0; k + 1 < bonds.size(); ++k) {
    train.cores.push_back(stream.normal({bonds[k], 2, bonds[k + 1]}, 0, 1, at::kDouble));
  }
  const auto features = stream.normal({9, 4, 2}, 0, 1, at::kDouble);
  std::vector<at::Tensor> leaves;
  for (const auto& core : train.cores) leaves.push_back(core.detach().requires_grad_(true));
  const auto loss = likelihood_loss(leaves, features);
  EXPECT_NEAR(loss.item<double>(), tn::negative_log_likelihood(train, features), 1e-12);
  const auto gradients = torch::autograd::grad({loss}, leaves);
  for (std::size_t k = 0; k < leaves.size(); ++k) {
    const auto direction = stream.normal(train.cores[k].sizes(), 0, 1, at::kDouble);
    const auto at_step = [&](double h) {
      auto moved = train;
      moved.cores[k] = moved.cores[k] + h * direction;
      return tn::negative_log_likelihood(moved, features);
    };
    EXPECT_NEAR((at_step(1e-5) - at_step(-1e-5)) / 2e-5,
                (gradients[k] * direction).sum().item<double>(), 1e-6);
    // The scale of a core does not matter.
    EXPECT_NEAR((gradients[k] * train.cores[k]).sum().item<double>(), 0, 1e-10);
  }
}

TEST(Hex, KeepsBits) {
  base::Stream stream(2, "study");
  for (const std::int64_t count : {1, 4, 49, 784}) {
    const auto bits = stream.integers({count}, 2);
    EXPECT_TRUE(at::equal(from_hex(to_hex(bits), count), bits));
  }
  EXPECT_EQ(to_hex(at::tensor({1, 0, 1, 0, 1}, at::kLong)), "a8");
  testing::expect_error([] { from_hex("xy", 8); }, "no list of 8 bits");
}

TEST(BornMachine, LearnsAndKeepsWhatIsGiven) {
  const auto images =
      data::open("scenes:train=60,test=20,size=16", {.split = data::Split::all, .grey = true});
  const Options options{.images = images,
                        .samples = 40,
                        .bond = 4,
                        .sweeps = 2,
                        .batch = 20,
                        .shown = 3,
                        .seeds = {1}};
  const auto made = experiment(options);
  ASSERT_EQ(made.cells.size(), methods().size());
  for (const auto& cell : made.cells) {
    const auto result = made.make({.cell = cell, .folder = "", .progress = {}});
    ASSERT_EQ(result.at("nll").size(), 2U) << cell;
    for (const auto& nll : result.at("nll")) EXPECT_TRUE(std::isfinite(nll.get<double>())) << cell;
    ASSERT_EQ(result.at("completed").size(), 3U);
    for (std::size_t k = 0; k < 3; ++k) {
      // The upper half is the image's own.
      EXPECT_EQ(result.at("completed")[k].get<std::string>().substr(0, 32),
                result.at("given")[k].get<std::string>().substr(0, 32));
    }
  }
  const auto turned = made.make({.cell = "tsgo-10-s1", .folder = "", .progress = {}});
  EXPECT_LT(turned.at("nll")[1].get<double>(), turned.at("nll")[0].get<double>());
}

}  // namespace
}  // namespace ranklens::study::born_machine

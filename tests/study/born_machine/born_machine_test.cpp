#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <torch/csrc/autograd/autograd.h>

#include "ranklens/base/error.h"
#include "ranklens/base/random.h"
#include "ranklens/data/open.h"
#include "ranklens/study/born_machine/course.h"
#include "ranklens/study/born_machine/experiment.h"
#include "ranklens/study/born_machine/likelihood.h"
#include "ranklens/tn/born/born.h"

#include "testing/expect_error.h"

namespace ranklens::study::born_machine {
namespace {

TEST(Likelihood, IsThatOfTheTrainAndDifferentiable) {
  base::Stream stream(1, "study");
  tn::TensorTrain train;
  const std::vector<std::int64_t> bonds{1, 3, 4, 2, 3, 4, 4, 3, 2, 1};
  for (std::size_t k = 0; k + 1 < bonds.size(); ++k) {
    train.cores.push_back(stream.normal({bonds[k], 2, bonds[k + 1]}, 0, 1, at::kDouble));
  }
  const auto features = stream.normal({9, 9, 2}, 0, 1, at::kDouble);
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

TEST(Likelihood, NeitherOverflowsNorUnderflows) {
  base::Stream stream(4, "study");
  constexpr std::int64_t kSites = 784, kBond = 5;
  tn::TensorTrain train;
  for (std::int64_t k = 0; k < kSites; ++k) {
    train.cores.push_back(
        stream.normal({k == 0 ? 1 : kBond, 2, k + 1 == kSites ? 1 : kBond}, 0, 2));
  }
  const auto features = stream.uniform({6, kSites, 2}, 0, 1);
  const auto exact = tn::negative_log_likelihood(train, features);
  EXPECT_NEAR(likelihood_loss(train.cores, features).item<double>() / exact, 1, 1e-4);
}

TEST(Course, AdamStopsWhereItStandsStill) {
  EXPECT_FALSE(stands_still({9, 8, 7}, 3, 1));
  EXPECT_FALSE(stands_still({9, 8, 7, 6}, 1, 0.5));
  EXPECT_TRUE(stands_still({9, 8, 7, 6}, 1, 1.5));
  // The lowest of each part counts, not the last.
  EXPECT_TRUE(stands_still({9, 5, 7, 4.8, 6}, 2, 0.5));
  EXPECT_FALSE(stands_still({9, 5, 7, 4.4, 6}, 2, 0.5));

  base::Stream stream(3, "study");
  tn::TensorTrain start;
  for (const auto& [left, right] : {std::pair{1, 2}, {2, 2}, {2, 1}}) {
    start.cores.push_back(stream.normal({left, 2, right}, 1, 0.1));
  }
  const auto features = stream.uniform({10, 3, 2}, 0, 1);
  const auto trained = [&](double least) {
    Course course{.state = start};
    train_by_adam(course, features,
                  {.lr = 1e-2, .batch = 5, .passes = 20, .patience = 2, .least = least}, 1, {});
    return course;
  };
  const auto flat = trained(1e9), falling = trained(-1e9);
  EXPECT_TRUE(flat.flat);
  EXPECT_EQ(flat.passes, 3);  // the first for which there is something before the last two
  EXPECT_FALSE(falling.flat);
  EXPECT_EQ(falling.passes, 20);
  EXPECT_EQ(falling.nll.size(), 20U);
  EXPECT_EQ(falling.seconds.size(), 20U);
  EXPECT_LT(falling.nll.back(), falling.nll.front());
  EXPECT_NEAR(tn::negative_log_likelihood(falling.state, features), falling.nll.back(), 1e-4);
  // The order of batches depends on the seed and the pass alone.
  EXPECT_EQ(falling.nll[2], flat.nll[2]);
}

TEST(Course, KeepsTheLastStateBeforeItDiverged) {
  base::Stream stream(3, "study");
  const tn::TensorTrain start{.cores = {stream.normal({1, 2, 2}), stream.normal({2, 2, 1})}};
  const auto features = stream.uniform({10, 2, 2}, 0, 1);
  Course course{.state = start};
  train_by_adam(course, features, {.lr = 1e38, .batch = 10, .passes = 20}, 1, {});
  EXPECT_TRUE(course.diverged);
  EXPECT_LT(course.passes, 20);
  EXPECT_TRUE(std::isfinite(tn::negative_log_likelihood(course.state, features)));
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
                        .passes = 3,
                        .batch = 20,
                        .patience = 3,
                        .shown = 3,
                        .seeds = {1}};
  const auto made = experiment(options);
  ASSERT_EQ(made.cells.size(), methods().size());
  for (const auto& cell : made.cells) {
    const auto result = made.make({.cell = cell, .folder = "", .progress = {}});
    const bool adam = cell.find("tsgo") == std::string::npos,
               turns = cell.find("adam") == std::string::npos;
    ASSERT_EQ(result.at("nll").size(), (adam ? 3U : 0U) + (turns ? 2U : 0U)) << cell;
    EXPECT_EQ(result.at("seconds").size(), result.at("nll").size()) << cell;
    EXPECT_EQ(result.at("passes"), adam ? 3 : 0) << cell;
    EXPECT_EQ(result.at("flat"), false) << cell;
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
  EXPECT_TRUE(is_reduced(options));
  // What comes before the switch is what Adam does alone.
  const auto alone = made.make({.cell = "adam-3e-4-s1", .folder = "", .progress = {}}),
             switched = made.make({.cell = "switched-s1", .folder = "", .progress = {}});
  for (std::size_t k = 0; k < 3; ++k) EXPECT_EQ(alone.at("nll")[k], switched.at("nll")[k]);
}

}  // namespace
}  // namespace ranklens::study::born_machine

#include "ranklens/study/rates.h"

#include <algorithm>
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/files.h"
#include "ranklens/base/json.h"
#include "ranklens/base/product.h"
#include "ranklens/base/threads.h"

#include "study/tiny.h"
#include "testing/expect_error.h"
#include "testing/temporary_folder.h"

namespace ranklens::study {
namespace {

using ranklens::testing::expect_error;
using ranklens::testing::TemporaryFolder;

TEST(Rates, TheLeastHeldOutLossDecides) {
  const double nan = std::nan("");
  EXPECT_EQ(best_rate({{"a", 0.3, 2}, {"a", 1, 1.5}, {"a", 3, 1.7}, {"b", 3, 0.1}}, "a"), 1);
  EXPECT_EQ(best_rate({{"a", 0.3, 1}, {"a", 1, 1}}, "a"), 0.3) << "the careful one of two";
  EXPECT_EQ(best_rate({{"a", 0.3, nan}, {"a", 1, 9}, {"a", 3, nan}}, "a"), 1);
  EXPECT_EQ(best_rate({{"a", 0.3, nan}, {"a", 1, nan}}, "a"), 0.3);
  EXPECT_EQ(best_rate({}, "a"), 1);
}

TEST(Rates, ABestAtAnEndAsksForOneBeyond) {
  const std::vector<double> rates{3, 0.3, 1};
  const auto next = [&](const std::vector<RateTrial>& trials) {
    return next_rate(rates, trials, "a").value_or(0);
  };
  EXPECT_EQ(next({}), 3);
  EXPECT_EQ(next({{"b", 3, 1}, {"a", 3, 1}}), 0.3);
  EXPECT_EQ(next({{"a", 0.3, 2}, {"a", 1, 1}, {"a", 3, 2}}), 0);
  std::vector<RateTrial> falling{{"a", 0.3, 3}, {"a", 1, 2}, {"a", 3, 1}};
  for (const double factor : {9., 27., 81.}) {
    EXPECT_EQ(next(falling), factor);
    falling.push_back({"a", factor, 1 / factor});
  }
  EXPECT_EQ(next(falling), 0) << "no further";
  falling[3].loss = 9;
  EXPECT_EQ(next({falling[0], falling[1], falling[2], falling[3]}), 0);
  // From the lowest, where all diverge, too.
  const double nan = std::nan("");
  EXPECT_EQ(next({{"a", 0.3, 1}, {"a", 1, 2}, {"a", 3, nan}}), 0.09);
  EXPECT_EQ(next({{"a", 0.3, nan}, {"a", 1, nan}, {"a", 3, nan}}), 0.09);
  EXPECT_EQ(next({{"a", 0.09, 1}, {"a", 0.3, 1}, {"a", 1, 2}, {"a", 3, nan}}), 0.027);
  std::vector<RateTrial> lost;
  for (int k = 0; k < 6; ++k) lost.push_back({"a", next(lost), nan});
  EXPECT_EQ(next(lost), 0) << "three below, in whatever order";
  EXPECT_EQ(lost.back().factor, 0.0081);
  EXPECT_EQ(best_rate(lost, "a"), 0.0081);
  std::reverse(lost.begin(), lost.end());
  EXPECT_EQ(best_rate(lost, "a"), 0.0081);
  // Nearer to each other than what names of files tell apart.
  EXPECT_FALSE(next_rate({1, 1.001}, {{"a", 1, 2}, {"a", 1.001, 1}}, "a"));
}

Config tuned() {
  auto config = tiny();
  config.data = "scenes:train=200,test=16,size=32";  // a tenth of each class
  // At a millionth of its rate nothing is learnt, at the last of these numbers overflow.
  config.optimiser = "sgd(lr=0.02)";
  config.rates = {1e30, 1e-6, 1};
  config.arms = {"dense"};
  config.seeds = {1};
  config.methods = {"saliency"};
  return config;
}

TEST(Rates, AreChosenBeforeTheSeedsAndTrainedAt) {
  base::set_threads(1);
  base::set_product_kernel(base::ProductKernel::libtorch);
  const TemporaryFolder folder, plain;
  const auto config = tuned();
  const auto results = run(config, quiet(folder.path()));
  ASSERT_EQ(results.rates.size(), 3U);
  EXPECT_EQ(results.rates[0].factor, 1e-6);
  EXPECT_TRUE(std::isnan(results.rates[2].loss)) << "diverged";
  ASSERT_LT(results.rates[1].loss, results.rates[0].loss);
  EXPECT_EQ(chosen_rate(config, folder.path(), "dense"), 1);
  ASSERT_EQ(results.cells.size(), 1U);
  EXPECT_EQ(results.cells[0].rate, 1);
  EXPECT_EQ(results.cells[0].failure, "");

  // The judged training is that of the chosen rate, on all training images.
  auto alone = config;
  alone.rates = {};
  EXPECT_EQ(run(alone, quiet(plain.path())).cells.at(0).loss, results.cells[0].loss);

  // One that was made on other images is of no use, and so is a cell at another rate.
  const auto tried = folder / "rates" / "dense-x1.json";
  const auto own = base::read_json(tried);
  auto foreign = own;
  foreign["training data"] = "other";
  base::write_json(tried, foreign);
  expect_error([&] { run(config, quiet(folder.path())); }, "was made on other training images");
  foreign.erase("training data");  // as earlier versions left them
  base::write_json(tried, foreign);
  EXPECT_NO_THROW(run(config, quiet(folder.path())));
  base::write_json(tried, own);
  const auto made = folder / "cells" / "dense-s1.json";
  const auto whole = base::read_json(made);
  auto other = whole;
  other["rate"] = 3;
  base::write_json(made, other);
  expect_error([&] { load(config, folder.path()); }, "from seed 1 at 3 times its learning rate");
  base::write_json(made, whole);

  // Nothing is tried twice.
  const auto path = folder / "rates" / "dense-x1.json";
  const auto before = base::read_file(path);
  EXPECT_EQ(run(config, quiet(folder.path())).rates.size(), 3U);
  EXPECT_EQ(base::read_file(path), before);
  auto trial = base::read_json(path);
  trial["identity"] = "0";
  base::write_json(path, trial);
  expect_error([&] { load(config, folder.path()); }, "another configuration");
}

// Of two rates that lie close, one seed's luck chooses; here the files say what each seed found.
TEST(Rates, SeveralSeedsChooseByTheirMean) {
  base::set_threads(1);
  base::set_product_kernel(base::ProductKernel::libtorch);
  const TemporaryFolder folder;
  auto config = tuned();
  config.rates = {1e-6, 1e-3, 1};
  const auto alone = run(config, quiet(folder.path()));
  ASSERT_EQ(alone.cells.size(), 1U);
  config.rate_seeds = 3;
  expect_error([&] { run(config, quiet(folder.path())); }, "rate_seeds is 1 there and 3 here");

  // The first seed's trainings serve as they are.
  const TemporaryFolder more;
  std::filesystem::copy(folder / "rates", more / "rates");
  auto study = base::read_json(folder / "study.json");
  study["rate_seeds"] = 3;
  base::write_json(more / "study.json", study);
  const auto first = base::read_file(more / "rates" / "dense-x1.json");
  const auto results = run(config, quiet(more.path()));
  EXPECT_EQ(base::read_file(more / "rates" / "dense-x1.json"), first);
  ASSERT_EQ(results.rates.size(), 4U) << "and one beyond";
  double sum = 0;
  for (const char* name : {"dense-x1", "dense-x1-s1000000001", "dense-x1-s1000000002"}) {
    const auto object = base::read_json(more / "rates" / (std::string(name) + ".json"));
    sum += object.at("loss").get<double>();
  }
  EXPECT_DOUBLE_EQ(results.rates[2].loss, sum / 3);
  EXPECT_NE(results.rates[2].loss, alone.rates[2].loss);
  EXPECT_EQ(results.cells.at(0).rate, 1);

  const auto found = [&](const char* name, const nlohmann::json& loss) {
    const auto path = more / "rates" / (std::string(name) + ".json");
    auto object = base::read_json(path);
    object["loss"] = loss;
    base::write_json(path, object);
    return chosen_rate(config, more.path(), "dense");
  };
  const auto lucky = base::read_json(more / "rates" / "dense-x1.json").at("loss").get<double>();
  EXPECT_EQ(found("dense-x0.001", lucky - 1e-3), 1);
  auto of_one = config;
  of_one.rate_seeds = 1;
  EXPECT_EQ(chosen_rate(of_one, more.path(), "dense"), 0.001);
  EXPECT_EQ(found("dense-x1-s1000000002", nullptr), 0.001) << "a seed that diverged";
  std::filesystem::remove(more / "rates" / "dense-x0.001-s1000000001.json");
  expect_error([&] { chosen_rate(config, more.path(), "dense"); }, "0.001 times it is missing");
}

TEST(Rates, OneRateIsTakenAsItIs) {
  const TemporaryFolder folder;
  auto config = tuned();
  EXPECT_TRUE(chooses_rates(config));
  expect_error([&] { chosen_rate(config, folder.path(), "dense"); },
               "the learning rate of 'dense' is not decided: the training at 1e+30 times it");
  config.rates = {0.5};
  EXPECT_FALSE(chooses_rates(config));
  EXPECT_EQ(chosen_rate(config, folder.path(), "dense"), 0.5);
  config.rates = {};
  EXPECT_EQ(chosen_rate(config, folder.path(), "dense"), 1);
}

TEST(Rates, WithoutImagesToChooseByNothingIsWritten) {
  const TemporaryFolder folder;
  auto config = tuned();
  config.data = "scenes:train=4,test=16,size=32";
  expect_error([&] { run(config, quiet(folder / "run")); }, "holds out none of the 4 images");
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
}

}  // namespace
}  // namespace ranklens::study

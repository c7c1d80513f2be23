// The trainings of the whole experiments against the published settings.
#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "ranklens/nn/weights/fixed_rank.h"
#include "ranklens/optim/optimiser.h"
#include "ranklens/study/training/counts.h"
#include "ranklens/study/training/reproductions.h"

#include "testing/expect_error.h"

namespace ranklens::study::reproductions {
namespace {

using ranklens::testing::expect_error;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// The whole experiment, on a few generated images.
Options whole() { return {.data = "scenes:train=240,test=80,size=28"}; }

/// Trials by arm, in the order of their seeds.
std::map<std::string, std::vector<Trial>> by_arm(const Reproduction& made) {
  std::map<std::string, std::vector<Trial>> arms;
  for (const auto& trial : made.trials.trials) arms[trial.arm].push_back(trial);
  return arms;
}

const train::FitOptions& fit_of(const std::vector<Trial>& trials, std::size_t phase = 0) {
  return trials.front().phases.at(phase).fit;
}

// As published, but for momentum, the rate's schedule and a tolerance that comes with time.
TEST(Recipes, OfLenetKeepThePublishedLengthsRatesAndRanks) {
  const auto made = lenet_dlrt(whole());
  const auto arms = by_arm(made);
  ASSERT_EQ(arms.size(), 13U);
  for (const char* tau :
       {"0.07", "0.09", "0.11", "0.13", "0.15", "0.2", "0.3", "0.4", "0.45", "0.55"}) {
    const auto& trials = arms.at(fmt::format("tau-{}", tau));
    EXPECT_EQ(trials.size(), 5U) << tau;
    const auto& fit = fit_of(trials);
    EXPECT_EQ(fit.epochs, 20);
    EXPECT_EQ(fit.batch, 128);
    EXPECT_EQ(fit.schedule, "cosine");
    EXPECT_EQ(fit.best_by, train::BestBy::accuracy);
    EXPECT_EQ(fit.best_from, 11);
    // Rates, tolerance from the tenth epoch on (of 390 steps each), and ranks between 2 and half of
    // what each weight can have.
    const auto text = optim::make_optimiser(fit.optimiser)->spec();
    EXPECT_THAT(text, HasSubstr("bug(lr=0.05,s=1"));
    EXPECT_THAT(text, HasSubstr("floor=2"));
    EXPECT_THAT(text, HasSubstr("rule=sgd,momentum=0.9"));
    EXPECT_THAT(text, HasSubstr(fmt::format("tau_end={},over=3900", tau)));
    EXPECT_THAT(text, HasSubstr("layers=conv1::10;conv2::25;head::250"));
    EXPECT_THAT(ranks_of(trials.front().network()),
                ElementsAre(std::pair("conv1.weight", 10), std::pair("conv2.weight", 25),
                            std::pair("head.weight", 250)));
  }
  // The last two rows at their own ranks: 2 x 45 + 4 x 550 + 4 x 1300 numbers, 90 + 1100 + 3900.
  EXPECT_THAT(fit_of(arms.at("tau-0.01-to-7490")).optimiser,
              HasSubstr("budget=7490,budget_over=1300,s=1,floor=2,"
                        "layers=conv1::10:2;conv2::25:4;head::250:4,rule=sgd,momentum=0.9"));
  EXPECT_THAT(fit_of(arms.at("tau-0.01-to-5090")).optimiser,
              HasSubstr("layers=conv1::10:2;conv2::25:2;head::250:3"));
  EXPECT_EQ(fit_of(arms.at("dense")).optimiser, "sgd(lr=0.05,momentum=0.9)");
  EXPECT_EQ(fit_of(arms.at("dense")).epochs, 20);
  EXPECT_EQ(fit_of(arms.at("dense")).best_from, 1);
  // 50,000 / 10,000 / 10,000 of 70,000, drawn anew.
  const auto a = made.trials.data(1), b = made.trials.data(2);
  // Of each class to the whole image below: 4 of 32 are chosen by and told of.
  EXPECT_EQ(a.training.size(), 240);
  EXPECT_EQ(a.validation.size(), 40);
  EXPECT_EQ(a.test.size(), 40);
  EXPECT_THAT(
      made.trials.images,
      HasSubstr("240 to learn from, 40 to choose the epoch by, 40 to tell of, divided anew"));
  EXPECT_NE(a.test.hash, b.test.hash);
}

TEST(Recipes, OfFactorsAreThePublishedOnes) {
  const auto made = uv_vs_dlrt(whole());
  const auto arms = by_arm(made);
  ASSERT_EQ(arms.size(), 18U);
  for (const char* decay : {"d1", "d2", "d10"}) {
    const std::map<std::string, std::size_t> runs{{"uv", 10},        {"bug", 10},
                                                  {"two-pass", 3},   {"parallel", 3},
                                                  {"riemannian", 3}, {"uv-as-coded", 3}};
    for (const auto& [method, count] : runs) {
      const auto& trials = arms.at(fmt::format("{}-{}", method, decay));
      EXPECT_EQ(trials.size(), count) << method;
      EXPECT_TRUE(trials.front().follow_test);
      const auto& fit = fit_of(trials);
      EXPECT_EQ(fit.epochs, 20);
      EXPECT_EQ(fit.batch, 128);
      EXPECT_EQ(fit.schedule, "constant");
      EXPECT_THAT(optim::make_optimiser(fit.optimiser)->spec(), HasSubstr("lr=0.01"));
      EXPECT_EQ(count_weights(trials.front().network()).stored, 5000 + 20 * (45 + 550 + 1300));
    }
    for (const char* method : {"two-pass", "parallel"}) {
      EXPECT_THAT(fit_of(arms.at(fmt::format("{}-{}", method, decay))).optimiser,
                  HasSubstr("floor=20,cap=20,rule=sgd"));
    }
    // As the published code has it: convolutions without the decay, and held.
    const auto coded = arms.at(fmt::format("uv-as-coded-{}", decay))[0].network();
    const auto flat = arms.at("uv-d1")[0].network();
    const auto steep = arms.at(fmt::format("uv-{}", decay))[0].network();
    const auto dense = [](const nn::Network& network, const char* name) {
      return network.state.at(name).weight->dense();
    };
    for (const char* name : {"conv1.weight", "conv2.weight"}) {
      EXPECT_FALSE(coded.state.at(name).trainable);
      EXPECT_TRUE(at::equal(dense(coded, name), dense(flat, name)));
    }
    EXPECT_TRUE(coded.state.at("head.weight").trainable);
    EXPECT_TRUE(at::equal(dense(coded, "head.weight"), dense(steep, "head.weight")));
    for (const auto& [name, rank] : ranks_of(arms.at(fmt::format("bug-{}", decay))[0].network())) {
      EXPECT_EQ(rank, 20) << name;
    }
  }
  // 60,000 / 10,000, and nothing is chosen.
  const auto data = made.trials.data(1);
  EXPECT_EQ(data.validation.size(), 0);
  EXPECT_EQ(data.test.size(), 40);
}

TEST(Recipes, OfDenseNetworksAreThePublishedOnes) {
  const auto made = mlp_dlrt(whole());
  const auto arms = by_arm(made);
  ASSERT_EQ(arms.size(), 30U);
  for (const auto& [width, cap] :
       std::map<std::string, std::int64_t>{{"w200", 100}, {"w500", 250}, {"w784", 350}}) {
    EXPECT_EQ(fit_of(arms.at(fmt::format("{}-dense", width))).optimiser, "adam(lr=1e-3)");
    for (const char* tau :
         {"0.03", "0.05", "0.07", "0.09", "0.11", "0.13", "0.15", "0.17", "0.2"}) {
      const auto& trials = arms.at(fmt::format("{}-tau-{}", width, tau));
      EXPECT_EQ(trials.size(), 3U);
      const auto& fit = fit_of(trials);
      EXPECT_EQ(fit.batch, 256);
      EXPECT_EQ(fit.epochs, 50);
      const auto text = optim::make_optimiser(fit.optimiser)->spec();
      EXPECT_THAT(text, HasSubstr("bug(lr=0.001,s=1,tau=0.03"));
      EXPECT_THAT(text, HasSubstr(fmt::format("tau_end={},over=1950", tau)));
      EXPECT_EQ(fit.best_from, 11);
      EXPECT_THAT(text, HasSubstr(fmt::format("floor=2,cap={}", cap)));
      EXPECT_THAT(text, HasSubstr("rule=adam"));
    }
    const auto ranks = ranks_of(arms.at(fmt::format("{}-tau-0.03", width))[0].network());
    EXPECT_EQ(ranks.size(), 4U);
    for (const auto& [name, rank] : ranks) EXPECT_EQ(rank, cap) << name;
  }
}

TEST(Recipes, OfPruningHaveEqualEpochsAndMoveTheBases) {
  const auto arms = by_arm(train_from_prune(whole()));
  ASSERT_EQ(arms.size(), 2U);
  const auto &pruned = arms.at("pruned"), &scratch = arms.at("from-scratch");
  EXPECT_EQ(pruned.size(), 5U);
  EXPECT_EQ(scratch.size(), 5U);
  EXPECT_EQ(fit_of(pruned, 0).optimiser, "adam(lr=1e-3)");
  EXPECT_EQ(fit_of(pruned, 0).epochs + fit_of(pruned, 1).epochs, fit_of(scratch).epochs);
  for (const auto& fit : {fit_of(pruned, 1), fit_of(scratch)}) {
    EXPECT_THAT(fit.optimiser, HasSubstr("bug(lr=1e-3,tau=0.01,s=1,floor=20,cap=20)"));
    EXPECT_EQ(fit.optimiser.find("fixed_bug"), std::string::npos);
    EXPECT_EQ(fit.batch, 256);
  }
  for (const auto& [name, rank] : ranks_of(scratch[0].network())) EXPECT_EQ(rank, 20) << name;
}

TEST(Recipes, OfTensorTrainsAreThePublishedOnes) {
  const auto made = novikov_mnist(whole());
  const auto arms = by_arm(made);
  ASSERT_EQ(arms.size(), 5U);
  for (const char* arm : {"dense", "r8", "r6"}) {
    EXPECT_EQ(arms.at(arm).size(), 5U);
    EXPECT_EQ(fit_of(arms.at(arm)).optimiser, "sgd(lr=0.05,momentum=0.9,weight_decay=5e-4)");
  }
  // Biases and all; printed are 12,602 and 7,698. The last bond has room for 4.
  EXPECT_EQ(arms.at("r8")[0].network().state.parameters(), 12378);
  EXPECT_EQ(arms.at("r6")[0].network().state.parameters(), 7530);
  EXPECT_EQ(made.trials.data(1).training.height(), 32);
}

TEST(Recipes, OfTuningBeginAtHalfOfWhatWeightsCanHave) {
  auto options = whole();
  options.data = "scenes:train=40,test=20";
  const auto made = fine_tune_effect(options);
  const auto arms = by_arm(made);
  ASSERT_EQ(arms.size(), 4U);
  for (const auto& [arm, trials] : arms) {
    EXPECT_EQ(trials.size(), 3U) << arm;
    // The large ones only for whoever asks.
    EXPECT_EQ(trials[0].asked, arm == "lenet5" || arm == "resnet20") << arm;
    for (const std::size_t phase : {0U, 1U, 2U}) {
      const auto& fit = fit_of(trials, phase);
      EXPECT_EQ(fit.batch, 16);
      EXPECT_EQ(fit.epochs, 20);
      EXPECT_EQ(fit.augment.crop, 4);
      EXPECT_TRUE(fit.augment.flip);
      EXPECT_THAT(optim::make_optimiser(fit.optimiser)->spec(), HasSubstr("momentum=0.1"));
      EXPECT_THAT(fit.optimiser, HasSubstr("lr=0.05"));
    }
    // The same training goes on, and beside it the cores alone, from where the first phase ended.
    EXPECT_EQ(fit_of(trials, 1).optimiser, fit_of(trials, 0).optimiser);
    EXPECT_THAT(fit_of(trials, 2).optimiser, HasSubstr("core("));
    EXPECT_EQ(trials[0].phases[2].from, trials[0].phases[0].name);
    if (arm == "vgg16") continue;  // seconds more
    const auto network = trials[0].network();
    const auto held = trials[0].phases[2].before(network);
    for (const auto& name : network.state.names()) {
      const bool low_rank = ranks_of(network).contains(name);
      EXPECT_EQ(held.state.at(name).trainable, low_rank) << arm << " " << name;
    }
    std::int64_t dense = 0;
    for (const auto& [name, rank] : ranks_of(network)) {
      const auto shape = network.state.at(name).weight->shape();
      std::int64_t columns = 1;
      for (std::size_t k = 1; k < shape.size(); ++k) columns *= shape[k];
      EXPECT_EQ(rank, std::min(shape[0], columns) / 2) << arm << " " << name;
      dense += shape[0] * columns;
    }
    // All but the last layer, and the first of ResNet-20, are in factors.
    EXPECT_GT(static_cast<double>(dense), 0.98 * static_cast<double>(count_weights(network).dense));
  }
}

TEST(Recipes, HaveAsManySeedsAsTheirVerdictsNeed) {
  for (const auto& entry : all()) {
    auto options = whole();
    const auto made = entry.make(options);
    EXPECT_EQ(made.extent, Extent::full);
    for (const auto& [arm, trials] : by_arm(made)) {
      std::set<std::uint64_t> seeds;
      for (const auto& trial : trials) seeds.insert(trial.seed);
      const auto needed = needed_seeds(made, arm);
      EXPECT_GE(static_cast<std::int64_t>(seeds.size()), needed) << entry.name << " " << arm;
      EXPECT_GE(needed, 3) << entry.name << " " << arm;
      EXPECT_LE(needed, 5) << entry.name << " " << arm;
    }
    // Fewer seeds that were asked for change nothing of what a verdict needs.
    options.seeds = {1, 2};
    EXPECT_EQ(needed_seeds(entry.make(options), made.trials.trials[0].arm),
              needed_seeds(made, made.trials.trials[0].arm));
  }
}

TEST(Recipes, ArmsAreThoseThatAreAskedFor) {
  auto options = whole();
  const auto& entry = all().front();
  const auto everything = experiment(entry.make(options).trials);
  options.arms = {"dense", "tau-0.3"};
  const auto made = experiment(entry.make(options).trials);
  EXPECT_EQ(made.cells.size(), 10U);
  EXPECT_THAT(made.cells, ::testing::Contains("tau-0.3-s5"));
  // The folder takes other arms later.
  EXPECT_EQ(made.settings, everything.settings);
  options.arms = {"tau-0.31"};
  expect_error([&] { entry.make(options); }, "lenet-dlrt has no arm 'tau-0.31'; nearest: ");
}

TEST(Recipes, SeedsAreThoseThatAreAskedFor) {
  auto options = whole();
  options.seeds = {7, 3};
  options.arms = {"dense"};
  EXPECT_THAT(experiment(all().front().make(options).trials).cells,
              ::testing::ElementsAre("dense-s7", "dense-s3"));
  // What a folder has of others is told of.
  options.more_seeds = {3, 4};
  const auto more = experiment(all().front().make(options).trials);
  EXPECT_THAT(more.cells, ::testing::ElementsAre("dense-s7", "dense-s3"));
  EXPECT_THAT(more.others, ::testing::Contains("dense-s4"));
  EXPECT_THAT(more.others, ::testing::Contains("tau-0.3-s7"));
  // Of arms of fewer runs, too; those are not asked for.
  auto rest = whole();
  rest.more_seeds = {1, 4, 12};
  const auto uv = std::find_if(all().begin(), all().end(), [](const Entry& one) {
    return std::string(one.name) == "uv-vs-dlrt";
  });
  const auto told = experiment(uv->make(rest).trials);
  EXPECT_THAT(told.others,
              ::testing::IsSupersetOf({"bug-d10-s12", "riemannian-d10-s12", "riemannian-d10-s4"}));
  EXPECT_THAT(told.cells, ::testing::IsSupersetOf({"bug-d10-s4", "riemannian-d10-s1"}));
  EXPECT_EQ(told.cells.size(), 96U);
  options.more_seeds = {};
  // Arms of fewer runs have as many as are asked for.
  options.arms = {};
  options.seeds = {1, 2, 3, 4};
  const auto made = uv_vs_dlrt(options);
  std::map<std::string, int> runs;
  for (const auto& trial : made.trials.trials) ++runs[trial.arm];
  for (const auto& [arm, count] : runs) EXPECT_EQ(count, 4) << arm;
}

// Words after --arms in a help text are arms.
TEST(Recipes, HelpNamesArmsThatThereAre) {
  std::size_t named = 0;
  for (const auto& entry : all()) {
    const std::string text = entry.text;
    const auto at = text.find("--arms ");
    if (at == std::string::npos) continue;
    auto options = whole();
    std::istringstream list(text.substr(at + 7, text.find(' ', at + 7) - at - 7));
    for (std::string arm; std::getline(list, arm, ',');) options.arms.push_back(arm);
    named += options.arms.size();
    EXPECT_NO_THROW(entry.make(options)) << entry.name;
  }
  EXPECT_EQ(named, 2U);
}

TEST(GreyTrials, OwnPartsAreTheDatasOwn) {
  const auto options = whole();
  const auto made = grey_trials("x", options, {.validation = 1. / 6, .own_parts = true});
  const auto all = grey_images(options, 0);
  const auto parts = made.data(1);
  EXPECT_EQ(parts.training.size(), 200);
  EXPECT_EQ(parts.validation.size(), 40);
  EXPECT_EQ(parts.test.size(), 80);
  // In the data's order: the last of the training part choose.
  EXPECT_TRUE(parts.training.images.equal(all.images.narrow(0, 0, 200)));
  EXPECT_TRUE(parts.validation.images.equal(all.images.narrow(0, 200, 40)));
  EXPECT_TRUE(parts.test.images.equal(all.images.narrow(0, 240, 80)));
  EXPECT_EQ(made.data(2).test.hash, parts.test.hash);
  EXPECT_EQ(
      grey_trials("x", options, {.validation = 0, .own_parts = true}).data(1).validation.size(), 0);
}

}  // namespace
}  // namespace ranklens::study::reproductions

#include "ranklens/study/training/mps_sweeps.h"

#include <cmath>
#include <cstdlib>
#include <set>
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/stack.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "ranklens/base/interrupt.h"
#include "ranklens/data/open.h"
#include "ranklens/study/training/reproductions.h"
#include "ranklens/train/checkpoint.h"

#include "testing/expect_error.h"
#include "testing/temporary_folder.h"

namespace ranklens::study::reproductions {
namespace {

using nlohmann::json;
using ranklens::testing::expect_error;
using ranklens::testing::TemporaryFolder;

TrialData few_scenes() {
  const auto open = [](data::Split split) {
    return data::open("scenes:train=60,test=30,size=16", {.split = split, .grey = true});
  };
  return {.training = open(data::Split::train), .validation = {}, .test = open(data::Split::test)};
}

/// Without what a clock measured.
json timeless(json result) {
  auto& phase = result.at("phases")[0];
  phase.erase("seconds");
  for (auto& epoch : phase.at("history")) {
    for (const char* key : {"seconds", "processor_seconds", "images_per_second"}) epoch.erase(key);
  }
  return result;
}

TEST(SiteFeatures, AreMeansOfFourPixelsRowByRow) {
  const auto images = (255 * at::arange(2 * 36, at::kFloat) / 71).to(at::kByte).view({2, 1, 6, 6});
  const auto x = images.to(at::kDouble) / 255;
  const auto linear = site_features(images, SiteMap::linear).to(at::kDouble),
             cosine = site_features(images, SiteMap::cosine).to(at::kDouble),
             quarter = site_features(images, SiteMap::quarter).to(at::kDouble);
  ASSERT_EQ(linear.sizes(), (std::vector<std::int64_t>{2, 9, 2}));
  for (std::int64_t n = 0; n < 2; ++n) {
    for (std::int64_t site = 0; site < 9; ++site) {
      const auto y = 2 * (site / 3), left = 2 * (site % 3);
      const double mean = x[n][0].narrow(0, y, 2).narrow(1, left, 2).mean().item<double>();
      EXPECT_NEAR(linear[n][site][0].item<double>(), 1 - mean, 1e-6);
      EXPECT_NEAR(linear[n][site][1].item<double>(), mean, 1e-6);
      EXPECT_EQ(quarter[n][site][0].item<double>(), 1);
      EXPECT_NEAR(quarter[n][site][1].item<double>(), mean / 4, 1e-6);
      EXPECT_NEAR(cosine[n][site][0].item<double>(), std::cos(M_PI / 2 * mean), 1e-6);
      EXPECT_NEAR(cosine[n][site][1].item<double>(), std::sin(M_PI / 2 * mean), 1e-6);
    }
  }
}

/// Sweeps until so many bonds were solved, then asks for an end as a signal does.
json interrupted_after(int bonds, const MpsSweeps& how, const TrialData& data,
                       const std::filesystem::path& folder) {
  int seen = 0;
  const auto result = run_sweeps(
      how, data,
      {.cell = "sweeps", .folder = folder, .progress = [&](const base::ProgressUpdate& update) {
         EXPECT_GT(update.done, 0);
         EXPECT_LE(update.done, update.total);
         if (++seen == bonds) base::request_interrupt();
       }});
  base::clear_interrupt();
  EXPECT_EQ(seen, bonds);  // it ends at the bond, not at the end of the sweep
  return result;
}

TEST(MpsSweeps, GoOnFromTheLastSweepToTheSameEnd) {
  const TemporaryFolder folder;
  const auto data = few_scenes();
  const MpsSweeps how{.bond = 5, .sweeps = 3, .seed = 4};
  const auto whole = run_sweeps(how, data, {.cell = "sweeps", .folder = "", .progress = {}});
  // 64 sites are 126 bonds there and back: in the first sweep, then in the second.
  EXPECT_TRUE(interrupted_after(40, how, data, folder / "work").is_null());
  EXPECT_FALSE(std::filesystem::exists(train::checkpoint_path(folder / "work")));
  EXPECT_TRUE(interrupted_after(170, how, data, folder / "work").is_null());
  EXPECT_TRUE(std::filesystem::exists(train::checkpoint_path(folder / "work")));
  Experiment::Earlier earlier;
  Experiment::Work work{.cell = "sweeps", .folder = folder / "work", .progress = {}};
  work.earlier = &earlier;
  const auto again = run_sweeps(how, data, work);
  EXPECT_GT(earlier.seconds, 0);
  EXPECT_TRUE(earlier.provenance.contains("threads"));
  work.earlier = nullptr;
  EXPECT_EQ(timeless(again), timeless(whole));
  // All of it is there now: nothing is computed anew.
  int bonds = 0;
  const auto read = run_sweeps(how, data,
                               {.cell = "sweeps",
                                .folder = folder / "work",
                                .progress = [&](const base::ProgressUpdate&) { ++bonds; }});
  EXPECT_EQ(bonds, 0);
  EXPECT_EQ(timeless(read), timeless(whole));
  expect_error([&] { run_sweeps({.bond = 6, .sweeps = 3, .seed = 4}, data, work); },
               "another configuration");
  expect_error([&] { run_sweeps({.bond = 5, .sweeps = 3, .seed = 5}, data, work); }, "seed");
}

TEST(MpsSweeps, DescribeWhatCameOut) {
  const auto data = few_scenes();
  const auto result = run_sweeps({.bond = 6, .sweeps = 2, .map = SiteMap::cosine, .seed = 1}, data,
                                 {.cell = "sweeps", .folder = "", .progress = {}});
  const auto phase = phase_of(result);
  const auto& history = phase.at("history");
  ASSERT_EQ(history.size(), 2U);
  EXPECT_LT(history[1].at("loss").get<double>(), history[0].at("loss").get<double>());
  EXPECT_GT(history[1].at("accuracy").get<double>(), 0.7);
  EXPECT_EQ(history[1].at("observed").at("test_accuracy"), phase.at("test").at("accuracy"));
  EXPECT_EQ(history[1].at("observed").at("rank/mps"), 6);
  EXPECT_EQ(phase.at("ranks").at("mps"), 6);
  EXPECT_EQ(phase.at("best_epoch"), 2);
}

TEST(MpsMnist, TellsOfTheDatasOwnTestImages) {
  const auto made = mps_mnist({.extent = Extent::smoke});
  std::set<std::string> arms;
  for (const auto& trial : made.trials.trials) arms.insert(trial.arm);
  EXPECT_THAT(arms, ::testing::ElementsAre("adam-d10", "sweeps-cosine-d10", "sweeps-d10",
                                           "sweeps-linear-d10", "sweeps-moving-d10"));
  for (const auto& row : made.published) EXPECT_TRUE(arms.contains(row.arm)) << row.arm;
  const auto test =
      data::open("scenes:train=240,test=80,size=28", {.split = data::Split::test, .grey = true});
  for (const std::uint64_t seed : {1, 2}) {
    EXPECT_EQ(made.trials.data(seed).test.hash, test.hash);
    EXPECT_EQ(made.trials.data(seed).training.size(), 240);
  }
  // What the sweeps depend on is among the settings that a folder is held against.
  const auto settings = experiment(made.trials).settings.at("sweeps");
  EXPECT_EQ(settings.at("sweeps-d10").at("map"), "1, x/4");
  EXPECT_EQ(settings.at("sweeps-linear-d10").at("map"), "1-x, x");
  EXPECT_EQ(settings.at("sweeps-cosine-d10").at("map"), "cos, sin");
  EXPECT_EQ(settings.at("sweeps-d10").at("bond"), 10);
  EXPECT_EQ(settings.at("sweeps-d10").at("label"), "middle");
  EXPECT_EQ(settings.at("sweeps-moving-d10").at("label"), "moving");
}

TEST(MpsMnist, LearnsDigits) {
  const char* place = std::getenv("RANKLENS_DATA");
  const std::string folder = place == nullptr ? "" : std::string(place) + "/mnist";
  if (folder.empty() || !std::filesystem::exists(folder)) {
    GTEST_SKIP() << "RANKLENS_DATA names no folder with mnist/ in it";
  }
  const auto open = [&](data::Split split) {
    return data::first(data::open("mnist:" + folder, {.split = split, .grey = true}), 1500);
  };
  const TrialData data{
      .training = open(data::Split::train), .validation = {}, .test = open(data::Split::test)};
  for (const auto map : {SiteMap::quarter, SiteMap::linear, SiteMap::cosine}) {
    const auto result = run_sweeps({.bond = 10, .sweeps = 1, .map = map, .seed = 1}, data,
                                   {.cell = "sweeps", .folder = "", .progress = {}});
    const auto phase = phase_of(result);
    const bool linear = map != SiteMap::cosine;
    EXPECT_GT(phase.at("history")[0].at("accuracy").get<double>(), linear ? 0.85 : 0.65);
    EXPECT_GT(phase.at("test").at("accuracy").get<double>(), linear ? 0.7 : 0.5);
  }
}

}  // namespace
}  // namespace ranklens::study::reproductions

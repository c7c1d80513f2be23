// What is told of experiments that are run in part.
#include <algorithm>
#include <set>
#include <string>

#include <gmock/gmock.h>

#include "ranklens/study/training/reproductions.h"

#include "testing/expect_error.h"

namespace ranklens::study::reproductions {
namespace {

using ranklens::testing::expect_error;
using ::testing::HasSubstr;

/// Steps in which the tolerance of a recipe rises; 0 where it does not.
std::int64_t rising_steps(const std::string& optimiser) {
  const std::string key = ",over=";
  const auto at = optimiser.find(key);
  return at == std::string::npos ? 0 : std::stoll(optimiser.substr(at + key.size()));
}

// A tolerance that rises must be there before the epoch is chosen, however few the images are.
TEST(ShorterExtents, ReachTheirTolerances) {
  for (const auto extent : {Extent::quick, Extent::smoke}) {
    for (auto* make : {&lenet_dlrt, &mlp_dlrt}) {
      const auto made = make({.extent = extent, .data = "scenes:train=1500,test=300,size=28"});
      const auto images = made.trials.data(1).training.size();
      int rising = 0;
      for (const auto& trial : made.trials.trials) {
        const auto& fit = trial.phases[0].fit;
        const auto steps = rising_steps(fit.optimiser);
        if (steps == 0) continue;
        const auto before = (fit.best_from - 1) * (images / fit.batch);
        EXPECT_LE(steps, std::max<std::int64_t>(1, before)) << made.trials.name << ' ' << trial.arm;
        EXPECT_LE(fit.best_from, fit.epochs);
        ++rising;
      }
      EXPECT_GE(rising, 2) << made.trials.name;
    }
  }
}

TEST(ShorterExtents, SaySo) {
  for (const auto& entry : all()) {
    const auto made = entry.make({.extent = Extent::smoke});
    EXPECT_EQ(made.trials.name, entry.name);
    EXPECT_EQ(made.extent, Extent::smoke) << entry.name;
    EXPECT_THAT(made.trials.images, HasSubstr("to learn from")) << entry.name;
    std::set<std::string> names;
    for (const auto& trial : made.trials.trials) names.insert(name_of(trial));
    EXPECT_EQ(names.size(), made.trials.trials.size()) << entry.name;
    EXPECT_GE(experiment(made.trials).cells.size(), 2U) << entry.name;
  }
  expect_error([] { lenet_dlrt({}); }, "--data mnist:DIR");
  expect_error([] { fine_tune_effect({}); }, "--data cifar10:DIR");
}

}  // namespace
}  // namespace ranklens::study::reproductions

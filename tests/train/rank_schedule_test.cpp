// Schedules of ranks in a training, by what each epoch observed.
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "ranklens/base/error.h"

#include "testing/expect_error.h"
#include "train/tiny.h"

namespace ranklens::train {
namespace {

std::vector<double> ranks(const std::string& optimiser, const std::string& layer) {
  const auto result = fit(low_rank_network(), tiny_data(60, 1), {},
                          {.epochs = 8, .batch = 20, .optimiser = optimiser, .seed = 1});
  std::vector<double> found;
  for (const auto& epoch : result.history) {
    found.push_back(epoch.observed.at("rank/" + layer + ".weight"));
  }
  return found;
}

// Three steps an epoch: nothing changes after the second one, though tau would cut more off.
TEST(RankSchedules, RanksAreHeld) {
  const auto free = ranks("bug(lr=0.02,tau=0.01,tau_end=0.5,over=24,s=2)", "fc1");
  const auto held = ranks("bug(lr=0.02,tau=0.01,tau_end=0.5,over=24,s=2,hold=6)", "fc1");
  EXPECT_EQ(free[0], held[0]);
  EXPECT_EQ(free[1], held[1]);
  for (std::size_t k = 2; k < held.size(); ++k) EXPECT_EQ(held[k], held[1]) << k;
  EXPECT_LT(free.back(), held.back());
}

TEST(RankSchedules, LayersHaveTheirOwnTolerance) {
  const char* spec = "bug(lr=0.02,tau=0.02,layers=fc2:0.6:3,s=2)";
  EXPECT_GT(ranks(spec, "fc1").back(), 3);
  for (const double rank : ranks(spec, "fc2")) EXPECT_LE(rank, 3);
  testing::expect_error([] { ranks("bug(layers=fc3:0.1)", "fc1"); }, "nearest: 'fc1'");
}

}  // namespace
}  // namespace ranklens::train

#include "ranklens/train/throughput.h"

#include <gtest/gtest.h>

#include "testing/expect_error.h"
#include "train/tiny.h"

namespace ranklens::train {
namespace {

using ranklens::testing::expect_error;

ThroughputOptions briefly(std::vector<std::string> optimisers) {
  return {.batch = 8, .seconds = 0.01, .optimisers = std::move(optimisers)};
}

TEST(Throughput, EachNetworkIsTrainedByItsOwnOptimiser) {
  const std::vector<nn::Network> networks{tiny_network(), tiny_network()};
  const auto before = networks[1].state.clone();
  for (const auto& speed : throughput(networks, briefly({"adam", "bug(tau=0.1)"}))) {
    EXPECT_GT(speed.forward, 0);
    EXPECT_GT(speed.training, 0);
  }
  EXPECT_TRUE(same_state(networks[1].state, before));
  // A sweep has nothing to do in a weight of low rank, and says so: it was asked.
  expect_error([&] { throughput(networks, briefly({"adam", "dmrg"})); }, "dmrg");
  expect_error([&] { throughput(networks, briefly({"dmrg"})); }, "dmrg");
  expect_error([&] { throughput(networks, briefly({"adam", "adam", "adam"})); },
               "3 optimisers are given for 2 networks");
}

TEST(Throughput, ForwardPassesAloneTakeNoSteps) {
  auto options = briefly({"dmrg"});
  options.training = false;
  const auto found = throughput({tiny_network()}, options);
  EXPECT_GT(found.at(0).forward, 0);
  EXPECT_EQ(found.at(0).training, 0);
}

}  // namespace
}  // namespace ranklens::train

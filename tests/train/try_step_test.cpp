#include "ranklens/train/try_step.h"

#include <gtest/gtest.h>

#include "testing/expect_error.h"
#include "testing/temporary_folder.h"
#include "train/tiny.h"

namespace ranklens::train {
namespace {

using ranklens::testing::expect_error;

TEST(TryStep, LeavesTheNetworkAsItIs) {
  const auto network = tiny_network();
  const auto before = network.state.clone();
  for (const auto* spec : {"adam", "sgd(lr=0.1)", "bug(tau=0.1)"})
    EXPECT_NO_THROW(try_step(network, tiny_data(5, 1), spec)) << spec;
  EXPECT_TRUE(same_state(network.state, before));
}

TEST(TryStep, SaysWhatTheOptimiserCannotDo) {
  const auto data = tiny_data(5, 1);
  expect_error([&] { try_step(linear_network(), data, "bug(tau=0.1)"); }, "bug");
  expect_error([&] { try_step(tiny_network(), data, "riemannian_adam"); }, "riemannian_adam");
  expect_error([&] { try_step(tiny_network(), data, "bug(tau=0.1,layers=conv*:0.1)"); }, "conv*");
}

TEST(TryStep, ATrainingRefusesBeforeItsFolderIsMade) {
  const ranklens::testing::TemporaryFolder folder;
  expect_error(
      [&] {
        fit(linear_network(), tiny_data(8, 1), {},
            {.epochs = 1, .batch = 4, .optimiser = "bug(tau=0.1)", .folder = folder / "run"});
      },
      "bug");
  EXPECT_FALSE(std::filesystem::exists(folder / "run"));
}

}  // namespace
}  // namespace ranklens::train

// Ranks that are found in training, in the files that a run goes on from; and what an epoch is said
// to have been, when its last batch is short.
#include <string>

#include <gtest/gtest.h>

#include "ranklens/nn/model_file.h"
#include "ranklens/train/evaluate.h"

#include "testing/temporary_folder.h"
#include "train/tiny.h"

namespace ranklens::train {
namespace {

std::int64_t rank_of(const nn::Network& network) {
  return network.state.at("fc1.weight").weight->factors().front().tensor.size(1);
}

// A checkpoint holds two networks, the last and the best, each with ranks of its own, and moments
// of the last one's.
TEST(CheckpointRanks, OfTheLastAndOfTheBestNetworkSurviveInterruptions) {
  // Hardly anything can be learnt: the best epoch is an early one, of higher ranks.
  const auto data = tiny_data(60, 1, 0.03), validation = tiny_data(40, 2, 0.03);
  FitOptions options{.epochs = 10,
                     .batch = 20,
                     .optimiser = "bug(lr=0.05,tau=0.01,tau_end=0.6,over=24)",
                     .seed = 1};
  const auto expected = fit(low_rank_network(), data, validation, options);
  EXPECT_GT(rank_of(expected.best), rank_of(expected.last));
  EXPECT_NE(rank_of(expected.best), 6);
  EXPECT_NE(rank_of(expected.last), 6);
  const ranklens::testing::TemporaryFolder folder;
  options.folder = folder / "run";
  int stops = 0;
  const auto result = fit_with_stops(low_rank_network(), data, validation, options, 4, stops);
  EXPECT_GE(stops, 6);
  EXPECT_TRUE(same_state(result.last.state, expected.last.state));
  EXPECT_TRUE(same_state(result.best.state, expected.best.state));
  for (const auto& network : {result.best, result.last}) {
    nn::write_model(folder / "model.safetensors", {.network = network});
    const auto again = nn::read_model(folder / "model.safetensors").network;
    EXPECT_EQ(rank_of(again), rank_of(network));
    EXPECT_TRUE(again(validation.images).equal(network(validation.images)));
  }
}

// Seven images in batches of three: each image counts alike, though the last batch has one.
TEST(TrainingMetrics, WeighImagesAlike) {
  const auto data = tiny_data(7, 3);
  const auto network = linear_network();
  const auto result =
      fit(network, data, {}, {.epochs = 1, .batch = 3, .optimiser = "sgd(lr=1e-12)"});
  const auto found = evaluate(network, data);
  EXPECT_NEAR(result.history[0].loss, found.loss, 1e-6);
  EXPECT_NEAR(result.history[0].accuracy, found.accuracy, 1e-12);
  double unweighted = 0;
  for (const auto& [from, count] : {std::pair{0, 3}, {3, 3}, {6, 1}}) {
    data::Dataset part = data;
    part.images = data.images.narrow(0, from, count);
    part.labels = data.labels.narrow(0, from, count);
    unweighted += evaluate(network, part).loss / 3;
  }
  EXPECT_GT(std::abs(unweighted - found.loss), 1e-3);
}

}  // namespace
}  // namespace ranklens::train

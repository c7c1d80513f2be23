#include "ranklens/study/training/two_core_trains.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "ranklens/data/open.h"
#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/study/training/counts.h"
#include "ranklens/study/training/decaying.h"
#include "ranklens/train/fit.h"

namespace ranklens::study::reproductions {
namespace {

at::Tensor dense(const nn::Network& network, const std::string& name) {
  return network.state.at(name).weight->dense();
}

double distance(const nn::Network& a, const nn::Network& b, const std::string& name) {
  const auto from = dense(a, name);
  return ((from - dense(b, name)).norm() / from.norm()).item<double>();
}

nn::Network lenet_of_rank(std::int64_t rank, std::uint64_t seed) {
  return nn::zoo::lenet5(
      {.layers = fmt::format("conv*: low_rank(r={0}); head: low_rank(r={0})", rank), .seed = seed});
}

TEST(TwoCoreTrains, AreTheSameMatrices) {
  const auto matrices = lenet_of_rank(6, 1), trains = as_two_core_trains(matrices);
  for (const char* name : {"conv1.weight", "conv2.weight", "head.weight"}) {
    EXPECT_EQ(trains.state.at(name).weight->kind(), "tt") << name;
    EXPECT_EQ(dense(trains, name).sizes(), dense(matrices, name).sizes()) << name;
    EXPECT_LT(distance(matrices, trains, name), 1e-6) << name;
  }
  EXPECT_EQ(count_weights(trains).stored, count_weights(matrices).stored);
  EXPECT_EQ(ranks_of(trains), ranks_of(matrices));
  EXPECT_EQ(ranks_of(trains).at("head.weight"), 6);
  EXPECT_TRUE(at::equal(dense(trains, "classifier.weight"), dense(matrices, "classifier.weight")));
}

// Two methods by different code, one on factors of matrices and one on trains: each step of
// parallel BUG at a fixed rank is one of Riemannian gradient descent.
TEST(TwoCoreTrains, ParallelBugAtAFixedRankIsRiemannianDescent) {
  const auto images = data::open("scenes:train=160,test=80,size=28", {.grey = true});
  for (const double decay : {1., 2.}) {
    const auto start = with_decaying_values(lenet_of_rank(6, 2), decay, 2);
    const auto trained = [&](const nn::Network& network, const char* optimiser) {
      return train::fit(network, images, {},
                        {.epochs = 1, .batch = 40, .optimiser = optimiser, .seed = 2})
          .last;
    };
    const auto parallel = trained(start, "parallel_bug(lr=1,tau=0.01,floor=6,cap=6,rule=sgd)");
    const auto riemannian = trained(as_two_core_trains(start), "riemannian_sgd(lr=1)");
    const auto factors = trained(start, "sgd(lr=1)");
    for (const char* name : {"conv1.weight", "conv2.weight", "head.weight"}) {
      const auto moved = distance(start, parallel, name);
      EXPECT_LT(distance(parallel, riemannian, name), 0.01 * moved) << name << " " << decay;
      // Descent on the factors goes elsewhere.
      EXPECT_GT(distance(parallel, factors, name), 0.1 * moved) << name << " " << decay;
    }
  }
}

}  // namespace
}  // namespace ranklens::study::reproductions

// Ranks and weights found in one training: what is cut off after each step costs nothing that
// further training at the ranks found would bring back. A truncation that leaves another matrix
// does: then a second phase, which cuts nothing off, is far ahead.
#include <gtest/gtest.h>

#include "train/tiny.h"

namespace ranklens::train {
namespace {

/// Two layers of half their full rank and a dense one.
nn::Network wide_start() {
  nn::GraphBuilder g("fc*: low_rank(r=12)");
  auto x = g.flatten("flat", g.input("image", {1, 8, 8}));
  x = g.relu("relu1", g.linear("fc1", x, {.out = 24, .init = nn::he_uniform}));
  x = g.relu("relu2", g.linear("fc2", x, {.out = 24, .init = nn::he_uniform}));
  g.linear("head", x, {.out = 3});
  return g.build(1);
}

double held_out_accuracy(const FitResult& result) {
  return result.history.back().validation_accuracy;
}

TEST(OnePhase, ReachesWhatASecondPhaseAtItsRanksReaches) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    SCOPED_TRACE(seed);
    const auto training = tiny_data(240, 2 * seed, 0.2),
               held_out = tiny_data(300, 2 * seed + 1, 0.2);
    FitOptions options{
        .epochs = 15, .batch = 20, .optimiser = "bug(lr=0.2,tau=0.3,rule=sgd)", .seed = seed};
    const auto alone = fit(wide_start(), training, held_out, options);
    EXPECT_GT(held_out_accuracy(alone), 0.95);
    for (const char* rank : {"rank/fc1.weight", "rank/fc2.weight"})
      EXPECT_LE(alone.history.back().observed.at(rank), 8) << rank;
    options.epochs = 7;
    for (const char* second : {"fixed_bug(lr=0.2,rule=sgd)", "core(lr=0.2,rule=sgd)"}) {
      options.optimiser = second;
      const auto tuned = fit(alone.last, training, held_out, options);
      EXPECT_LT(held_out_accuracy(tuned), held_out_accuracy(alone) + 0.03) << second;
    }
  }
}

}  // namespace
}  // namespace ranklens::train

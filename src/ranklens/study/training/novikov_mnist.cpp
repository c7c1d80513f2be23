// Novikov, Podoprikhin, Osokin, Vetrov 2015, section 6.1: MNIST scaled to 32x32, a hidden layer of
// 1024 and the last one, both as tensor trains of rank 8 or 6, stochastic gradients with momentum
// 0.9 and an L2 penalty of 5e-4. Printed: 1.6 % error with 12,602 parameters, 1.9 % with 7,698, and
// 1.9 % of the dense network. The modes of the last layer are not printed; the ones here come
// near those counts (12,378 and 7,530).
#include <fmt/format.h>

#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/study/training/reproductions.h"

namespace ranklens::study::reproductions {
namespace {

std::string trains_of_rank(std::int64_t rank) {
  return fmt::format(
      "fc1: tt(out=4x8x8x4,in=4x8x8x4,r={0}); classifier: tt(out=2x5x1x1,in=4x8x8x4,r={0})", rank);
}

}  // namespace

Reproduction novikov_mnist(const Options& options) {
  auto trials =
      grey_trials("novikov-mnist", options, {.validation = 1. / 12, .side = 32, .own_parts = true});
  struct Form {
    const char* arm;
    std::int64_t rank;
    const char* optimiser;
  };
  constexpr Form kForms[] = {{"dense", 0, "sgd(lr=0.05,momentum=0.9,weight_decay=5e-4)"},
                             {"r8", 8, "sgd(lr=0.05,momentum=0.9,weight_decay=5e-4)"},
                             {"r6", 6, "sgd(lr=0.05,momentum=0.9,weight_decay=5e-4)"},
                             {"r8-adam", 8, "adam(lr=2e-3)"},
                             {"r6-adam", 6, "adam(lr=2e-3)"}};
  for (const auto seed : seeds_of(options, 5)) {
    for (const auto& form : kForms) {
      trials.trials.push_back({.arm = form.arm,
                               .seed = seed,
                               .network =
                                   [seed, rank = form.rank] {
                                     return nn::zoo::mlp(
                                         {.size = 32,
                                          .hidden = {1024},
                                          .layers = rank > 0 ? trains_of_rank(rank) : "",
                                          .seed = seed});
                                   },
                               .phases = {{.fit = {.epochs = epochs_of(options, 30, 4),
                                                   .batch = 100,
                                                   .optimiser = form.optimiser,
                                                   .schedule = "cosine",
                                                   .best_by = train::BestBy::accuracy}}}});
    }
  }
  return {.trials = std::move(trials),
          .published =
              {{"dense", .981}, {"r8", .984}, {"r6", .981}, {"r8-adam", .984}, {"r6-adam", .981}},
          .seeds = 5};
}

}  // namespace ranklens::study::reproductions

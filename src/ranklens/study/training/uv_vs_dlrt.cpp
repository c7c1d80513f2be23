// The comparison of Schotthöfer et al. 2022, figure "robustness to small singular values", in the
// runs published with the code: LeNet5, rank 20 in its three large layers, SGD of 0.01, batches of
// 128, 20 epochs, 10 runs, images divided anew 60,000 / 10,000.
#include <fmt/format.h>

#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/study/training/decaying.h"
#include "ranklens/study/training/reproductions.h"

namespace ranklens::study::reproductions {
namespace {

struct Method {
  const char* name;
  const char* optimiser;
  std::int64_t runs;
};

/// Ranks stay at 20: floor and cap are the same.
constexpr Method kMethods[] = {
    {"uv", "sgd(lr=0.01)", 10},
    {"bug", "fixed_bug(lr=0.01,rule=sgd)", 10},
    {"two-pass", "bug(lr=0.01,tau=0.01,floor=20,cap=20,rule=sgd)", 3},
    {"parallel", "parallel_bug(lr=0.01,tau=0.01,floor=20,cap=20,rule=sgd)", 3}};

}  // namespace

Reproduction uv_vs_dlrt(const Options& options) {
  const bool full = options.extent == Extent::full;
  auto trials = grey_trials("uv-vs-dlrt", options, {.validation = 0});
  const auto seeds = seeds_of(options, 10);
  for (std::size_t k = 0; k < seeds.size(); ++k) {
    for (const double decay : full ? std::vector<double>{1, 2, 10} : std::vector<double>{2}) {
      for (const auto& method : kMethods) {
        if (full && options.seeds == 0 && static_cast<std::int64_t>(k) >= method.runs) continue;
        trials.trials.push_back(
            {.arm = fmt::format("{}-d{}", method.name, decay),
             .seed = seeds[k],
             .network =
                 [seed = seeds[k], decay] {
                   const auto fresh = nn::zoo::lenet5(
                       {.layers = "conv*: low_rank(r=20); head: low_rank(r=20)", .seed = seed});
                   return with_decaying_values(fresh, decay, seed);
                 },
             .phases = {{.fit = {.epochs = epochs_of(options, 20, 4),
                                 .batch = 128,
                                 .optimiser = method.optimiser}}},
             .follow_test = true});
      }
    }
  }
  // After 20 epochs, means of 10 runs.
  return {std::move(trials),
          {{"bug-d1", .9781},
           {"uv-d1", .9374},
           {"bug-d2", .9729},
           {"uv-d2", .9091},
           {"bug-d10", .9707},
           {"uv-d10", .8624}}};
}

}  // namespace ranklens::study::reproductions

// From a trained dense network to one of rank 20, as in the authors' TensorFlow code (Schotthöfer
// et al. 2022): cut to the best of that rank, then trained there by Adam. Beside it, with as many
// epochs in all, a network that is at rank 20 from the start.
#include "ranklens/nn/zoo/zoo.h"
#include "ranklens/study/training/decaying.h"
#include "ranklens/study/training/reproductions.h"

namespace ranklens::study::reproductions {
namespace {

constexpr const char* kPruneDense = "adam(lr=1e-3)";
/// Floor and cap hold the rank. Bases move with the core: what augments them competes for the 20
/// places, and one rate and one rule are those of the whole weight.
constexpr const char* kPruneAtRank = "bug(lr=1e-3,tau=0.01,s=1,floor=20,cap=20)";

nn::Network hidden_network(const Options& options, bool low_rank, std::uint64_t seed) {
  const std::int64_t width = options.extent == Extent::full ? 500 : 200;
  return nn::zoo::mlp({.hidden = {width, width, width, width},
                       .layers = low_rank ? "fc*: low_rank(r=20)" : "",
                       .seed = seed});
}

Phase pruning_phase(const char* name, const char* optimiser, std::int64_t epochs) {
  return {.name = name,
          .fit = {.epochs = epochs,
                  .batch = 256,
                  .optimiser = optimiser,
                  .best_by = train::BestBy::accuracy}};
}

}  // namespace

Reproduction train_from_prune(const Options& options) {
  Reproduction made{.trials = grey_trials("train-from-prune", options), .seeds = 5};
  const auto epochs = epochs_of(options, 10, 2);
  const auto add = [&](const char* arm, std::uint64_t seed, bool low_rank,
                       std::vector<Phase> phases) {
    made.trials.trials.push_back(
        {.arm = arm,
         .seed = seed,
         .network = [options, low_rank, seed] { return hidden_network(options, low_rank, seed); },
         .phases = std::move(phases)});
  };
  for (const auto seed : seeds_of(options, made.seeds)) {
    auto pruned = pruning_phase("at rank 20", kPruneAtRank, epochs);
    pruned.before = [](const nn::Network& dense) {
      return cut_to_rank(dense, 20, {"fc1", "fc2", "fc3", "fc4"});
    };
    add("pruned", seed, false, {pruning_phase("dense", kPruneDense, epochs), pruned});
    add("from-scratch", seed, true, {pruning_phase("at rank 20", kPruneAtRank, 2 * epochs)});
  }
  return made;
}

}  // namespace ranklens::study::reproductions

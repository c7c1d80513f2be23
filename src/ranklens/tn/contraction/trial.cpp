#include "ranklens/tn/contraction/trial.h"

#include <algorithm>
#include <cmath>

#include "ranklens/tn/contraction/assembly.h"
#include "ranklens/tn/contraction/bisection.h"
#include "ranklens/tn/contraction/greedy.h"
#include "ranklens/tn/contraction/refine.h"

namespace ranklens::tn {
namespace {

constexpr int kMendWidth = 8, kMendRounds = 20;
constexpr std::uint64_t kPlain = 8;  // first trials, whose elimination is not perturbed
constexpr int kSweeps = 1500;        // of annealing where a number of trials is given
constexpr double kMostBits = 4e9;
constexpr std::size_t kMostEliminated = 2048;  // the graph of labels is a matrix of bits

double log_uniform(double low, double high, Random& random) {
  return low * std::pow(high / low, random.uniform());
}

GreedyOptions greedy_options(std::uint64_t number, Random& random) {
  if (number == 0) return {.rule = GreedyRule::growth};
  if (number == 1) return {.rule = GreedyRule::step};
  // Take large tensors up first, so that one front moves through the network: 2^40 times as cheap
  // on lattices in three dimensions (with noise that breaks ties only), 2^35 on circuits (without).
  if (number == 2) return {.rule = GreedyRule::growth, .alpha = 4};
  if (number == 3) return {.rule = GreedyRule::growth, .alpha = 4, .temperature = 0.003};
  return {.rule = random.below(8) == 0 ? GreedyRule::step : GreedyRule::growth,
          .alpha = log_uniform(0.25, 8, random),
          .temperature = log_uniform(0.003, 1, random)};
}

BisectionOptions bisection_options(Random& random) {
  return {.imbalance = log_uniform(0.02, 0.8, random), .leaf = 4 + random.below(8)};
}

/// Temperatures are in units of what one bit of a tensor weighs.
double weight_of_a_bit(Minimize minimize) {
  return step_weight(minimize, 1, 1) - step_weight(minimize, 0, 0);
}

Annealing annealing_of(const Trial& trial, const PlanOptions& options, Random& random) {
  const double bit = weight_of_a_bit(options.minimize);
  const double hottest =
      trial.from == nullptr ? log_uniform(1, 10, random) : log_uniform(0.2, 1, random);
  return {
      .hottest = bit * hottest, .coldest = bit * 0.07, .sweeps = kSweeps, .seconds = trial.seconds};
}

Path first_path(const Network& network, const Trial& trial, Random& random) {
  switch (trial.method) {
    case Method::elimination:
      if (!can_eliminate(network))
        return greedy_path(network, greedy_options(trial.number, random), random);
      return elimination_path(
          network,
          min_fill_order(network, trial.number < kPlain ? 0 : log_uniform(0.05, 1, random), random),
          random);
    case Method::bisection:
      return bisection_path(network, bisection_options(random), random);
    case Method::dissection:
      return dissection_path(network, bisection_options(random), random);
    case Method::annealing:
      if (trial.from != nullptr) return trial.from->path;
      return greedy_path(network, {}, random);
    default:
      return greedy_path(network, greedy_options(trial.number, random), random);
  }
}

}  // namespace

bool can_refine(const Network& network) {
  return 2.0 * static_cast<double>(network.terms.size()) * static_cast<double>(network.labels()) <
         kMostBits;
}

bool can_eliminate(const Network& network) {
  return can_refine(network) && network.labels() <= kMostEliminated;
}

Candidate run_trial(const Network& network, const PlanOptions& options, const Trial& trial,
                    const Deadline& deadline) {
  Random random(options.seed, trial.number * 16 + static_cast<std::uint64_t>(trial.method));
  auto path = first_path(network, trial, random);
  if (!can_refine(network))
    return {.weight = path_weight(network, path, options.minimize), .path = std::move(path)};
  Tree tree(network, path);
  if (trial.method == Method::annealing) {
    anneal(tree, options.minimize, annealing_of(trial, options, random), random, deadline);
  }
  const auto mended = trial.seconds > 0 ? deadline.within(trial.seconds) : deadline;
  reconfigure(tree, options.minimize, kMendWidth, kMendRounds, random, mended);
  const bool greedy = trial.method == Method::elimination && !can_eliminate(network);
  return {.weight = tree.total(options.minimize),
          .path = tree.path(),
          .method = greedy ? Method::greedy : trial.method};
}

}  // namespace ranklens::tn

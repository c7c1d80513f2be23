#include "ranklens/tn/contraction/search.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <iterator>
#include <mutex>
#include <optional>
#include <thread>

#include "ranklens/base/error.h"
#include "ranklens/tn/contraction/exact.h"
#include "ranklens/tn/contraction/trial.h"

namespace ranklens::tn {
namespace {

constexpr std::size_t kPool = 6;
constexpr double kSameWeight = 1e-9;
// Of the whole time: exact search where it is one of many, and annealing by round.
constexpr double kExactShare = 0.1;
constexpr double kAnnealingShares[] = {0.01, 0.01, 0.05, 0.8};
// From this round on a trial a thread: one long annealing finds what many short ones do not (on a
// cubic lattice of 360 tensors paths of a quarter of the multiply-adds).
constexpr int kLongRound = 3;
constexpr int kTrialsAtOnce = 4;
constexpr std::size_t kExactSets = 300'000, kExactSetsAlone = 5'000'000;

/// Runs body(k) for k < count on so many threads; the first exception reaches the caller.
template <class Body>
void on_threads(int threads, std::size_t count, const Body& body) {
  std::atomic<std::size_t> next{0};
  std::exception_ptr failure;
  std::mutex lock;
  const auto work = [&] {
    try {
      for (auto k = next++; k < count; k = next++) body(k);
    } catch (...) {
      const std::lock_guard guard(lock);
      failure = std::current_exception();
    }
  };
  std::vector<std::jthread> others;
  for (int k = 1; k < std::min<int>(threads, static_cast<int>(count)); ++k)
    others.emplace_back(work);
  work();
  others.clear();
  if (failure) std::rethrow_exception(failure);
}

/// Rounds of trials that run side by side; what a round starts from was found before it, so that
/// the result does not depend on which trial ends first.
class Rounds {
 public:
  Rounds(const Network& network, const PlanOptions& options, const Deadline& deadline)
      : network_(network),
        options_(options),
        deadline_(deadline),
        width_(options.trials > 0 ? kTrialsAtOnce : std::max(kTrialsAtOnce, 2 * options.threads)) {}

  SearchResult run() {
    const auto small = network_.terms.size() <= 2;
    run_round(first_round());
    if (!small && wants_exact()) try_exact();
    result_.sure |= small;
    for (int round = 0; !result_.sure && !finished(); ++round) run_round(next_round(round));
    return std::move(result_);
  }

 private:
  bool automatic() const { return options_.method == Method::automatic && can_refine(network_); }

  bool finished() const {
    return options_.trials > 0 ? result_.trials >= options_.trials : deadline_.passed();
  }

  /// Without random choices; at least one is run whatever the time.
  std::vector<Trial> first_round() const {
    if (!can_refine(network_)) return {{.method = Method::greedy, .number = 0}};
    if (automatic() || options_.method == Method::greedy) {
      return fixed_greedy(annealing_seconds(0));
    }
    if (options_.method == Method::exact) return {{.method = Method::greedy}};
    return {{.method = options_.method, .seconds = annealing_seconds(0)}};
  }

  static std::vector<Trial> fixed_greedy(double seconds) {
    std::vector<Trial> trials;
    for (std::uint64_t number = 0; number < kFixedGreedy; ++number) {
      trials.push_back({.method = Method::greedy, .number = number, .seconds = seconds});
    }
    return trials;
  }

  double annealing_seconds(int round) const {
    if (options_.trials > 0) return 0;
    const auto last = static_cast<int>(std::size(kAnnealingShares)) - 1;
    const double wanted = options_.seconds * kAnnealingShares[std::min(round, last)];
    return std::clamp(0.9 * deadline_.left(), 1e-3, std::max(wanted, 1e-3));
  }

  /// Of trials as long as their rounds' shares of the time; where those are numbers of sweeps, all
  /// are alike.
  bool is_long(int round) const { return options_.trials == 0 && round >= kLongRound; }

  std::vector<Trial> next_round(int round) {
    std::vector<Trial> trials;
    for (int k = 0; k < (is_long(round) ? options_.threads : width_); ++k) {
      const auto number = kFixedGreedy + static_cast<std::uint64_t>(round * width_ + k);
      if (!can_refine(network_)) {
        trials.push_back({.method = Method::greedy, .number = number});
      } else if (automatic()) {
        trials.push_back(mixed_trial(round, k, number));
      } else {
        trials.push_back(
            {.method = options_.method, .number = number, .seconds = annealing_seconds(round)});
        if (options_.method == Method::annealing) start_annealing(trials.back(), round, k);
      }
    }
    return trials;
  }

  /// Fresh trees of all kinds for two rounds; later annealing of the best, and one in four fresh.
  Trial mixed_trial(int round, int k, std::uint64_t number) {
    constexpr Method kFresh[] = {Method::greedy, Method::bisection, Method::dissection,
                                 Method::elimination, Method::greedy};
    if (round < 2 || (k % 4 == 3 && !is_long(round))) {
      return {.method = kFresh[static_cast<std::size_t>(number) % std::size(kFresh)],
              .number = number,
              .seconds = annealing_seconds(round)};
    }
    Trial trial{.method = Method::annealing, .number = number};
    start_annealing(trial, round, k);
    return trial;
  }

  /// Every other one is hot; all of the first long round, none of those after it.
  void start_annealing(Trial& trial, int round, int k) {
    trial.seconds = annealing_seconds(round);
    if (is_long(round) ? round == kLongRound : k % 2 == 1) return;
    trial.from = &result_.best[static_cast<std::size_t>(k / 2) % result_.best.size()];
  }

  void run_round(std::vector<Trial> trials) {
    if (options_.trials > 0) {
      const auto left = static_cast<std::size_t>(std::max(1, options_.trials - result_.trials));
      if (trials.size() > left) trials.resize(left);
    }
    std::vector<std::optional<Candidate>> found(trials.size());
    on_threads(options_.threads, trials.size(), [&](std::size_t k) {
      const bool late = !result_.best.empty() && deadline_.passed();
      if (!late) found[k] = run_trial(network_, options_, trials[k], deadline_);
    });
    auto pool = result_.best;  // trials point into the former one until here
    for (auto& candidate : found) {
      if (!candidate) continue;
      ++result_.trials;
      keep(pool, std::move(*candidate));
    }
    result_.best = std::move(pool);
  }

  static void keep(std::vector<Candidate>& pool, Candidate candidate) {
    for (const auto& known : pool) {
      if (std::abs(known.weight - candidate.weight) < kSameWeight) return;
    }
    pool.push_back(std::move(candidate));
    std::stable_sort(pool.begin(), pool.end(),
                     [](const Candidate& a, const Candidate& b) { return a.weight < b.weight; });
    if (pool.size() > kPool) pool.resize(kPool);
  }

  bool wants_exact() const {
    return automatic() || (options_.method == Method::exact && can_refine(network_));
  }

  void try_exact() {
    const bool alone = options_.method == Method::exact;
    const auto limit =
        alone || options_.trials > 0 ? deadline_ : Deadline(options_.seconds * kExactShare);
    // Just above what is known, so that it is found again where it is the best.
    const ExactLimits limits{.weight = result_.best.front().weight + 1e-6,
                             .sets = alone ? kExactSetsAlone : kExactSets};
    auto found = exact_path(network_, options_.minimize, limits, limit);
    base::require(
        found.ended || !alone,
        "the exact search did not end; more seconds, fewer tensors or another method would help");
    if (!found.ended) return;
    ++result_.trials;
    // Without a path, what is known has outer products, and others that have some may be better
    // still.
    result_.sure = found.path.has_value() || alone;
    if (!found.path) return;
    const double weight = Tree(network_, *found.path).total(options_.minimize);
    auto& best = result_.best;
    best.insert(best.begin(),
                {.weight = weight, .path = std::move(*found.path), .method = Method::exact});
  }

  const Network& network_;
  const PlanOptions& options_;
  const Deadline& deadline_;
  int width_;
  SearchResult result_;
};

}  // namespace

SearchResult search(const Network& network, const PlanOptions& options, const Deadline& deadline) {
  return Rounds(network, options, deadline).run();
}

}  // namespace ranklens::tn

#include "ranklens/tn/contraction/plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <thread>
#include <utility>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"
#include "ranklens/tn/contraction/greedy.h"
#include "ranklens/tn/contraction/refine.h"
#include "ranklens/tn/contraction/search.h"
#include "ranklens/tn/contraction/slice.h"

namespace ranklens::tn {
namespace {

constexpr std::array<std::pair<std::string_view, Method>, 7> kMethods = {
    {{"auto", Method::automatic},
     {"greedy", Method::greedy},
     {"exact", Method::exact},
     {"elimination", Method::elimination},
     {"bisection", Method::bisection},
     {"dissection", Method::dissection},
     {"annealing", Method::annealing}}};
constexpr std::array<std::pair<std::string_view, Minimize>, 3> kMinimize = {
    {{"flops", Minimize::flops}, {"size", Minimize::size}, {"combo", Minimize::combo}}};

template <class Table, class Value>
std::string_view name_in(const Table& table, Value value) {
  for (const auto& [name, known] : table) {
    if (known == value) return name;
  }
  return "";
}

template <class Table>
auto value_in(const Table& table, std::string_view name, const char* what) {
  std::vector<std::string> names;
  for (const auto& [known, value] : table) {
    if (known == name) return value;
    names.emplace_back(known);
  }
  base::fail("there is no {} '{}'{}", what, name, base::nearest_hint(name, names));
}

PlanOptions checked_options(PlanOptions options) {
  base::require(options.seconds > 0 && std::isfinite(options.seconds),
                "the seconds are above 0, not {}", options.seconds);
  base::require(options.trials >= 0, "the number of trials is at least 0, not {}", options.trials);
  base::require(options.threads >= 0, "the number of threads is at least 0, not {}",
                options.threads);
  base::require(options.memory >= 0 && options.item_bytes > 0,
                "the memory is at least 0 bytes, not {}", options.memory);
  if (options.threads == 0)
    options.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  return options;
}

/// Slicing makes every result of a step small but the last.
void require_room(const Expression& expression, const PlanOptions& options) {
  const double needed =
      std::exp2(log2_elements(expression, expression.output)) * options.item_bytes;
  base::require(
      options.memory == 0 || needed <= options.memory * (1 + 1e-12),
      "{:.0f} bytes are too little: the result alone has {:.0f} bytes, and with these it would do",
      options.memory, needed);
}

/// The best of some paths once each is sliced to fit; as many as there is time for, but one.
SlicedPath best_sliced(const Expression& expression, const std::vector<Candidate>& candidates,
                       const PlanOptions& options, const Deadline& deadline, std::size_t& which) {
  const double limit = std::log2(options.memory / options.item_bytes);
  SlicedPath best;
  for (std::size_t k = 0; k < candidates.size() && (k == 0 || !deadline.passed()); ++k) {
    Random random(options.seed, k);
    auto sliced = slice(expression, candidates[k].path, options.minimize, limit, random, deadline);
    if (k == 0 || sliced.log2_flops < best.log2_flops) {
      best = std::move(sliced);
      which = k;
    }
  }
  return best;
}

/// Trees of few multiply-adds may need many slices and those of small results few: of both kinds,
/// by turns. Three fifths of the time, the rest is for slicing.
SearchResult search_to_slice(const Network& network, const PlanOptions& options) {
  auto by_goal = options, by_size = options;
  by_size.minimize = Minimize::size;
  by_goal.trials = options.trials - options.trials / 2;
  by_size.trials = options.trials / 2;
  const auto share = [&](double part) {
    return options.trials > 0 ? Deadline() : Deadline(part * options.seconds);
  };
  auto found = search(network, by_goal, share(0.3));
  if (options.trials == 1) return found;
  auto more = search(network, by_size, share(0.3));
  found.trials += more.trials;
  std::vector<Candidate> all;
  for (std::size_t k = 0; k < std::max(found.best.size(), more.best.size()); ++k) {
    if (k < more.best.size()) all.push_back(std::move(more.best[k]));
    if (k < found.best.size()) all.push_back(std::move(found.best[k]));
  }
  found.best = std::move(all);
  return found;
}

}  // namespace

Plan plan(const Expression& expression, const PlanOptions& given) {
  const base::Stopwatch clock;
  const auto options = checked_options(given);
  require_room(expression, options);
  Plan plan;
  std::string_view method = "greedy";
  if (expression.inputs.size() > 1) {
    const auto network = network_of(expression);
    const auto deadline = options.trials > 0 ? Deadline() : Deadline(0.97 * options.seconds);
    const auto found =
        options.memory > 0 ? search_to_slice(network, options) : search(network, options, deadline);
    std::size_t which = 0;
    if (options.memory > 0) {
      auto sliced = best_sliced(expression, found.best, options, deadline, which);
      plan.path = std::move(sliced.path);
      plan.sliced = std::move(sliced.sliced);
    } else {
      plan.path = found.best.front().path;
    }
    method = to_string(found.best[which].method);
    plan.trials = found.trials;
  }
  auto done = plan_of(expression, std::move(plan.path), plan.sliced);
  done.trials = plan.trials;
  done.method = method;
  done.seconds = clock.seconds();
  return done;
}

Plan plan_of(const Expression& expression, Path path, const Labels& sliced) {
  Plan plan;
  plan.cost = cost_of(with_fixed(expression, sliced), path);
  plan.path = std::move(path);
  plan.sliced = sliced;
  plan.log2_slices = log2_elements(expression, sliced);
  plan.cost.log2_flops += plan.log2_slices;
  plan.cost.log10_flops = plan.cost.log2_flops * std::log10(2.0);
  plan.cost.log2_write += plan.log2_slices;
  plan.method = "given";
  return plan;
}

void require_within(const Plan& plan, double memory, double item_bytes) {
  const double needed = std::exp2(plan.cost.log2_size) * item_bytes;
  base::require(memory == 0 || needed <= memory * (1 + 1e-12),
                "{:.0f} bytes are too little for this path: its largest result takes {:.0f}; allow "
                "as much, or have a path searched for that fits",
                memory, needed);
}

Path quick_path(const Expression& expression) {
  constexpr std::size_t kFewTensors = 300;
  const auto network = network_of(expression);
  Random random(1);
  auto path = greedy_path(network, {.rule = GreedyRule::growth}, random);
  if (network.terms.size() < 3) return path;
  auto by_step = greedy_path(network, {.rule = GreedyRule::step}, random);
  if (path_weight(network, by_step, Minimize::flops) < path_weight(network, path, Minimize::flops))
    path = by_step;
  if (network.terms.size() > kFewTensors) return path;
  Tree tree(network, path);
  reconfigure(tree, Minimize::flops, 6, 3, random);
  return tree.path();
}

std::string_view to_string(Method method) { return name_in(kMethods, method); }
Method parse_method(std::string_view name) { return value_in(kMethods, name, "method"); }
std::string_view to_string(Minimize minimize) { return name_in(kMinimize, minimize); }
Minimize parse_minimize(std::string_view name) { return value_in(kMinimize, name, "goal"); }

}  // namespace ranklens::tn

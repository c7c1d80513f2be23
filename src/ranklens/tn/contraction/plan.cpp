#include "ranklens/tn/contraction/plan.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <thread>
#include <utility>

#include "ranklens/base/clock.h"
#include "ranklens/base/error.h"
#include "ranklens/tn/contraction/greedy.h"
#include "ranklens/tn/contraction/refine.h"
#include "ranklens/tn/contraction/search.h"
#include "ranklens/tn/contraction/slice.h"
#include "ranklens/tn/contraction/trial.h"

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
      options.memory == 0 || options.taken || needed <= options.memory * (1 + 1e-12),
      "{:.0f} bytes are too little: the result alone has {:.0f} bytes, and with these it would do",
      options.memory, needed);
}

/// The least that runs take, however they are sliced. It would do however the search goes: where
/// that depends on the clock, it is that of the last candidate, which does not.
double least_bytes(const Expression& expression, const std::vector<Candidate>& candidates,
                   const PlanOptions& options) {
  const MemoryLimit nothing{.item_bytes = options.item_bytes, .taken = options.taken};
  double least = kAnyBytes;
  for (std::size_t k = 0; k < candidates.size(); ++k) {
    const bool last = k + 1 == candidates.size();
    if (options.trials == 0 && !last) continue;
    Random random(options.seed, k);
    const auto sliced = slice(expression, candidates[k].path, options.minimize, nothing, random,
                              last ? Deadline(0) : Deadline());
    least = std::min(least, sliced.least);
  }
  return least;
}

[[noreturn]] void refuse_memory(const Expression& expression, const PlanOptions& options,
                                double least) {
  base::fail("{:.0f} bytes are too little: {:.0f} would do, {:.0f} of them for the result",
             options.memory, least,
             std::exp2(log2_elements(expression, expression.output)) * options.item_bytes);
}

/// The best of some paths once each is sliced to fit; as many as there is time for, but one that
/// fits.
SlicedPath best_sliced(const Expression& expression, std::vector<Candidate> candidates,
                       const PlanOptions& options, const Deadline& deadline, Method& method) {
  const MemoryLimit limit{
      .bytes = options.memory, .item_bytes = options.item_bytes, .taken = options.taken};
  if (options.taken) candidates.push_back({.path = quick_path(expression)});
  SlicedPath best;
  for (std::size_t k = 0; k < candidates.size(); ++k) {
    const bool last_resort = options.taken && k + 1 == candidates.size();
    if (best.fits && (last_resort || deadline.passed())) break;
    Random random(options.seed, k);
    auto sliced = slice(expression, candidates[k].path, options.minimize, limit, random,
                        last_resort ? Deadline(0) : deadline);
    if (!sliced.fits || (best.fits && sliced.log2_flops >= best.log2_flops)) continue;
    best = std::move(sliced);
    method = candidates[k].method;
  }
  if (!best.fits) {
    refuse_memory(expression, options, least_bytes(expression, candidates, options));
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

namespace {

/// Whether a path that is at hand needs no slices: what is searched for then seldom does.
bool fits_as_it_is(const Expression& expression, const PlanOptions& options) {
  const auto path = quick_path(expression);
  const double bytes = options.taken
                           ? options.taken(path, {})
                           : std::exp2(cost_of(expression, path).log2_size) * options.item_bytes;
  return bytes <= options.memory;
}

/// The method's name; where it is not what was asked for, both.
std::string method_text(const Network& network, Method asked, Method found) {
  const bool refined = asked == Method::elimination ? can_eliminate(network) : can_refine(network);
  const bool in_place = asked != Method::automatic && asked != found && !refined;
  return in_place ? fmt::format("{} in place of {}", to_string(found), to_string(asked))
                  : std::string(to_string(found));
}

/// Searches for the path and what it slices, of two or more operands.
Plan searched(const Expression& expression, const PlanOptions& options) {
  const auto network = network_of(expression);
  const auto within = [&](double share) {
    return options.trials > 0 ? Deadline() : Deadline(share * options.seconds);
  };
  const auto deadline = within(0.97);
  auto found = options.memory == 0                  ? search(network, options, deadline)
               : fits_as_it_is(expression, options) ? search(network, options, within(0.9))
                                                    : search_to_slice(network, options);
  Plan plan;
  plan.path = found.best.front().path;
  plan.trials = found.trials;
  auto method = found.best.front().method;
  if (options.memory > 0) {
    auto sliced = best_sliced(expression, std::move(found.best), options, deadline, method);
    plan.path = std::move(sliced.path);
    plan.sliced = std::move(sliced.sliced);
  }
  plan.method = method_text(network, options.method, method);
  return plan;
}

}  // namespace

Plan plan(const Expression& expression, const PlanOptions& given) {
  const base::Stopwatch clock;
  const auto options = checked_options(given);
  require_room(expression, options);
  Plan found;
  found.method = to_string(Method::greedy);
  if (expression.inputs.size() > 1) {
    found = searched(expression, options);
  } else if (options.memory > 0 && options.taken) {
    const double bytes = options.taken({}, {});
    if (bytes > options.memory) refuse_memory(expression, options, bytes);
  }
  auto done = plan_of(expression, std::move(found.path), found.sliced);
  require_within(done, options);
  done.trials = found.trials;
  done.method = std::move(found.method);
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

void require_within(Plan& plan, const PlanOptions& options) {
  if (options.memory == 0) return;
  if (options.taken) plan.bytes = options.taken(plan.path, plan.sliced);
  const double needed =
      options.taken ? plan.bytes : std::exp2(plan.cost.log2_size) * options.item_bytes;
  base::require(needed <= options.memory * (1 + 1e-12),
                "{:.0f} bytes are too little for this path, which takes {:.0f}; allow as much, or "
                "have a path searched for that fits",
                options.memory, needed);
}

NaiveCost naive_cost(const Expression& expression) {
  Labels all(expression.sizes.size());
  std::iota(all.begin(), all.end(), 0);
  const auto products = std::max<std::size_t>(1, expression.inputs.size() - 1);
  return {.scaling = all.size(),
          .log2_flops = log2_elements(expression, all) + std::log2(static_cast<double>(products))};
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

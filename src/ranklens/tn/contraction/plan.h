#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ranklens/tn/contraction/replay.h"
#include "ranklens/tn/contraction/tree.h"

namespace ranklens::tn {

/// Where a search takes its trees from; docs/contraction.md says which suits what.
enum class Method {
  automatic,    ///< all of the others
  greedy,       ///< greedy.h, with random settings after the first two
  exact,        ///< exact.h; an Error where it does not end in time
  elimination,  ///< of labels in an order by min-fill (assembly.h), perturbed after the first
  bisection,    ///< bisection.h, of random imbalance
  dissection,   ///< bisection.h
  annealing,    ///< refine.h, hot from a greedy tree or cold from the best so far
};

struct PlanOptions {
  Minimize minimize = Minimize::flops;
  double seconds = 1;  ///< of wall time; a search that is sure of its result ends before
  int trials = 0;   ///< trees that are tried; if positive it replaces `seconds`, and the same seed
                    ///< gives the same path on any number of threads
  int threads = 1;  ///< 0: one a core
  std::uint64_t seed = 1;
  double memory = 0;      ///< bytes that the largest result of a step may have; 0: any
  double item_bytes = 8;  ///< of an element
  Method method = Method::automatic;
};

/// A path and what it costs.
struct Plan {
  Path path;
  Labels sliced;  ///< labels that are fixed in turn (execute)
  Cost cost;      ///< flops and writes of all slices together, size of one
  double log2_slices = 0;
  std::string method;  ///< where the tree came from
  double seconds = 0;  ///< that the search took
  int trials = 0;      ///< trees that were tried
};

/// Searches for a path of an expression. Error where `memory` is less than the result needs, naming
/// what would do, and where options make no sense.
Plan plan(const Expression& expression, const PlanOptions& options = {});

/// A plan that is not searched for: what a path costs with these labels sliced. Its method is
/// "given".
Plan plan_of(const Expression& expression, Path path, const Labels& sliced = {});

/// Error, which names what would do, where the largest result of a plan's steps takes more than
/// `memory` bytes of elements of `item_bytes`. 0 bytes: no limit.
void require_within(const Plan& plan, double memory, double item_bytes);

/// A path within milliseconds: the better of two greedy ones, mended where it is small.
Path quick_path(const Expression& expression);

/// A table like opt_einsum's: what the whole costs, and each step with its scaling and what is
/// left.
std::string describe(const Expression& expression, const Plan& plan);

std::string_view to_string(Method method);
Method parse_method(std::string_view name);
std::string_view to_string(Minimize minimize);
Minimize parse_minimize(std::string_view name);

}  // namespace ranklens::tn

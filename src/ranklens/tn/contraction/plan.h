#pragma once

#include <cstdint>
#include <functional>
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

/// How many bytes a run of a path takes with these labels sliced.
using BytesTaken = std::function<double(const Path& path, const Labels& sliced)>;

struct PlanOptions {
  Minimize minimize = Minimize::flops;
  double seconds = 1;  ///< of wall time; a search that is sure of its result ends before
  int trials = 0;   ///< trees that are tried; if positive it replaces `seconds`, and the same seed
                    ///< gives the same path on any number of threads
  int threads = 1;  ///< 0: one a core
  std::uint64_t seed = 1;
  double memory = 0;      ///< bytes that a run may take (`taken`); 0: any
  double item_bytes = 8;  ///< of an element
  BytesTaken taken = {};  ///< such as run_bytes() of program.h, which is never below the largest
                          ///< result of a step; where it is not given, that alone is counted
  Method method = Method::automatic;
};

/// A path and what it costs.
struct Plan {
  Path path;
  Labels sliced;  ///< labels that are fixed in turn (execute)
  Cost cost;      ///< flops and writes of all slices together, size of one
  double log2_slices = 0;
  double bytes = 0;    ///< that a run takes, by PlanOptions::taken; 0 where nothing limits them
  std::string method;  ///< where the tree came from; "greedy in place of ..." for networks that are
                       ///< too large for the method that was asked for
  double seconds = 0;  ///< that the search took
  int trials = 0;      ///< trees that were tried
};

/// Searches for a path of an expression. Error where nothing fits into `memory` however it is
/// sliced, naming the least that would do, and where options make no sense.
Plan plan(const Expression& expression, const PlanOptions& options = {});

/// A plan that is not searched for: what a path costs with these labels sliced. Its method is
/// "given".
Plan plan_of(const Expression& expression, Path path, const Labels& sliced = {});

/// Error, which names what would do, where a plan takes more than the options' memory; else sets
/// its `bytes`.
void require_within(Plan& plan, const PlanOptions& options);

/// What contracting without a path costs: all operands multiplied for each combination of values
/// of all labels, as nested loops do.
struct NaiveCost {
  std::size_t scaling = 0;  ///< labels
  double log2_flops = 0;    ///< multiply-adds: the product of all sizes times operands - 1
};
NaiveCost naive_cost(const Expression& expression);

/// The most labels that a step of a plan goes over; sliced ones are none.
std::size_t scaling_of(const Expression& expression, const Plan& plan);

/// A path within milliseconds: the better of two greedy ones, mended where it is small.
Path quick_path(const Expression& expression);

/// A table of what opt_einsum's tells (Smith, Gray 2018): what the whole costs, naively and by the
/// plan; then each step with its scaling (labels), multiply-adds, size of the result, the routine
/// of a library for linear algebra that it amounts to, its equation, and the equation that is left
/// after it. Equations of more than some 60 characters are said in numbers. Of a sliced plan the
/// steps are those of one slice.
std::string describe(const Expression& expression, const Plan& plan);

std::string_view to_string(Method method);
Method parse_method(std::string_view name);
std::string_view to_string(Minimize minimize);
Minimize parse_minimize(std::string_view name);

}  // namespace ranklens::tn

#include "ranklens/tn/contraction/plan.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/tn/contraction/exact.h"
#include "ranklens/tn/contraction/execute.h"
#include "ranklens/tn/contraction/problem.h"
#include "ranklens/tn/contraction/refine.h"

#include "testing/close.h"
#include "testing/expect_error.h"
#include "tn/contraction/brute_force.h"

namespace ranklens::tn {
namespace {

using testing::close;
using testing::expect_error;

constexpr Method kEach[] = {Method::automatic,   Method::greedy,    Method::exact,
                            Method::elimination, Method::bisection, Method::dissection,
                            Method::annealing};

/// The least that any tree costs, by going through all sequences of merges.
double least_of_all(const Expression& expression, std::vector<std::int32_t> left, Path& path,
                    Minimize minimize) {
  if (left.size() == 1) {
    const auto cost = cost_of(expression, path);
    return minimize == Minimize::flops ? cost.log2_flops : cost.log2_size;
  }
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t a = 0; a < left.size(); ++a) {
    for (std::size_t b = a + 1; b < left.size(); ++b) {
      auto fewer = left;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(b));
      fewer[a] = static_cast<std::int32_t>(expression.inputs.size() + path.size());
      path.push_back({left[a], left[b]});
      least = std::min(least, least_of_all(expression, fewer, path, minimize));
      path.pop_back();
    }
  }
  return least;
}

double least_of_all(const Expression& expression, Minimize minimize) {
  std::vector<std::int32_t> all(expression.inputs.size());
  for (std::size_t k = 0; k < all.size(); ++k) all[k] = static_cast<std::int32_t>(k);
  Path path;
  return least_of_all(expression, all, path, minimize);
}

/// A ladder of tensors: rails and rungs of random sizes.
Expression ladder(Random& random, std::int64_t length) {
  std::vector<std::vector<std::int64_t>> inputs;
  std::map<std::string, std::int64_t> sizes;
  const auto size = [&](std::int64_t label) {
    sizes[std::to_string(label)] = 2 + static_cast<std::int64_t>(random.below(6));
  };
  for (std::int64_t k = 0; k < length; ++k) {
    for (std::int64_t rail = 0; rail < 2; ++rail) {
      std::vector<std::int64_t> labels = {3 * k};
      if (k > 0) labels.push_back(3 * (k - 1) + 1 + rail);
      if (k + 1 < length) labels.push_back(3 * k + 1 + rail);
      for (const auto label : labels) size(label);
      inputs.push_back(labels);
    }
  }
  return with_sizes(parse_equation(inputs, {}), sizes);
}

TEST(Plan, ExactIsTheBestOfAllTrees) {
  Random random(41);
  for (int round = 0; round < 40; ++round) {
    const auto expression = random_expression(random, round == 0 ? 7 : 3 + random.below(4));
    const auto exact = plan(expression, {.method = Method::exact});
    EXPECT_NEAR(exact.cost.log2_flops, least_of_all(expression, Minimize::flops), 1e-9)
        << to_string(expression);
    const auto smallest = plan(expression, {.minimize = Minimize::size, .method = Method::exact});
    EXPECT_NEAR(smallest.cost.log2_size, least_of_all(expression, Minimize::size), 1e-9)
        << to_string(expression);
  }
}

TEST(Plan, ExactOverConnectedSetsAgreesWithExactOverAllSets) {
  Random random(43);
  for (int round = 0; round < 5; ++round) {
    const auto expression = ladder(random, 7);  // 14 tensors: over connected sets
    const auto network = network_of(expression);
    const auto path = exact_path(network, Minimize::flops, {.weight = 60}).path;
    ASSERT_TRUE(path.has_value());
    Tree tree(network, random_path(random, 14));
    reconfigure(tree, Minimize::flops, 14, 1,
                random);  // the first subtree is the whole tree: all of them
    EXPECT_NEAR(cost_of(expression, *path).log2_flops, tree.total(Minimize::flops), 1e-9);
  }
}

TEST(Plan, EachMethodGivesPathsOfAnyNetwork) {
  Random random(47);
  for (int round = 0; round < 15; ++round) {
    const auto expression = random_expression(random, 1 + random.below(round < 10 ? 10 : 25));
    for (const auto method : kEach) {
      for (const auto minimize : {Minimize::flops, Minimize::size, Minimize::combo}) {
        const auto found = plan(expression, {.minimize = minimize, .trials = 6, .method = method});
        EXPECT_EQ(cost_of(expression, found.path).log2_flops,
                  found.cost.log2_flops);  // and a valid path
        EXPECT_GE(found.trials, expression.inputs.size() > 1 ? 1 : 0);
      }
    }
  }
}

TEST(Plan, TrialsGiveTheSameOnAnyNumberOfThreads) {
  Random random(53);
  const auto expression = ladder(random, 20);
  const PlanOptions options{.trials = 12, .threads = 1, .seed = 9, .method = Method::annealing};
  const auto found = plan(expression, options);
  for (const int threads : {1, 2, 6}) {
    auto more = options;
    more.threads = threads;
    EXPECT_EQ(plan(expression, more).path, found.path) << threads;
  }
}

TEST(Plan, MoreTrialsAreNeverWorse) {
  Random random(59);
  const auto expression = ladder(random, 16);
  double before = std::numeric_limits<double>::infinity();
  for (const int trials : {1, 4, 16}) {
    const double now = plan(expression, {.trials = trials}).cost.log2_flops;
    EXPECT_LE(now, before + 1e-12);
    before = now;
  }
}

TEST(Plan, KeepsToItsSeconds) {
  Random random(61);
  const auto expression = random_expression(random, 60);
  EXPECT_LT(plan(expression, {.seconds = 0.2, .method = Method::annealing}).seconds,
            2);  // a busy machine
}

TEST(Plan, SlicesFitAndAddUpToTheWhole) {
  Random random(67);
  int sliced = 0;
  for (int round = 0; round < 30; ++round) {
    const auto expression = random_expression(random, 3 + random.below(6));
    const auto whole = plan(expression, {.trials = 4});
    const double least = std::exp2(log2_elements(expression, expression.output)) * 8;
    const auto part = plan(expression, {.trials = 4, .memory = least});
    EXPECT_LE(part.cost.log2_size, std::log2(least / 8) + 1e-9) << to_string(expression);
    EXPECT_GE(part.cost.log2_flops, whole.cost.log2_flops - 1e-9);
    const auto operands = random_operands(expression, at::kDouble);
    EXPECT_TRUE(close(execute(expression, part.path, operands, part.sliced),
                      execute(expression, whole.path, operands), 1e-10, 1e-10));
    sliced += part.sliced.empty() ? 0 : 1;
  }
  EXPECT_GT(sliced, 5);
}

// Slicing is a part of the search: it ends in time, and the table is of one slice.
TEST(Plan, SlicingKeepsToItsSecondsAndToItsTable) {
  Random random(71);
  const auto expression = ladder(random, 60);
  const auto least = std::exp2(log2_elements(expression, expression.output)) * 8;
  const auto part = plan(expression, {.seconds = 0.5, .memory = 16 * least});
  EXPECT_LT(part.seconds, 3);  // a busy machine
  EXPECT_FALSE(part.sliced.empty());
  const auto text = describe(expression, part);
  const auto table = text.substr(text.find("of one slice:"));
  for (auto at = table.find("2^"); at != std::string::npos; at = table.find("2^", at + 1)) {
    // flops, then size, by turns
    at = table.find("2^", at + 1);
    EXPECT_LE(std::stod(table.substr(at + 2)), part.cost.log2_size + 0.01);
  }
}

TEST(Plan, AGivenPathKeepsItsSlicesAndIsHeldAgainstTheMemory) {
  const auto expression =
      make_expression("ab,bc,cd,da->", {{40, 40}, {40, 40}, {40, 40}, {40, 40}});
  const auto found = plan(expression, {.trials = 4, .memory = 400});
  const auto again = plan_of(expression, found.path, found.sliced);
  EXPECT_EQ(again.cost.log2_size, found.cost.log2_size);
  EXPECT_EQ(again.cost.log2_flops, found.cost.log2_flops);
  const auto hold = [](Plan plan) { require_within(plan, {.memory = 400}); };
  EXPECT_NO_THROW(hold(again));
  expect_error([&] { hold(plan_of(expression, found.path)); },
               "400 bytes are too little for this path, which takes 12800");
}

TEST(Plan, TooLittleMemoryNamesTheLeastThatWouldDo) {
  const auto expression = make_expression("ij,jk->ik", {{10, 10}, {10, 10}});
  expect_error([&] { plan(expression, {.trials = 1, .memory = 799}); },
               "the result alone has 800 bytes");
  EXPECT_NO_THROW(plan(expression, {.trials = 1, .memory = 800}));
}

TEST(Plan, BadOptionsAreRefused) {
  const auto expression = make_expression("ij,jk->ik", {{2, 2}, {2, 2}});
  expect_error([&] { plan(expression, {.seconds = -1}); }, "the seconds are above 0");
  expect_error([&] { plan(expression, {.seconds = std::nan("")}); }, "the seconds are above 0");
  expect_error([&] { plan(expression, {.trials = -1}); }, "trials is at least 0");
  expect_error([] { parse_method("gredy"); }, "there is no method 'gredy'; nearest: 'greedy'");
  expect_error([] { parse_minimize("time"); }, "there is no goal 'time'");
}

// A method that does not take a network of this size says which one stood in.
TEST(Plan, AStandInIsNamed) {
  std::vector<std::vector<std::int64_t>> inputs;
  std::map<std::string, std::int64_t> sizes;
  for (std::int64_t k = 0; k < 2100; ++k) {
    inputs.push_back({k, k + 1});
    sizes[std::to_string(k)] = sizes[std::to_string(k + 1)] = 2;
  }
  const auto method_of = [&](Method method) {
    return plan(with_sizes(parse_equation(inputs, {}), sizes), {.trials = 1, .method = method})
        .method;
  };
  EXPECT_EQ(method_of(Method::elimination), "greedy in place of elimination");
  EXPECT_EQ(method_of(Method::bisection), "bisection");
  EXPECT_EQ(method_of(Method::greedy), "greedy");
}

TEST(Plan, ManyLabelsAreTaken) {
  // A chain with more labels than sixteen bits count, and a hyperedge through all of it.
  std::vector<std::vector<std::int64_t>> inputs;
  std::map<std::string, std::int64_t> sizes = {{"-1", 2}};
  for (std::int64_t k = 0; k < 70000; ++k) {
    inputs.push_back({k, k + 1, -1});
    sizes[std::to_string(k)] = sizes[std::to_string(k + 1)] = 2;
  }
  const auto expression = with_sizes(parse_equation(inputs, {}), sizes);
  const auto found = plan(expression, {.trials = 1});
  EXPECT_LE(found.cost.log2_size, 4);
  EXPECT_EQ(found.method, "greedy");
  for (const auto method : {Method::exact, Method::annealing}) {
    EXPECT_EQ(plan(expression, {.trials = 1, .method = method}).method,
              "greedy in place of " + std::string(to_string(method)));
  }
}

// The exact figures of tensor-networks' public problems.
TEST(Plan, ExactFiguresOfPublicProblems) {
  const char* place = std::getenv("RANKLENS_DATA");
  const std::filesystem::path folder =
      std::filesystem::path(place == nullptr ? "" : place) / "contraction/paths";
  if (place == nullptr || !std::filesystem::exists(folder)) {
    GTEST_SKIP() << "RANKLENS_DATA names no folder with contraction/ in it";
  }
  const auto of = [&](const char* name) {
    return plan(read_problem(folder / name).expression, {.seconds = 10, .method = Method::exact})
        .cost.log2_flops;
  };
  EXPECT_NEAR(of("mps_mpo_L100_chi64_D5.json"), 26.49, 0.005);
  EXPECT_NEAR(of("peps_cluster_r2_D10_a.json"), 37.09, 0.005);
}

}  // namespace
}  // namespace ranklens::tn

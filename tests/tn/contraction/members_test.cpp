#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "ranklens/tn/contraction/assembly.h"
#include "ranklens/tn/contraction/bisection.h"
#include "ranklens/tn/contraction/greedy.h"
#include "ranklens/tn/contraction/refine.h"

#include "tn/contraction/brute_force.h"

// The parts of the search, each by what it is for.
namespace ranklens::tn {
namespace {

/// A random tree of tensors, each edge of size 10.
Expression tree_network(Random& random, std::int64_t tensors) {
  std::vector<std::vector<std::int64_t>> inputs(static_cast<std::size_t>(tensors));
  std::map<std::string, std::int64_t> sizes;
  for (std::int64_t k = 1; k < tensors; ++k) {
    inputs[static_cast<std::size_t>(k)].push_back(k);
    inputs[random.below(static_cast<std::size_t>(k))].push_back(k);
    sizes[std::to_string(k)] = 10;
  }
  return with_sizes(parse_equation(inputs, {}), sizes);
}

double largest_operand(const Network& network) {
  double size = 0;
  for (const auto& term : network.terms) size = std::max(size, network.log2_size(term));
  return size;
}

TEST(MinFill, ATreeNeverGrows) {
  Random random(71);
  for (int round = 0; round < 10; ++round) {
    const auto network = network_of(tree_network(random, 60));
    const Tree tree(network, elimination_path(network, min_fill_order(network, 0, random), random));
    EXPECT_LE(tree.largest(), largest_operand(network) + 1e-9);
  }
}

TEST(Bisection, CutsTheWeakestPlace) {
  // Two rings of heavy bonds, one light bond between them.
  std::vector<std::vector<std::int64_t>> inputs(20);
  std::map<std::string, std::int64_t> sizes = {{"100", 2}};
  for (std::int64_t k = 0; k < 20; ++k) {
    const auto next = k / 10 * 10 + (k + 1) % 10;
    inputs[static_cast<std::size_t>(k)].push_back(k);
    inputs[static_cast<std::size_t>(next)].push_back(k);
    sizes[std::to_string(k)] = 64;
  }
  inputs[3].push_back(100);
  inputs[17].push_back(100);
  const auto network = network_of(with_sizes(parse_equation(inputs, {}), sizes));
  std::vector<std::int32_t> all;
  for (std::int32_t k = 0; k < 20; ++k) all.push_back((k * 7) % 20);
  Random random(73);
  const auto sides = bisect(network, all, 0.1, random);
  for (std::size_t k = 0; k < all.size(); ++k)
    EXPECT_EQ(sides[k] == sides[0], all[k] / 10 == all[0] / 10);
}

TEST(Refine, TreesStayTrueToTheirNetwork) {
  Random random(79);
  for (int round = 0; round < 30; ++round) {
    const auto network = network_of(random_expression(random, 2 + random.below(20)));
    for (const auto minimize : {Minimize::flops, Minimize::size, Minimize::combo}) {
      Tree tree(network, random_path(random, network.terms.size()));
      EXPECT_NEAR(tree.total(minimize), path_weight(network, tree.path(), minimize), 1e-9);
      anneal(tree, minimize, {.sweeps = 30}, random);
      EXPECT_NEAR(tree.total(minimize), path_weight(network, tree.path(), minimize), 1e-9);
      const double before = tree.total(minimize);
      reconfigure(tree, minimize, 6, 3, random);
      EXPECT_LE(tree.total(minimize), before + 1e-9);
      EXPECT_NEAR(tree.total(minimize), path_weight(network, tree.path(), minimize), 1e-9);
    }
  }
}

TEST(Refine, AnnealingMendsAChainThatWasCutInPieces) {
  // A random order of a matrix chain is far from the best, which is linear in its length.
  Random random(83);
  std::vector<std::vector<std::int64_t>> inputs;
  std::map<std::string, std::int64_t> sizes;
  for (std::int64_t k = 0; k < 40; ++k) inputs.push_back({k, k + 1});
  for (std::int64_t k = 0; k <= 40; ++k) sizes[std::to_string(k)] = 8;
  const auto network = network_of(with_sizes(parse_equation(inputs, {0, 40}), sizes));
  Tree tree(network, random_path(random, 40));
  EXPECT_GT(tree.total(Minimize::flops), 20);
  anneal(tree, Minimize::flops, {.sweeps = 2000}, random);
  reconfigure(tree, Minimize::flops, 8, 20, random);
  EXPECT_NEAR(tree.total(Minimize::flops), std::log2(39.0 * 512), 1e-9);
}

TEST(Greedy, TakesThePairThatShrinksMost) {
  const auto network = network_of(make_expression("ab,bc,cd->ad", {{2, 50}, {50, 2}, {2, 2}}));
  Random random(1);
  EXPECT_EQ(greedy_path(network, {}, random), (Path{{0, 1}, {2, 3}}));
}

}  // namespace
}  // namespace ranklens::tn

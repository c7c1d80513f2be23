// What optimisers do with ranks, in a convolution, a linear map, and one that two nodes share:
// those that find them let them grow and shrink within their bounds, all others hold them.
#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "train/contract.h"

namespace ranklens::train {
namespace {

const std::vector<std::string> kLayers{"conv_low.weight", "in.weight", "twice.weight"};

/// One of U V^T, two of a kernel in Tucker-2 form, one a bond of a train.
std::vector<std::int64_t> ranks_of(const nn::State& state, const std::string& layer) {
  const auto& weight = state.at(layer).weight;
  const auto factors = weight->factors();
  if (weight->kind() == "low_rank") return {factors[0].tensor.size(1)};
  if (weight->kind() == "tucker") return {factors[1].tensor.size(0), factors[1].tensor.size(1)};
  std::vector<std::int64_t> ranks;
  for (std::size_t k = 0; k + 1 < factors.size(); ++k) {
    ranks.push_back(factors[k].tensor.size(-1));
  }
  return ranks;
}

std::int64_t largest(const nn::State& state, const std::string& layer) {
  const auto ranks = ranks_of(state, layer);
  return *std::max_element(ranks.begin(), ranks.end());
}

/// From `small` ranks rise to at most `bound`, and there they end; from `large` they fall.
struct Finding {
  std::string method;
  std::int64_t bound;
  std::string small, growing;
  std::string large, shrinking;
};

void PrintTo(const Finding& one, std::ostream* out) { *out << one.growing << " on " << one.small; }

// parallel_bug leaves nothing between new directions: a new singular value is of second order in
// the step, and a tolerance that lets ranks grow is small.
Finding of_low_rank(const std::string& method, const std::string& options = "") {
  return {method,          3,
          "low_rank(r=1)", method + "(lr=1e-2,tau=1e-5,floor=1,cap=3" + options + ")",
          "low_rank(r=8)", method + "(lr=1e-3,tau=0.6" + options + ")"};
}

Finding of_tucker(const std::string& method, const std::string& options = "") {
  auto made = of_low_rank(method, options);
  made.small = "tucker(r=1x1)";
  made.large = "tucker(r=8x8)";
  return made;
}

Finding of_trains(const std::string& method, const std::string& options) {
  return {method,    3,
          "tt(r=1)", method + "(" + options + "lr=1e-2,grow=1,cap=3,every=3)",
          "tt(r=3)", method + "(" + options + "lr=1e-3,tau=0.9,every=3)"};
}

const std::vector<Finding> kFinding{
    of_low_rank("bug"),
    of_low_rank("bug", ",s=3"),
    of_low_rank("augmented_bug"),
    of_low_rank("parallel_bug"),
    of_low_rank("parallel_bug", ",reject=10"),
    of_low_rank("abc_psi"),
    of_tucker("bug"),
    of_tucker("augmented_bug"),
    of_tucker("parallel_bug"),
    of_trains("riemannian_sgd", ""),
    of_trains("riemannian_adam", ""),
    of_trains("riemannian_cg", ""),
    {"dmrg", 3, "tt(r=1)", "dmrg(lr=1e-2,bond=3,cutoff=1e-6,bonds=0)", "tt(r=3)",
     "dmrg(lr=1e-3,bond=3,cutoff=0.5,bonds=0)"}};

class RankFinding : public ::testing::TestWithParam<Finding> {};

std::string as_name(std::string text) {
  for (char& letter : text) {
    if (!std::isalnum(static_cast<unsigned char>(letter))) letter = '_';
  }
  return text;
}

INSTANTIATE_TEST_SUITE_P(Contract, RankFinding, ::testing::ValuesIn(kFinding),
                         [](const ::testing::TestParamInfo<Finding>& given) {
                           return as_name(given.param.growing + "_" + given.param.small);
                         });

TEST_P(RankFinding, GrowsToItsBound) {
  const auto network = contract_network(5, GetParam().small);
  const auto grown = after(GetParam().growing, network.state, network.graph, 30);
  for (const auto& layer : kLayers) {
    ASSERT_EQ(largest(network.state, layer), 1) << layer;
    EXPECT_EQ(largest(grown, layer), GetParam().bound) << layer;
  }
}

TEST_P(RankFinding, Shrinks) {
  const auto network = contract_network(5, GetParam().large);
  const auto shrunk = after(GetParam().shrinking, network.state, network.graph, 10);
  for (const auto& layer : kLayers) {
    EXPECT_LT(largest(shrunk, layer), largest(network.state, layer)) << layer;
  }
}

// On the way a shape changes under moments, momenta and directions that were of another one.
TEST_P(RankFinding, GoesOnAfterAChange) {
  const auto network = contract_network(5, GetParam().small);
  const auto whole_way = after(GetParam().growing, network.state, network.graph, 8);
  const auto first = optim::make_optimiser(GetParam().growing);
  const auto half = after("", network.state, network.graph, 4, first.get());
  const auto read = through_a_checkpoint(network.state, half, *first);
  const auto second = optim::make_optimiser(first->spec());
  second->load(read.remembered);
  EXPECT_TRUE(same_state(after("", read.state, network.graph, 4, second.get(), 4), whole_way));
}

std::int64_t numbers(const nn::State& state) {
  const auto rank = [&](const char* layer) { return largest(state, layer); };
  return rank("conv_low.weight") * (8 + 72) + rank("in.weight") * (20 + 128) +
         rank("twice.weight") * (20 + 20);
}

TEST(Ranks, KeepToABudget) {
  const auto network = contract_network(5, "low_rank(r=1)");
  const auto found =
      after("bug(lr=1e-2,tau=0.01,s=4,floor=1,budget=600)", network.state, network.graph, 20);
  EXPECT_LE(numbers(found), 600);
  EXPECT_GT(numbers(found), numbers(network.state));
}

// Without floors of its own the middle layer, whose ranks cost most, gives them up first.
TEST(Ranks, UnderABudgetKeepFloorsOfLayers) {
  const auto network = contract_network(5, "low_rank(r=8)");
  const auto ranks = [&](const std::string& layers) {
    const auto found = after("bug(lr=1e-2,tau=1e-4,floor=1,budget=880" + layers + ")",
                             network.state, network.graph, 4);
    EXPECT_LE(numbers(found), 880);
    return std::vector<std::int64_t>{largest(found, "conv_low.weight"), largest(found, "in.weight"),
                                     largest(found, "twice.weight")};
  };
  EXPECT_LT(ranks("")[1], 5);
  EXPECT_EQ(ranks(",layers=in:::5")[1], 5);
}

// From 3,536 numbers of the dense weights in twenty steps.
TEST(Ranks, FollowABudgetThatComesDown) {
  const auto network = contract_network(5, "low_rank(r=8)");
  const auto optimiser =
      optim::make_optimiser("bug(lr=1e-2,tau=1e-4,floor=1,budget=300,budget_over=20)");
  auto state = network.state;
  std::vector<std::int64_t> found;
  for (int step = 0; step < 24; step += 4) {
    state = after("", state, network.graph, 4, optimiser.get(), step);
    found.push_back(numbers(state));
    EXPECT_LE(found.back(), 3536 * std::pow(300.0 / 3536, std::min(1.0, (step + 4) / 20.0)) + 1);
  }
  EXPECT_TRUE(std::is_sorted(found.rbegin(), found.rend()));
  EXPECT_GT(found[2], 450);
  EXPECT_GT(found.back(), 200);
}

struct Holding {
  std::string optimiser, weight;
};

void PrintTo(const Holding& one, std::ostream* out) {
  *out << one.optimiser << " on " << one.weight;
}

class RankHolding : public ::testing::TestWithParam<Holding> {};

INSTANTIATE_TEST_SUITE_P(
    Contract, RankHolding,
    ::testing::Values(
        Holding{"adam(lr=5e-3)", "low_rank(r=4)"}, Holding{"sgd(lr=0.01,momentum=0.9)", "tt(r=3)"},
        Holding{"fixed_bug(lr=5e-3)", "low_rank(r=4)"},
        Holding{"fixed_bug(lr=5e-3)", "tucker(r=4x4)"}, Holding{"psi(lr=5e-3)", "low_rank(r=4)"},
        Holding{"core(lr=2e-2)", "low_rank(r=4)"}, Holding{"core(lr=2e-2)", "tucker(r=4x4)"},
        Holding{"riemannian_sgd(lr=0.05,momentum=0.9)", "tt(r=3)"},
        Holding{"riemannian_adam(lr=5e-3)", "tt(r=3)"}, Holding{"riemannian_cg(lr=0.1)", "tt(r=3)"},
        Holding{"tt_psi(lr=0.05)", "tt(r=3)"}, Holding{"als(lr=5e-3)", "tt(r=3)"},
        Holding{"tsgo(theta=3deg,lr=5e-3)", "tt(r=3)"},
        Holding{"recanonical_adam(lr=5e-3,every=4)", "tt(r=3)"}),
    [](const ::testing::TestParamInfo<Holding>& given) {
      return as_name(given.param.optimiser + "_" + given.param.weight);
    });

TEST_P(RankHolding, LeavesRanksAsTheyAre) {
  const auto network = contract_network(5, GetParam().weight);
  const auto found = after(GetParam().optimiser, network.state, network.graph, 10);
  for (const auto& layer : kLayers) {
    EXPECT_EQ(ranks_of(found, layer), ranks_of(network.state, layer)) << layer;
    EXPECT_FALSE(found.at(layer).weight->dense().equal(network.state.at(layer).weight->dense()));
  }
}

// The first step makes them orthonormal; no other moves them by a bit.
TEST(CoreAlone, LeavesBasesAsTheyAre) {
  for (const char* weight : {"low_rank(r=4)", "tucker(r=4x4)"}) {
    const auto network = contract_network(6, weight);
    const auto optimiser = optim::make_optimiser("core(lr=2e-2)");
    const auto first = after("", network.state, network.graph, 1, optimiser.get());
    const auto found = after("", first, network.graph, 9, optimiser.get(), 1);
    for (const auto& layer : kLayers) {
      const auto before = first.at(layer).weight->factors(),
                 now = found.at(layer).weight->factors();
      ASSERT_EQ(now.size(), 3U);
      for (std::size_t k = 0; k < 3; ++k) {  // U, the core, V
        EXPECT_EQ(now[k].tensor.equal(before[k].tensor), k != 1) << layer << ' ' << now[k].name;
      }
    }
  }
}

}  // namespace
}  // namespace ranklens::train

#include <cmath>
#include <ctime>

#include <gtest/gtest.h>

#include "ranklens/tn/contraction/execute.h"
#include "ranklens/tn/contraction/plan.h"

#include "testing/close.h"
#include "testing/expect_error.h"
#include "testing/operator_counts.h"
#include "tn/contraction/brute_force.h"
#include "tn/values.h"

// Planned contractions of small networks of every kind against the sum over all values of all
// labels.
namespace ranklens::tn {
namespace {

using testing::close;
using testing::expect_error;
using testing::is_narrow;
using testing::noise;

constexpr Method kMethods[] = {Method::greedy,    Method::exact,      Method::elimination,
                               Method::bisection, Method::dissection, Method::annealing};

std::vector<at::Tensor> operands_of(const Expression& expression, at::ScalarType dtype) {
  std::vector<at::Tensor> operands;
  for (std::size_t k = 0; k < expression.inputs.size(); ++k) {
    operands.push_back(noise(expression.shape_of(expression.inputs[k]), dtype, 40 + k));
  }
  return operands;
}

void expect_sum(const Expression& expression, const at::Tensor& found,
                const std::vector<at::Tensor>& operands) {
  const double bound = is_narrow(found.scalar_type()) ? 1e-3 : 1e-11;
  EXPECT_TRUE(close(found.to(at::kComplexDouble), brute_force(expression, operands), bound, bound))
      << to_string(expression);
}

class PlannedNetworks : public testing::FourTypes {};

TEST_P(PlannedNetworks, AreTheirSums) {
  Random random(211);
  for (int round = 0; round < 60; ++round) {
    const auto expression = random_expression(random, 1 + random.below(7));
    const auto operands = operands_of(expression, GetParam());
    expect_sum(expression, contract(expression, operands), operands);
    const auto method = kMethods[random.below(std::size(kMethods))];
    const auto found = plan(expression, {.trials = 3, .method = method});
    expect_sum(expression, execute(expression, found.path, operands, found.sliced), operands);
  }
}

RANKLENS_FOUR_TYPES(PlannedNetworks);

// Each kind by itself, so that none hides behind another.
TEST(OracleNetworks, EveryKindOfNetwork) {
  const char* kinds[] = {
      "ax,bx,cx,dx->abcd",  // a hyperedge that is summed
      "ax,bx,cx->xcba",     // a hyperedge that stays
      "iij,jkk->i",         // repeated labels
      "iii->i",             // a diagonal
      "iijj->",             // traces
      "ab,cd,ef->fbdaec",   // nothing in common
      "ab,ba,cd,dc->",      // two components, each a number
      ",,->",               // numbers alone
      ",ab,->ba",           // numbers beside a tensor
      "abc->",              // everything summed
      "abcd->dbca",         // a permutation
      "a,a,a,a->a",         // entry by entry
      "ab,b,b,bc->ca",      // vectors on a bond
      "ij,jk,kl,lm,mi->",   // a ring
      "abx,bcx,cdx,dax->",  // a ring with a hyperedge through it
  };
  for (const auto* kind : kinds) {
    const auto equation = parse_equation(kind);
    for (const int ones : {0, 1, 2}) {  // every label, every other, or none larger than one
      std::map<std::string, std::int64_t> sizes;
      for (std::size_t k = 0; k < equation.names.size(); ++k) {
        const bool one = ones == 2 || (ones == 1 && k % 2 == 0);
        sizes[equation.names[k]] = one ? 1 : 2 + static_cast<std::int64_t>(k % 3);
      }
      const auto expression = with_sizes(equation, sizes);
      const auto operands = operands_of(expression, at::kComplexDouble);
      expect_sum(expression, contract(expression, operands), operands);
    }
  }
}

/// The corner transfer matrix network: four corners, four edges and the tensor in the middle, whose
/// order others search for in vain, or take wrong.
Expression corners_and_edges(std::int64_t chi, std::int64_t bond) {
  const auto equation = parse_equation("ab,buc,cd,drf,fg,gwh,hi,ila,uvlkrstw->vkst");
  std::map<std::string, std::int64_t> sizes;
  for (const auto& name : equation.names) {
    sizes[name] = std::string("abcdfghi").find(name) != std::string::npos ? chi : bond;
  }
  return with_sizes(equation, sizes);
}

TEST(OracleNetworks, CornersAndEdgesAreOrderedAtOnceAndRight) {
  const auto large = corners_and_edges(40, 4);
  const auto start = std::clock();
  const auto best = plan(large, {.seconds = 30, .method = Method::exact});
  EXPECT_LT(static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC, 1);
  // By hand: quarters of a corner and an edge, two halves, then the middle.
  const auto by_hand =
      path_from_ssa(9, {{0, 1}, {2, 3}, {4, 5}, {6, 7}, {9, 10}, {11, 12}, {13, 8}, {15, 14}});
  EXPECT_LE(best.cost.log2_flops, cost_of(large, by_hand).log2_flops + 1e-9);
  const auto small = corners_and_edges(2, 2);
  const auto operands = operands_of(small, at::kDouble);
  for (const auto method : kMethods) {
    const auto found = plan(large, {.trials = 12, .method = method});
    EXPECT_GE(found.cost.log2_flops, best.cost.log2_flops - 1e-9);
    expect_sum(small, execute(small, found.path, operands), operands);
  }
}

// The order is ours: no einsum, which would take the operands from left to right.
TEST(OracleNetworks, NothingIsLeftToEinsum) {
  const auto expression = corners_and_edges(3, 2);
  const auto operands = operands_of(expression, at::kFloat);
  const auto calls = testing::OperatorCounts::of([&] { contract(expression, operands); });
  EXPECT_FALSE(calls.empty());
  EXPECT_EQ(calls.count("aten::einsum"), 0U);
}

/// The number of bytes that a refusal says would do.
double bytes_that_would_do(const std::string& message) {
  const auto at = message.find("the result alone has ");
  return at == std::string::npos ? NAN : std::stod(message.substr(at + 21));
}

// A refusal names the least memory: with it the plan is made and keeps to it, with a byte less not.
TEST(OracleNetworks, TheLeastMemoryWouldDo) {
  Random random(223);
  int limited = 0;
  for (int round = 0; round < 40; ++round) {
    const auto expression = random_expression(random, 2 + random.below(6));
    const auto with = [&](double bytes) {
      return plan(expression, {.trials = 3, .memory = bytes, .item_bytes = 16});
    };
    const auto message = testing::error_of([&] { with(1); });
    const double least = bytes_that_would_do(message);
    ASSERT_TRUE(std::isfinite(least)) << message;
    expect_error([&] { with(least - 1); }, "too little");
    const auto found = with(least);
    EXPECT_LE(std::exp2(found.cost.log2_size) * 16, least * (1 + 1e-9));
    const auto operands = operands_of(expression, at::kComplexDouble);
    expect_sum(expression, execute(expression, found.path, operands, found.sliced), operands);
    limited += found.sliced.empty() ? 0 : 1;
  }
  EXPECT_GT(limited, 5);
}

}  // namespace
}  // namespace ranklens::tn

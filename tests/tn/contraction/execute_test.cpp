#include "ranklens/tn/contraction/execute.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/randn_like.h>
#include <gtest/gtest.h>

#include "ranklens/tn/contraction/replay.h"

#include "testing/close.h"
#include "testing/expect_error.h"
#include "tn/contraction/brute_force.h"

namespace ranklens::tn {
namespace {

using testing::close;
using testing::expect_error;

class ExecuteInEachType : public ::testing::TestWithParam<at::ScalarType> {};

TEST_P(ExecuteInEachType, RandomNetworksAreTheirSums) {
  Random random(11);
  const bool single = GetParam() == at::kFloat || GetParam() == at::kComplexFloat;
  for (int round = 0; round < 300; ++round) {
    const auto expression = random_expression(random, 1 + random.below(6));
    const auto path = random_path(random, expression.inputs.size());
    const auto operands = random_operands(expression, GetParam());
    const auto result = execute(expression, path, operands);
    EXPECT_EQ(result.scalar_type(), GetParam());
    EXPECT_TRUE(close(result.to(at::kComplexDouble), brute_force(expression, operands), 1e-4,
                      single ? 1e-3 : 1e-11))
        << to_string(expression);
  }
}

INSTANTIATE_TEST_SUITE_P(Types, ExecuteInEachType,
                         ::testing::Values(at::kFloat, at::kDouble, at::kComplexFloat,
                                           at::kComplexDouble));

TEST(Execute, LargerProductsAgree) {
  // Steps above the sizes below which everything is a multiplication: products of all three forms.
  for (const auto* equation :
       {"bik,bkj->bij", "bik,bkj->jib", "kbi,jbk->bji", "ik,kj->ji", "abk,kc->cab", "bk,bk->b",
        "bxk,bk->xb", "bk,bky->by", "abik,bakj->jaib", "xa,xb,xc->abc", "i,j,k->kij", "iij,jkk->ik",
        "ab,bc,cd,de->ea", "hij,hjk,hkl->hil"}) {
    const auto parsed = parse_equation(equation);
    std::map<std::string, std::int64_t> sizes;
    for (std::size_t k = 0; k < parsed.names.size(); ++k)
      sizes[parsed.names[k]] = 5 + static_cast<std::int64_t>(k % 3);
    const auto expression = with_sizes(parsed, sizes);
    const auto operands = random_operands(expression, at::kDouble);
    EXPECT_TRUE(close(contract(equation, operands).to(at::kComplexDouble),
                      brute_force(expression, operands), 1e-10, 1e-10))
        << equation;
  }
}

TEST(Execute, TransposedAndStridedOperandsAreTaken) {
  const auto a = at::randn({4, 6}, at::kDouble).t(),
             b = at::randn({8, 10}, at::kDouble).slice(0, 0, 8, 2).slice(1, 0, 10, 2);
  const auto expression = make_expression("ij,jk->ki", {{6, 4}, {4, 5}});
  EXPECT_TRUE(close(contract(expression, {a, b}), a.matmul(b).t(), 1e-12, 1e-12));
}

TEST(Execute, MoreThanFiftyTwoLabels) {
  std::vector<std::vector<std::int64_t>> inputs;
  std::vector<at::Tensor> operands;
  at::Tensor expected;
  for (std::int64_t k = 0; k < 80; ++k) {
    inputs.push_back({k, k + 1});
    operands.push_back(at::randn({3, 3}, at::kDouble));
    expected = k == 0 ? operands.back() : expected.matmul(operands.back());
  }
  const auto expression = with_shapes(parse_equation(inputs, {80, 0}), shapes_of(operands));
  EXPECT_TRUE(close(contract(expression, operands), expected.t(), 1e-9, 0));
}

TEST(Execute, GradientsAreFiniteDifferences) {
  Random random(23);
  for (int round = 0; round < 40; ++round) {
    const auto expression = random_expression(random, 2 + random.below(4));
    const auto path = random_path(random, expression.inputs.size());
    auto operands = random_operands(expression, at::kDouble);
    for (auto& operand : operands) operand.requires_grad_();
    const auto weight = at::randn(expression.shape_of(expression.output), at::kDouble);
    (execute(expression, path, operands) * weight).sum().backward();
    const c10::NoGradGuard no_gradients;
    for (std::size_t k = 0; k < operands.size(); ++k) {
      const auto direction = at::randn_like(operands[k]);
      const auto value = [&](double step) {
        auto moved = operands;
        moved[k] = operands[k] + step * direction;
        return (execute(expression, path, moved) * weight).sum().item<double>();
      };
      const double numeric =
          (value(1e-4) - value(-1e-4)) / 2e-4;  // exact: the value is linear in one
      const double analytic = (operands[k].grad() * direction).sum().item<double>();
      EXPECT_NEAR(analytic, numeric, 1e-7 * (1 + std::abs(numeric))) << to_string(expression);
    }
  }
}

TEST(Execute, SlicesAddUpToTheWhole) {
  Random random(31);
  for (int round = 0; round < 100; ++round) {
    const auto expression = random_expression(random, 1 + random.below(5));
    const auto path = random_path(random, expression.inputs.size());
    const auto operands = random_operands(expression, at::kDouble);
    Labels sliced;
    for (std::size_t label = 0; label < expression.sizes.size(); ++label) {
      if (random.below(3) == 0) sliced.push_back(static_cast<Label>(label));
    }
    const auto whole = execute(expression, path, operands);
    EXPECT_TRUE(close(execute(expression, path, operands, sliced), whole, 1e-10, 1e-10))
        << to_string(expression);
    auto watched = operands;
    watched.front() = watched.front().clone().requires_grad_();
    EXPECT_TRUE(close(execute(expression, path, watched, sliced).detach(), whole, 1e-10, 1e-10))
        << to_string(expression);
  }
}

TEST(Execute, BadOperandsAreRefused) {
  const auto expression = make_expression("ij,jk->ik", {{2, 3}, {3, 4}});
  const auto a = at::ones({2, 3}), b = at::ones({3, 4});
  const auto with = [&](std::vector<at::Tensor> operands) {
    return [&, operands = std::move(operands)] { contract(expression, operands); };
  };
  expect_error(with({a}), "2 operands, but 1 were given");
  expect_error(with({a, at::ones({4, 3})}),
               "operand 1 has shape [4, 3], but its labels have sizes [3, 4]");
  expect_error(with({a, b.to(at::kDouble)}), "operand 1 is float64");
  expect_error(with({a.to(at::kLong), b.to(at::kLong)}), "operand 0 is int64");
  expect_error([&] { contract("ij,jk->ik", {a, a}); },
               "label 'j' has size 2 in operand 1, but 3 before");
  expect_error([&] { execute(expression, {}, {a, b}); }, "the path leaves 2 tensors");
  expect_error([&] { execute(expression, {{0, 1}}, {a, b}, {7}); }, "label 7 does not exist");
}

}  // namespace
}  // namespace ranklens::tn

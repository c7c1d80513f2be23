#include "ranklens/tn/contraction/program.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/imag.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include "ranklens/base/threads.h"
#include "ranklens/tn/contraction/plan.h"

#include "testing/close.h"
#include "testing/expect_error.h"
#include "testing/peak_memory.h"
#include "tn/contraction/brute_force.h"

namespace ranklens::tn {
namespace {

using testing::close;
using testing::expect_error;

/// Labels of the expression, each with a chance of one in three.
Labels some_labels(Random& random, const Expression& expression) {
  Labels labels;
  for (Label label = 0; label < static_cast<Label>(expression.sizes.size()); ++label) {
    if (random.below(3) == 0) labels.push_back(label);
  }
  return labels;
}

class ProgramInEachType : public ::testing::TestWithParam<at::ScalarType> {};

TEST_P(ProgramInEachType, RunsAgainOnOtherOperandsInOneWorkspace) {
  Random random(23);
  const bool single = GetParam() == at::kFloat || GetParam() == at::kComplexFloat;
  Workspace workspace;  // of all programs in turn
  for (int round = 0; round < 200; ++round) {
    const auto expression = random_expression(random, 1 + random.below(6));
    const auto path = random_path(random, expression.inputs.size());
    const Program program(expression, path,
                          round % 2 == 0 ? Labels{} : some_labels(random, expression));
    at::Tensor former, former_value;
    for (int run = 0; run < 3; ++run) {
      const auto operands = random_operands(expression, GetParam());
      const auto result = run == 2 ? program(operands) : program(operands, workspace);
      EXPECT_EQ(result.scalar_type(), GetParam());
      EXPECT_TRUE(close(result.to(at::kComplexDouble), brute_force(expression, operands), 1e-4,
                        single ? 1e-3 : 1e-11))
          << to_string(expression);
      // A result is its own: later runs in the same workspace leave it as it is.
      EXPECT_TRUE(!former.defined() || former.equal(former_value));
      former = result;
      former_value = result.clone();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Types, ProgramInEachType,
                         ::testing::Values(at::kFloat, at::kDouble, at::kComplexFloat,
                                           at::kComplexDouble));

/// Large enough that steps are products with batches, copies of permuted modes, multiplications
/// with spread factors, and sums of single labels.
Expression sizable(const char* equation) {
  const auto parsed = parse_equation(equation);
  std::map<std::string, std::int64_t> sizes;
  for (std::size_t k = 0; k < parsed.names.size(); ++k) {
    sizes[parsed.names[k]] = 3 + static_cast<std::int64_t>(k % 4);
  }
  return with_sizes(parsed, sizes);
}

const char* const kEquations[] = {"ab,bc,cd,de,ef->fa",
                                  "abc,cde,efa,bgh,dhi->ig",
                                  "hij,hjk,hkl,hlm->him",
                                  "abcd,be,cf,dg->aefg",
                                  "a,b,c,d->dbca",
                                  "aab,bcc,cdx,dye->e",
                                  "xab,xbc,xcd,yab,ybc->xy",
                                  "abcde,acf,bdg,efgh,hcb->da",
                                  "ab,cd,ef,gh->aceg",
                                  "abcdef,fedcba->",
                                  "hab,hbc,hca,hd,hde->eh",
                                  "abz,bcz,cdz,daz->z",
                                  "abcdefg,hg,if,je,kd->abchijk"};

TEST(Program, TakesTheBytesThatItStates) {
  const at::NoGradGuard no_gradients;
  const base::ThreadScope one(1);
  Random random(5);
  for (const auto* equation : kEquations) {
    const auto expression = sizable(equation);
    for (int round = 0; round < 6; ++round) {
      const auto path = random_path(random, expression.inputs.size());
      const bool slices = round % 2 == 1;
      const Labels sliced = slices ? some_labels(random, expression) : Labels{};
      const Program program(expression, path, sliced);
      // Real products may be computed by kernels of our own, complex ones by the library.
      for (const auto dtype : {at::kDouble, at::kComplexDouble}) {
        const auto operands = random_operands(expression, dtype);
        const testing::PeakMemory memory;
        const auto result = program(operands);
        const auto bytes = static_cast<std::int64_t>(result.storage().nbytes());
        EXPECT_EQ(memory.peak(), program.workspace_bytes(dtype) + bytes) << equation;
        EXPECT_EQ(memory.live(), bytes) << equation;
        EXPECT_TRUE(
            close(result.to(at::kComplexDouble), brute_force(expression, operands), 1e-10, 1e-10))
            << equation;
      }
    }
  }
}

TEST(Program, MemoryIsUsedAgainOnceAStepIsDone) {
  std::vector<std::vector<std::int64_t>> inputs;
  std::map<std::string, std::int64_t> sizes;
  Path path;
  for (std::int32_t k = 0; k < 30; ++k) {
    inputs.push_back({k, k + 1});
    if (k > 0) path.push_back({k == 1 ? 0 : 28 + k, k});
  }
  for (std::int64_t k = 0; k <= 30; ++k) sizes[std::to_string(k)] = 32;
  const Program program(with_sizes(parse_equation(inputs, {0, 30}), sizes), path);
  // A product and its left factor, whatever the length of the chain.
  EXPECT_EQ(program.workspace_bytes(at::kDouble), 2 * 32 * 32 * 8);
}

TEST(Program, SlicesOnTwoThreadsTakeNoMoreThanStated) {
  const at::NoGradGuard no_gradients;
  const base::ThreadScope two(2);
  // Each thread has a slice and a sum of slices, as large as the result, and hardly anything else.
  const auto expression = make_expression("iab,bja->ij", {{50, 16, 8}, {8, 60, 16}});
  const Program program(expression, {{0, 1}}, {1});
  const auto operands = random_operands(expression, at::kDouble);
  const testing::PeakMemory memory;
  const auto result = program(operands);
  EXPECT_LE(memory.peak(), program.workspace_bytes(at::kDouble, 2) + 50 * 60 * 8);
  // One thread adds slices up in the result itself.
  const std::int64_t bytes = 50 * 60 * 8;
  EXPECT_EQ(program.workspace_bytes(at::kDouble, 2),
            2 * (program.workspace_bytes(at::kDouble, 1) + bytes));
  EXPECT_TRUE(
      close(result.to(at::kComplexDouble), brute_force(expression, operands), 1e-11, 1e-11));
}

TEST(Program, PermutedFactorsAreNotCopiedByKernelsOfOurOwn) {
  if (!has_strided_product()) GTEST_SKIP() << "this processor has no AVX2";
  // Summed labels lie apart in both factors, whichever is laid out how.
  const auto expression = make_expression("aibj,bkal->iljk", {{7, 9, 8, 6}, {8, 5, 7, 11}});
  const Program program(expression, {{0, 1}});
  EXPECT_EQ(program.workspace_bytes(at::kDouble), 0);
  EXPECT_GT(program.workspace_bytes(at::kComplexDouble), 7 * 9 * 8 * 6 * 16);
  const auto operands = random_operands(expression, at::kDouble);
  EXPECT_TRUE(close(program(operands).to(at::kComplexDouble), brute_force(expression, operands),
                    1e-11, 1e-11));
}

TEST(Program, AllocatesOnlyTheResultInAWorkspaceThatItKnows) {
  const at::NoGradGuard no_gradients;
  const auto expression = sizable("abc,cde,efa,bgh,dhi->ig");
  const Program program(expression, quick_path(expression));
  Workspace workspace;
  const auto operands = random_operands(expression, at::kFloat);
  program(operands, workspace);
  const testing::PeakMemory memory;
  const auto result = program(operands, workspace);
  EXPECT_EQ(memory.peak(), static_cast<std::int64_t>(result.storage().nbytes()));
  // Operands of another dtype want another workspace; the steps are the same.
  const auto wide = program(random_operands(expression, at::kDouble), workspace);
  EXPECT_EQ(workspace.memory.scalar_type(), at::kDouble);
}

/// The most elements that are needed at once.
std::int64_t needed_at_once(const std::vector<Block>& blocks) {
  std::int64_t most = 0;
  for (const auto& at : blocks) {
    std::int64_t sum = 0;
    for (const auto& other : blocks) {
      if (other.first <= at.first && at.first <= other.last) sum += other.size;
    }
    most = std::max(most, sum);
  }
  return most;
}

TEST(Arena, BlocksThatAreNeededTogetherDoNotOverlap) {
  Random random(3);
  double excess = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<Block> blocks(1 + random.below(30));
    for (auto& block : blocks) {
      block.size = 16 * (1 + static_cast<std::int64_t>(random.below(50)));
      block.first = static_cast<std::int64_t>(random.below(40));
      block.last = block.first + static_cast<std::int64_t>(random.below(6));
    }
    const auto total = place_blocks(blocks);
    std::int64_t end = 0;
    for (std::size_t a = 0; a < blocks.size(); ++a) {
      end = std::max(end, blocks[a].offset + blocks[a].size);
      EXPECT_GE(blocks[a].offset, 0);
      for (std::size_t b = 0; b < a; ++b) {
        const bool together =
            blocks[a].first <= blocks[b].last && blocks[b].first <= blocks[a].last;
        const bool apart = blocks[a].offset + blocks[a].size <= blocks[b].offset ||
                           blocks[b].offset + blocks[b].size <= blocks[a].offset;
        EXPECT_TRUE(apart || !together);
      }
    }
    EXPECT_EQ(total, end);
    const auto least = needed_at_once(blocks);
    EXPECT_GE(total, least);
    excess += static_cast<double>(total) / static_cast<double>(least) - 1;
  }
  EXPECT_LT(excess / 200, 0.1);  // on average
}

TEST(Program, UsesTheStridesItIsToldAndCopiesOthers) {
  const at::NoGradGuard no_gradients;
  const auto expression = make_expression("ij,jk->ik", {{40, 50}, {50, 30}});
  const auto a = at::randn({50, 40}, at::kDouble).t(), b = at::randn({50, 30}, at::kDouble);
  const auto exact = a.matmul(b);
  const auto bytes = [&](const Program& program) {
    const testing::PeakMemory memory;
    const auto result = program({a, b});
    const auto peak = memory.peak();
    EXPECT_TRUE(close(result, exact, 1e-12, 1e-12));
    return peak;
  };
  const std::int64_t result = 40 * 30 * 8, copy = 40 * 50 * 8;
  EXPECT_EQ(bytes(Program(expression, {{0, 1}}, {}, {{1, 40}, {30, 1}})), result);
  EXPECT_EQ(bytes(Program(expression, {{0, 1}})), result + copy);
}

TEST(Program, ConjugatesThatWereNotWrittenOutAreTakenAsSuch) {
  const at::NoGradGuard no_gradients;
  const auto expression = make_expression("ij,jk->ik", {{4, 5}, {5, 3}});
  const auto a = at::randn({4, 5}, at::kComplexDouble), b = at::randn({3, 5}, at::kComplexDouble);
  const Program program(expression, {{0, 1}});
  EXPECT_TRUE(close(program({a.conj(), b.mH()}), a.conj().resolve_conj().matmul(b.mH()), 1e-12, 0));
}

TEST(Program, NegatedViewsAreTakenAsSuch) {
  const at::NoGradGuard no_gradients;
  // The imaginary part of a conjugate is memory that libtorch promises to negate.
  const auto c = at::randn({4, 5}, at::kComplexDouble), b = at::randn({5, 3}, at::kDouble);
  const auto imaginary = at::imag(c.conj());
  ASSERT_TRUE(imaginary.is_neg());
  const auto expression = make_expression("ij,jk->ik", {{4, 5}, {5, 3}});
  const Program program(expression, {{0, 1}}, {}, {imaginary.strides().vec(), {3, 1}});
  EXPECT_TRUE(close(program({imaginary, b}), -at::imag(c).matmul(b), 1e-12, 1e-12));
}

TEST(Program, GradientsPassAndAreThoseOfTheBareSteps) {
  const auto expression = sizable("abc,cde,efa,bgh,dhi->ig");
  const Program program(expression, quick_path(expression), {1});
  auto operands = random_operands(expression, at::kDouble);
  const at::Tensor value = program(operands);
  for (auto& operand : operands) operand.requires_grad_();
  const auto tracked = program(operands);
  ASSERT_TRUE(tracked.requires_grad());
  EXPECT_TRUE(close(tracked.detach(), value, 1e-12, 1e-12));
  tracked.square().sum().backward();
  // The derivative of a multilinear function of degree 2 in operand k, along that operand itself.
  for (const auto& operand : operands) {
    EXPECT_NEAR((operand.grad() * operand.detach()).sum().item<double>(),
                2 * value.square().sum().item<double>(),
                1e-9 * value.square().sum().item<double>());
  }
}

TEST(Program, SlicesOnSeveralThreadsAgree) {
  const at::NoGradGuard no_gradients;
  Random random(9);
  const auto expression = sizable("abcde,acf,bdg,efgh,hcb->da");
  const auto operands = random_operands(expression, at::kDouble);
  const auto path = quick_path(expression);
  const auto whole = Program(expression, path)(operands);
  for (int round = 0; round < 20; ++round) {
    const Program program(expression, path, some_labels(random, expression));
    for (const int threads : {1, 2, 3}) {
      const base::ThreadScope scope(threads);
      EXPECT_TRUE(close(program(operands), whole, 1e-10, 1e-10));
    }
  }
}

TEST(Program, RefusesWhatDoesNotFit) {
  const auto expression = make_expression("ij,jk->ik", {{2, 3}, {3, 4}});
  expect_error([&] { Program(expression, {{0, 1}}, {9}); }, "label 9 does not exist");
  expect_error([&] { Program(expression, {}); }, "the path leaves 2 tensors");
  const Program program(expression, {{0, 1}});
  expect_error([&] { program({at::randn({2, 3})}); }, "2 operands, but 1 were given");
  expect_error([&] { program({at::randn({2, 3}), at::randn({4, 3})}); },
               "operand 1 has shape [4, 3]");
}

}  // namespace
}  // namespace ranklens::tn

#include "ranklens/tn/contraction/run_bytes.h"

#include <cmath>
#include <map>
#include <string>

#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "ranklens/base/threads.h"
#include "ranklens/tn/contraction/execute.h"
#include "ranklens/tn/contraction/plan.h"
#include "ranklens/tn/contraction/program.h"

#include "testing/close.h"
#include "testing/expect_error.h"
#include "testing/peak_memory.h"
#include "tn/contraction/brute_force.h"

namespace ranklens::tn {
namespace {

using testing::close;
using testing::expect_error;

/// The equation with these sizes for its labels in turn.
Expression of_sizes(const char* text, const std::vector<std::int64_t>& in_turn) {
  const auto equation = parse_equation(text);
  std::map<std::string, std::int64_t> sizes;
  for (std::size_t k = 0; k < equation.names.size(); ++k) {
    sizes[equation.names[k]] = in_turn[k % in_turn.size()];
  }
  return with_sizes(equation, sizes);
}

/// Options that hold what runs take, in that setting.
PlanOptions held_to(const Expression& expression, double bytes, const RunSetting& setting) {
  PlanOptions options{.trials = 4, .threads = 1, .memory = bytes};
  options.item_bytes = static_cast<double>(c10::elementSize(setting.dtype));
  options.taken = [expression, setting](const Path& path, const Labels& sliced) {
    return run_bytes(expression, path, sliced, setting);
  };
  return options;
}

double bytes_named(const std::string& message) {
  const auto at = message.find("too little: ");
  return at == std::string::npos ? std::nan("") : std::stod(message.substr(at + 12));
}

// A refusal names the least that would do: with it, and not with a byte less, there is a plan.
// Whatever is planned allocates no more than that, threads' sums and copies of factors included.
TEST(RunBytes, MemoryHoldsWhatRunsTake) {
  const at::NoGradGuard no_gradients;
  int sliced = 0, above_result = 0;
  for (const auto* equation : {"ab,bc,cd->ad", "ab,bc,cd,da->", "abx,bcx,cdx->dax", "ijk,jkl,l->i",
                               "aibj,bkal->iljk", "ax,bx,cx->abc", "ab,cd,ef->fbdaec"}) {
    const auto expression = of_sizes(equation, {4, 5, 6});
    for (const auto& setting : {RunSetting{at::kDouble, 1}, RunSetting{at::kDouble, 2},
                                RunSetting{at::kComplexDouble, 1}, RunSetting{at::kFloat, 2}}) {
      const auto with = [&](double bytes) {
        return plan(expression, held_to(expression, bytes, setting));
      };
      const double least = bytes_named(testing::error_of([&] { with(1); }));
      ASSERT_TRUE(std::isfinite(least)) << equation;
      expect_error([&] { with(least - 1); }, "too little");
      const double result = std::exp2(log2_elements(expression, expression.output)) *
                            static_cast<double>(c10::elementSize(setting.dtype));
      above_result += least > result * (1 + 1e-9) ? 1 : 0;
      const base::ThreadScope threads(setting.threads);
      const auto operands = random_operands(expression, setting.dtype);
      const auto whole = execute(expression, quick_path(expression), operands);
      for (const double bytes : {least, 1.3 * least, 4 * least}) {
        const auto found = with(bytes);
        EXPECT_LE(found.bytes, bytes);
        const Program program(expression, found.path, found.sliced);
        const testing::PeakMemory memory;
        const auto again = program(operands);
        EXPECT_LE(static_cast<double>(memory.peak()), found.bytes) << equation;
        const double bound = setting.dtype == at::kFloat ? 1e-3 : 1e-10;
        EXPECT_TRUE(close(again, whole, bound, bound)) << equation;
        sliced += found.sliced.empty() ? 0 : 1;
      }
    }
  }
  EXPECT_GT(sliced, 10);
  EXPECT_GT(above_result, 5);  // the result alone is not always what is named
}

// Where the search ends by the clock, what a refusal names would do the next time, too.
TEST(RunBytes, WhatARefusalNamesWouldDoWhateverTheClock) {
  const auto expression = of_sizes("abc,bde,cdf,egh,fgi,hij,jklm,km,al->", {4, 5, 6, 7});
  auto options = held_to(expression, 100, {.threads = 2});
  options.trials = 0;
  options.seconds = 0.05;
  const double least = bytes_named(testing::error_of([&] { plan(expression, options); }));
  ASSERT_TRUE(std::isfinite(least));
  options.memory = least;
  EXPECT_LE(plan(expression, options).bytes, least);
}

TEST(RunBytes, RunsTooLargeForAnyMemoryAreWeighedAllTheSame) {
  // 200 tensors without a common label: the result has 2^200 elements.
  std::vector<std::vector<std::int64_t>> inputs;
  std::vector<std::int64_t> output;
  std::map<std::string, std::int64_t> sizes;
  for (std::int64_t k = 0; k < 200; ++k) {
    inputs.push_back({k});
    output.push_back(k);
    sizes[std::to_string(k)] = 2;
  }
  const auto expression = with_sizes(parse_equation(inputs, output), sizes);
  EXPECT_GE(run_bytes(expression, quick_path(expression), {}, {}), 0x1p203);
  Labels all;
  for (Label label = 0; label < 200; ++label) all.push_back(label);
  EXPECT_EQ(Slices(expression, all).outer_count, INT64_MAX);
}

}  // namespace
}  // namespace ranklens::tn

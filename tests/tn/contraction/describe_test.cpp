#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ranklens/tn/contraction/plan.h"

namespace ranklens::tn {
namespace {

using ::testing::HasSubstr;

// The table says what opt_einsum's says; here by hand.
TEST(Describe, TheTableSaysScalingRoutineAndWhatIsLeft) {
  const auto expression = make_expression("ab,bc,cd,ce->da", {{2, 3}, {3, 4}, {4, 5}, {4, 6}});
  const auto plan = plan_of(expression, {{0, 1}, {2, 3}, {4, 5}});
  const auto naive = naive_cost(expression);
  EXPECT_EQ(naive.scaling, 5U);
  EXPECT_NEAR(std::exp2(naive.log2_flops), 3 * 2 * 3 * 4 * 5 * 6, 1e-9);
  EXPECT_EQ(scaling_of(expression, plan), 3U);
  const auto text = describe(expression, plan);
  for (const char* part : {
           "contraction  ab,bc,cd,ce->da\n",
           "scaling  3, naively 5\n",
           "naive multiply-adds  2^11.08 = 2160\n",
           "multiply-adds  2^7.52 = 184\n",  // 24 + 120 + 40
           "speed-up  2^3.55 = 11.74\n",
           "largest result  2^4.32 = 20 elements\n",
           "GEMM     ab,bc->ac  cd,ce,ac->da\n",
           "cd,ce->cd  ac,cd->da\n",
           "ac,cd->da  da->da\n",
       }) {
    EXPECT_THAT(text, HasSubstr(part)) << text;
  }
}

TEST(Describe, TheTableNamesTheRoutineOfEachKindOfStep) {
  const auto routine = [](const char* equation, const std::vector<Shape>& shapes) {
    const auto text = describe(make_expression(equation, shapes),
                               plan_of(make_expression(equation, shapes), {{0, 1}}));
    const auto row = text.substr(text.rfind('\n', text.size() - 2) + 1);
    const auto begin = row.find_first_not_of(' ', row.rfind("2^") + 6);
    return row.substr(begin, row.find("  ", begin) - begin);
  };
  EXPECT_EQ(routine("ij,jk->ik", {{2, 3}, {3, 4}}), "GEMM");
  EXPECT_EQ(routine("bij,bjk->bik", {{2, 2, 3}, {2, 3, 4}}), "batched GEMM");
  EXPECT_EQ(routine("ij,j->i", {{2, 3}, {3}}), "GEMV");
  EXPECT_EQ(routine("bij,bj->bi", {{2, 2, 3}, {2, 3}}), "batched GEMV");
  EXPECT_EQ(routine("ij,ji->", {{2, 3}, {3, 2}}), "DOT");
  EXPECT_EQ(routine("i,j->ij", {{2}, {3}}), "GER");
  EXPECT_EQ(routine("bi,bj->bij", {{2, 2}, {2, 3}}), "batched GER");
  EXPECT_EQ(routine("ij,i->ij", {{2, 3}, {2}}), "scaling");
  EXPECT_EQ(routine("ij,ij->ij", {{2, 3}, {2, 3}}), "by element");
  EXPECT_EQ(routine("ij,jk->ik", {{2, 1}, {1, 4}}), "GER");       // a label of size 1 sums nothing
  EXPECT_EQ(routine("ijx,jk->ik", {{2, 3, 5}, {3, 4}}), "GEMM");  // x is summed over before
}

TEST(Describe, TheTableStaysReadableWithManyLabels) {
  std::vector<std::vector<std::int64_t>> inputs;
  std::map<std::string, std::int64_t> sizes;
  for (std::int64_t k = 0; k < 40; ++k) {
    inputs.push_back({1000 + k, 1000 + (k + 1) % 40, 2000, 3000});
    sizes[std::to_string(1000 + k)] = 2;
  }
  sizes["2000"] = sizes["3000"] = 2;
  const auto expression = with_sizes(parse_equation(inputs, {}), sizes);
  const auto text = describe(expression, plan(expression, {.trials = 2}));
  EXPECT_THAT(text, HasSubstr("39 tensors\n"));
  EXPECT_THAT(text, HasSubstr("2000 3000"));  // short ones are written out
  std::size_t longest = 0;
  for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos;
       at = end + 1) {
    longest = std::max(longest, end - at);
  }
  EXPECT_LT(longest, 210U);
}

}  // namespace
}  // namespace ranklens::tn
